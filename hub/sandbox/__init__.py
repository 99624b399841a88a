"""Authority systems that are not ours: real servers on loopback, each its own process and its own store.

Lives here: stand-ins for the systems that a municipality has, speaking the contracts from the other side.
Never here: the hub's flow, store or API; a sandbox knows the hub only by its URL, its contracts and a token.
"""
