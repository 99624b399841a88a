"""Find the citizen whom an identity provider names by number, and a citizen's own plan: who has none is nobody here."""

from __future__ import annotations

from uuid import UUID

from hub.consent.reader import Reader
from hub.errors import NotFound
from hub.flow.belonging import NO_PLAN
from hub.plan.identifier import Identifier
from hub.store.transaction import Store


def citizen_with_plan(number: Identifier, store: Store) -> UUID | None:
    """Return the person's id at the hub; None for who has no plan. The number is written nowhere."""
    with store.begin(read_only=True) as unit:
        person = unit.people.find([number])
        return person if person and unit.plans.of_person(person) else None


def own_plan(reader: Reader, store: Store) -> UUID:
    """Return the plan of a citizen who is signed in. :raises NotFound: there is none any more."""
    with store.begin(read_only=True) as unit:
        plan = unit.plans.of_person(reader.person) if reader.person else None
    if plan is None:
        raise NotFound(NO_PLAN)
    return plan
