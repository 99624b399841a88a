"""What a dead letter would bring if it left now, by today's consents and policy. Nothing is sent or changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.authority import Authorities, Document
from hub.clock import new_id
from hub.errors import HubError
from hub.flow.deliver import lawful_now, reader_of, shown_to, update_of
from hub.flow.difference import Decided, difference
from hub.flow.hold import takes_back_only
from hub.plan.identifier import Identifier
from hub.store.dead_letters import Letter
from hub.store.lease import Lease
from hub.store.plans import StoredPlan
from hub.store.transaction import Unit

NOTHING_TO_SAY, UNKNOWN_PERSON, NO_WAY, BUG = "nothing-to-say", "unknown-person", "no-way", "bug"


@dataclass(frozen=True, slots=True)
class Would:
    """What would leave.

    :ivar document: in the recipient's words; None where none comes about.
    :ivar elements: that it names: it discloses them, takes them back, or says what one of them is part of.
    :ivar because: why none comes about: the code of an error, or one of the words above.
    """

    document: Document | None = None
    elements: frozenset[UUID] = frozenset()
    because: str = ""


def would_leave(unit: Unit, letter: Letter, stored: StoredPlan, authorities: Authorities, at: datetime) -> Would:
    """Make what a dead letter would bring, as a delivery that starts now would."""
    decided = decided_now(unit, letter, stored, authorities, at)
    if decided.change.is_empty:
        return Would(because=NOTHING_TO_SAY)
    number = decided.owner.identifier_for(letter.recipient)
    return Would(because=UNKNOWN_PERSON) if number is None else _written(decided, number, authorities)


def decided_now(unit: Unit, letter: Letter, stored: StoredPlan, authorities: Authorities, at: datetime) -> Decided:
    """Decide what a delivery that starts now would tell its recipient; nothing is leased or written."""
    owner, reader = unit.people.get(stored.plan.person), reader_of(letter.recipient, authorities)
    view, basis = lawful_now(unit, stored, owner, reader, unit.policies.in_force(), at)
    back = takes_back_only(stored.plan, view.reader)
    change = difference(shown_to(stored, view), unit.holdings.of(letter.id), stored.key, only_withdraw=back)
    lease = Lease(
        letter.id, new_id(), stored.plan.id, letter.recipient, 0, letter.attempts, letter.sequence, None,
        is_dead=False, correlation_id=letter.correlation_id,
    )  # fmt: skip
    return Decided(stored, owner, lease, view, basis, change, at)


def _written(decided: Decided, number: Identifier, authorities: Authorities) -> Would:
    elements = _named(decided)
    authority = authorities.get(decided.lease.recipient)
    if authority is None:
        return Would(None, elements, NO_WAY)
    try:
        document = authority.mapping.from_plan(update_of(decided, number, decided.lease.sequence + 1))
    except HubError as error:
        return Would(None, elements, error.code)
    except Exception:  # what a mapping stumbles over is why somebody looks; its text may tell of a person
        return Would(None, elements, BUG)
    return Would(document, elements)


def _named(decided: Decided) -> frozenset[UUID]:
    shown, back = [item.element for item in decided.change.disclosed], decided.change.withdrawn
    return frozenset({*(one.id for one in shown), *(one.part_of for one in shown if one.part_of), *back})
