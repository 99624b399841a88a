"""Keys, and what is sealed with them.

Lives here: envelope encryption (AES-256-GCM), the keyed blind index of person numbers, keyed digests, master keys that
never leave a token, signatures, and when a certificate ends.
Never here: where keys come from (settings), what is sealed (store), a database, a log.
"""
