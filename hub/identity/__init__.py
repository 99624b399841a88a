"""Who is asking.

Lives here: tokens of clients, what each client is (an organisation, a role, a purpose, perhaps a person), and
who is signed in to the pages.
Never here: what anyone may see, a plan, HTTP.
"""
