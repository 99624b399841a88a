"""Custody that moves: whose word counts for a child has changed, in every plan that names the child.

The child's own plan has changed anyway. What the plans of others show of the child rests on the same words, so their
recipients are due as well, as after a withdrawal.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from hub.consent.consent import ConsentKind
from hub.flow.owing import write_down_what_is_owed
from hub.plan.person import household_of
from hub.plan.plan import Plan
from hub.store.transaction import Unit


class HasMoved(Exception):
    """Custody of these people moves, and not all plans that name them are taken: all is let go and taken again.

    Which plans these are is known only once the message has been merged, and plans are taken in one order, all at once.
    """

    def __init__(self, people: Collection[UUID]) -> None:
        super().__init__("Plans that name somebody whose custody moves must be taken first.")
        self.people = frozenset(people)


def has_moved(unit: Unit, before: Plan, after: Plan) -> bool:
    """Tell whether who may speak for a plan's person has changed, by what authorities say of the household.

    Not where nothing rests on it beyond the own plan: nobody has said anything of sharing.
    """
    if household_of(before.elements.values()) == household_of(after.elements.values()):
        return False
    return any(one.kind is ConsentKind.SHARING for one in unit.consents.of([after.person]))


def naming(unit: Unit, people: Collection[UUID]) -> frozenset[UUID]:
    """Return the plans in which something concerns these people."""
    return frozenset(plan for person in people for plan in unit.plans.concerning(person))


def hold_off(unit: Unit, people: Collection[UUID], taken: Collection[UUID]) -> None:
    """Let no further plan come to name these people until this commits; those that do have been taken for writing.

    :raises HasMoved: one has come to meanwhile.
    """
    for person in sorted(people):
        unit.people.get(person, for_change=True)
    if not naming(unit, people) <= frozenset(taken):
        raise HasMoved(people)


def revise(unit: Unit, moved: Collection[UUID], held_off: Collection[UUID], correlation_id: str, at: datetime) -> None:
    """Decide anew, at once, what recipients may see of people whose custody has moved.

    :param held_off: of whom ``hold_off`` was told.
    :raises HasMoved: of one who has moved it was not.
    """
    if not moved:
        return
    if not frozenset(moved) <= frozenset(held_off):
        raise HasMoved({*moved, *held_off})
    plans = sorted(naming(unit, moved))
    unit.plans.consents_changed(plans)
    unit.outbox.mark_due(plans, at, correlation_id, urgent=True)
    write_down_what_is_owed(unit, plans, at)
