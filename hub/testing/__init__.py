"""What an adapter author and the tests need.

Lives here: builders of plans, contributions, consents, readers and policies, a clock that stands still, an authority
that lives in memory (the fake at the port), the conformance kit, which asks whether an adapter does what the port
says, and what writes pages of the reference from the code: contracts, roles, settings, the bill of materials.
Never here: a stand-in for a network, a database or a broker (real ones run on loopback, see ``hub.sandbox``), a
person who exists, or anything that a hub needs which serves; ``hub.cli`` alone calls the kit.
"""
