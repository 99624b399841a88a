"""What a plan is, and how two truths meet.

Lives here: person, element, provenance, contribution, membership, household, plan, merge and their laws.
Never here: who may see (consent), a clock, a database, a network, a log. Time and data come in as arguments.
"""
