"""Who is asking.

Lives here: tokens of clients, and what each client is: an organisation, a role, a purpose, perhaps a person.
Never here: what anyone may see, a plan, HTTP.
"""
