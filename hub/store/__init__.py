"""Memory: everything the hub has accepted, in one database, SQLite or PostgreSQL.

Lives here: tables, the transaction, and one module per thing remembered; every query has a name.
Never here: what a plan is, who may see, what happens next, a network but the database's. Only ``flow`` reads plans.
"""
