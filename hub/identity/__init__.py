"""Who is asking.

Lives here: tokens of clients, what each client is (an organisation, a role, a purpose, perhaps a person), the identity
provider that lets people in (OpenID Connect) and what they are by its claims, and who is signed in to the pages.
Never here: what anyone may see, a plan, how the hub itself is asked (HTTP, pages).
"""
