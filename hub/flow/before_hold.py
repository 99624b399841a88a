"""What of a plan was so before it was held back: all of a revocation that the family is told meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.consent.reader import Reader
from hub.flow.circle import members_told
from hub.flow.hold import held_since, tells_nobody
from hub.store.plans import StoredPlan
from hub.store.revocations import Owed, UnderWay
from hub.store.transaction import Unit


@dataclass(frozen=True, slots=True)
class Before:
    """What was so of a plan before it was held."""

    held_at: datetime
    members: frozenset[str]
    elements: frozenset[UUID]


def before_it_was_held(unit: Unit, plan: UUID, reader: Reader, at: datetime) -> Before | None:
    """Return what of a plan that is held back from the reader is told; None where it is not.

    What came in since would be told of by who has it, and by what is on its way.
    """
    stored = unit.plans.get(plan)
    if stored is None or not tells_nobody(stored.plan, reader):
        return None
    held_at = held_since(unit, stored)
    members = frozenset(one.member for one in members_told(unit, stored, reader, at))
    return Before(held_at, members, unit.plans.elements_before(plan, held_at))


def circle_as_held(unit: Unit, stored: StoredPlan) -> frozenset[str] | None:
    """Return who belonged to a plan as it was held back, whoever belongs to it now; None: it is not held."""
    if not stored.plan.is_held:
        return None
    return frozenset(one.member for one in unit.memberships.of_plan(stored.plan.id, held_since(unit, stored)))


def is_of(row: Owed | UnderWay, before: Before | None) -> bool:
    """Tell whether a row of a revocation is of what was so before; of a plan that is not held, all are."""
    if before is None:
        return True
    is_old = row.element in before.elements if isinstance(row, Owed) else row.started_at < before.held_at
    return is_old and row.recipient in before.members
