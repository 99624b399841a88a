"""Every kind of work that a span tells of, the attributes that it may have, and the closed list of each one's values.

``docs/reference/traces.md`` has the same list; a test fails when the two differ, or when a list here is not what the
rooms above say (``tests/unit/spans``). Names that OpenTelemetry has given stand as it gives them (semantic conventions
of HTTP, databases and errors); the others begin with ``hub.``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

#: What stands for every word that is in no list.
OTHER = "other"


class Role(StrEnum):
    """Which part the hub has in it, in OpenTelemetry's words (kind of span)."""

    SERVER = "server"
    INTERNAL = "internal"
    PRODUCER = "producer"
    CONSUMER = "consumer"
    CLIENT = "client"


class Of(StrEnum):
    """Values that no list is written of."""

    AUTHORITIES = "authorities"  # those that are configured, the person register and the post
    CODE = "code"  # words of the code itself: templates of routes, codes and names of errors
    ID = "id"  # random ids of the hub's own: of a receipt, of a row of the outbox, of a delivery
    NUMBER = "number"
    YES_OR_NO = "yes or no"


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """One thing that is said of a piece of work."""

    name: str
    says: str
    of: Of | Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """A kind of work.

    :ivar title: the span's name; an attribute in braces stands for its value.
    :ivar begins: whether a trace may begin with it; else it is told of only within another.
    """

    name: str
    title: str
    role: Role
    says: str
    attributes: tuple[Attribute, ...] = ()
    begins: bool = True

    @property
    def may_say(self) -> tuple[Attribute, ...]:
        """Return all that may be said of it."""
        return (*self.attributes, ERROR)


_METHODS = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH")

ERROR = Attribute("error.type", "Why it failed: the code of an error of the hub's, else the name of its kind.", Of.CODE)

METHOD = Attribute("http.request.method", "The method that was called.", _METHODS)
ROUTE = Attribute("http.route", "The route as it is written in the code: no address that somebody has sent.", Of.CODE)
STATUS = Attribute("http.response.status_code", "The HTTP status of the answer.", Of.NUMBER)
REQUEST = Work(
    "request",
    "{http.request.method} {http.route}",
    Role.SERVER,
    "A request, from where the door let it in to the last byte of its answer. Its parent is the caller's span.",
    (METHOD, ROUTE, STATUS),
)

AUTHORITY = Attribute("hub.authority", "Whose message it is.", Of.AUTHORITIES)
RECEIPT = Attribute("hub.receipt", "The id of its receipt; `hub trace` finds the message by it.", Of.ID)
OUTCOME = Attribute("hub.outcome", "What became of it.", ("accepted", "repeated"))
ACCEPT = Work(
    "accept",
    "accept",
    Role.INTERNAL,
    "A message is taken in: read, translated, merged and acknowledged.",
    (AUTHORITY, RECEIPT, OUTCOME),
)

DATABASE = Attribute("db.system.name", "Which kind of database.", ("sqlite", "postgresql"))
READ_ONLY = Attribute("hub.read_only", "Whether it was begun to read alone.", Of.YES_OR_NO)
STATEMENTS = Attribute("hub.statements", "How many statements were sent to the database.", Of.NUMBER)
TRANSACTION = Work(
    "transaction",
    "transaction",
    Role.CLIENT,
    "One transaction, from asking for a connection to the commit. With an `error.type` it was rolled back.",
    (DATABASE, READ_ONLY, STATEMENTS),
    begins=False,
)

ROW = Attribute("hub.outbox", "The row of the outbox: one for each recipient and plan.", Of.ID)
URGENT = Attribute("hub.urgent", "Whether it is heard before others.", Of.YES_OR_NO)
KEPT = Attribute("hub.kept", "Whether the broker has confirmed that it waits in a queue.", Of.YES_OR_NO)
RING = Work(
    "ring",
    "ring",
    Role.PRODUCER,
    "A relay rings for a row that is due, and hears the broker's word. Several in one batch have the same time.",
    (ROW, URGENT, KEPT),
)

RECIPIENT = Attribute("hub.recipient", "Who is brought up to date.", Of.AUTHORITIES)
SETTLED = Attribute(
    "hub.settled",
    "What became of it.",
    ("not-due", "paused", "up-to-date", "told", "delivered", "later", "dead", "lost-lease"),
)
DELIVER = Work(
    "deliver",
    "deliver",
    Role.CONSUMER,
    "A worker brings a recipient up to date. It has a link to the ring that it heard.",
    (ROW, RECIPIENT, SETTLED),
)

DELIVERY = Attribute("hub.delivery", "The name that the recipient is told; `hub trace` finds it.", Of.ID)
CALL = Work(
    "call",
    "call",
    Role.CLIENT,
    "The call to the recipient's system. It has a link to the trace that the recipient is told of.",
    (RECIPIENT, DELIVERY),
    begins=False,
)

ALL: tuple[Work, ...] = tuple(one for one in globals().values() if isinstance(one, Work))
ATTRIBUTES: tuple[Attribute, ...] = tuple(one for one in globals().values() if isinstance(one, Attribute))
