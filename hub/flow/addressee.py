"""To whom a letter about a plan may go.

From 15 years on everyone has Digital Post of their own (lov om Digital Post fra offentlige afsendere § 3 stk. 1), and
letters go to the person alone. Of a younger child they go to whoever holds custody, by what the authorities say; where
that is not known, or the child's address is protected and custody is shared, a person decides, and no letter goes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.flow.circumstances import circumstances_of
from hub.store.plans import StoredPlan
from hub.store.transaction import Unit

OWN_POST_AGE = 15  # years
NO_CUSTODIAN, PROTECTED = "no-custodian", "protected-address"


@dataclass(frozen=True, slots=True)
class Addressee:
    """One to whom a letter goes; or nobody, and why: then the coordinator tells by another way."""

    person: UUID | None
    cause: str = ""


def has_own_post(unit: Unit, stored: StoredPlan, at: datetime) -> bool:
    """Tell whether the plan's person has Digital Post of their own; whose age nobody knows is taken for grown."""
    age = circumstances_of(unit, stored.plan.person, stored.plan).age(at)
    return age is None or age >= OWN_POST_AGE


def addressees(unit: Unit, stored: StoredPlan, at: datetime) -> Sequence[Addressee]:
    """Return to whom letters about a plan go at the instant."""
    if has_own_post(unit, stored, at):
        return [Addressee(stored.plan.person)]
    known = circumstances_of(unit, stored.plan.person, stored.plan)
    holders = sorted({one.person for one in known.custody if one.period.covers(at)})
    holders = [holder for holder in holders if unit.people.get(holder).died is None]
    if not holders:
        return [Addressee(None, NO_CUSTODIAN)]
    if stored.plan.has_protected_address and len(holders) > 1:
        return [Addressee(None, PROTECTED)]
    return [Addressee(holder) for holder in holders]
