"""What a parent may know of a child's plan when they try out what they might say for the child: nothing of it.

A holder of custody speaks for the child and reads nothing of the plan. So what their words would do is told of a plan
that is supposed: everybody whom the hub knows takes part, the plan is agreed to, and of what has been said of sharing
only the parent's own words count. It is a function of those, the rules, and who must speak for the child besides.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hub.authority import Authorities
from hub.consent.consent import Capacity, Consent, ConsentKind, Grant
from hub.consent.simulate import Facts
from hub.consent.standing import Circumstances
from hub.consent.told import as_counted_by
from hub.flow.circle import places_of
from hub.flow.circumstances import circumstances_of
from hub.plan.element import Period
from hub.plan.person import Membership, Role
from hub.plan.plan import Plan
from hub.store.plans import StoredPlan
from hub.store.transaction import Unit

#: No plan and no consent of anybody has this id; so no meeting or delivery of the child's plan is looked at.
_SUPPOSED = UUID(int=0)


def supposed(
    unit: Unit, stored: StoredPlan, parent: UUID, authorities: Authorities, coordinator: str, at: datetime
) -> Facts:
    """Return all that a simulation for a parent rests on.

    :param coordinator: the organisation that coordinates plans.
    """
    plan = Plan(_SUPPOSED, stored.plan.person)
    circle = [Membership(plan.id, coordinator, Role.COORDINATOR, Period(at))]
    circle += [Membership(plan.id, name, one.role, Period(at)) for name, one in sorted(authorities.items())]
    policy = unit.policies.in_force()
    known = circumstances_of(unit, plan.person, stored.plan)
    spoken = (one for one in unit.consents.of([plan.person]) if any(grant.by == parent for grant in one.grants))
    own = tuple(as_counted_by(parent, one, known, policy.ages, at) for one in spoken)
    if not any(one.kind is ConsentKind.ONE_PLAN for one in own):
        own = (_agreed_to(plan.person, known, at), *own)
    places = places_of(unit, replace(stored, plan=plan), circle, None, policy, at)
    return Facts(places, policy, own, {plan.person: known})


def _agreed_to(person: UUID, known: Circumstances, at: datetime) -> Consent:
    """Return a yes to one plan by everybody who may have to give it."""
    holders = (one.person for one in known.custody)
    words = (Grant(person, Capacity.SELF, at), *(Grant(one, Capacity.CUSTODY, at) for one in holders))
    return Consent(_SUPPOSED, 1, ConsentKind.ONE_PLAN, person, words, Period())
