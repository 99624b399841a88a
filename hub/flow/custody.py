"""Custody that moves: whose word counts for a child has changed, in every plan that names the child.

The child's own plan has changed anyway. What the plans of others show of the child rests on the same words, so their
recipients are due as well, as after a withdrawal.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from hub.consent.consent import ConsentKind
from hub.flow.owing import decide_anew
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


def revise(unit: Unit, moved: Collection[UUID], taken: Collection[UUID], correlation_id: str, at: datetime) -> None:
    """Decide anew, at once, what recipients may see of people whose custody has moved.

    No further plan comes to name them until this commits: one that is about to is waited for, or waits.

    :param taken: plans that have been taken for writing.
    :raises HasMoved: one that names them has not.
    """
    if not moved:
        return
    plans = unit.plans.naming(moved)
    if not plans <= frozenset(taken):
        raise HasMoved(moved)
    unit.plans.consents_changed(sorted(plans))
    decide_anew(unit, sorted(plans), at, correlation_id)
