"""One message of an authority, in our words."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from hub.plan.element import Draft, OrderKey
from hub.plan.identifier import Identifier


class Coverage(StrEnum):
    """What a message's silence means; each contract says which it sends."""

    #: The whole case: an element of the case that the message does not name is gone.
    SNAPSHOT = "snapshot"
    #: Only what changed: silence means nothing.
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What an authority says of a person.

    The first identifier is the one it knows the person by now; any further ones are earlier numbers of the same
    person: a CPR number changes with its holder's legal gender, for one, and takes the place of a replacement number.

    The name stays out of repr, so that no log or traceback can show it.
    """

    identifiers: tuple[Identifier, ...]
    name: str = field(default="", repr=False)
    has_protected_address: bool = False


@dataclass(frozen=True, slots=True)
class Removal:
    """An element that its authority has deleted, and why."""

    source_id: str
    reason: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one message says of one case of one person.

    :ivar person: whose plan it belongs to.
    :ivar others: further people whom drafts name in ``concerns``.
    """

    authority: str
    source_system: str
    contract: str
    case: str
    message_id: str
    order: OrderKey
    coverage: Coverage
    person: PersonFacts
    drafts: tuple[Draft, ...] = ()
    removals: tuple[Removal, ...] = ()
    others: tuple[PersonFacts, ...] = ()

    def emptying(self) -> Contribution:
        """Return a snapshot of the case that names nothing, for the plan that the case has turned out not to be of."""
        person = PersonFacts(self.person.identifiers)
        return replace(self, coverage=Coverage.SNAPSHOT, person=person, drafts=(), removals=(), others=())
