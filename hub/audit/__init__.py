"""What was done cannot be unsaid: sealed entries, and the check that they are whole.

Lives here: an entry's one spelling, the hash chain, the Merkle tree, signed checkpoints, the check of an export.
Never here: a clock, a database, a network, settings. Entries, keys and times come in as arguments.
"""
