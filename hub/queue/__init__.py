"""The doorbell: who rings, who hears it, who comes back when nobody did.

Lives here: the broker (kombu), the relay that rings for what is due, the workers that deliver, the sweeper, the
housekeeper, the jobs (polls, fetches, folders), and the threads they all run in.
Never here: a person, a document, a decision. A message on a queue is ``{"outbox": "<id>"}`` and nothing else; what has
been accepted is in the database, so that a queue may be wiped at any time and nothing is lost (docs/adr/0001).
"""
