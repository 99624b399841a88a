"""Who may come to see something of a plan: recipients as they are sent it, and people as they read.

A function of the plan's memberships, and never of what is in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hub.authority import Authorities
from hub.consent.matrix import Asked, Seat
from hub.consent.policy import Policy
from hub.consent.reader import ONE_PLAN, Exchange, Reader
from hub.consent.simulate import CircleChanged, Facts, Place, Places
from hub.flow.belonging import as_one_of
from hub.flow.hold import as_delivered, as_told, held_since, tells_nobody
from hub.plan.element import Period
from hub.plan.person import Membership, Role
from hub.plan.plan import Plan
from hub.store.plans import StoredPlan
from hub.store.transaction import Unit

#: Reads as the citizen (``hub.identity.tokens``).
CITIZEN_ACCESS = "citizen-access"
_CITIZEN = "citizen"
#: As what somebody of a member comes, by what the member is to the plan.
_COMES_AS: Mapping[Role, Sequence[tuple[Role, Exchange]]] = {
    Role.COORDINATOR: ((Role.COORDINATOR, Exchange.COLLECT),),
    Role.PARTNER: ((Role.PARTNER, Exchange.DISCLOSE), (Role.PARTNER, Exchange.COLLECT)),
    Role.AUTHORITY_SYSTEM: (
        (Role.AUTHORITY_SYSTEM, Exchange.DISCLOSE),
        (Role.AUTHORITY_SYSTEM, Exchange.COLLECT),
        (Role.CASEWORKER, Exchange.COLLECT),
    ),
}


def members_told(unit: Unit, stored: StoredPlan, asker: Reader | None, at: datetime) -> Sequence[Membership]:
    """Return who belongs to a plan, as far as the asker may know of it now.

    Of a held plan the citizen is told the circle of before: who has joined since would tell that something came in.

    :param asker: None for whoever may know all.
    """
    members = unit.memberships.of_plan(stored.plan.id, at)
    if asker is None or not tells_nobody(stored.plan, asker):
        return members
    since = held_since(unit, stored)
    return [one for one in members if one.period.start is None or one.period.start <= since]


def readers_of_circle(
    unit: Unit, plan: UUID, members: Sequence[Membership], policy: Policy, at: datetime, *, with_meetings: bool = True
) -> Mapping[Seat, Reader]:
    """Return every member as a reader: as it is sent things, and as it reads for each purpose without an emergency.

    :param with_meetings: what is open while a meeting goes on counts.
    """
    sent_to = {recipient for _, recipient, _ in unit.outbox.of_plan(plan)}
    found: dict[Seat, Reader] = {}
    for member in members:
        for role, exchange in _ways(member, is_sent=member.member in sent_to):
            # Nothing is ever sent for another purpose.
            for purpose in sorted(policy.purposes | {ONE_PLAN}) if exchange is Exchange.COLLECT else (ONE_PLAN,):
                reader = as_one_of(plan, members, Reader(member.member, role, purpose, exchange=exchange))
                if with_meetings and exchange is Exchange.COLLECT:
                    meets = unit.meetings.is_open(plan, purpose, member.member, at)
                    reader = replace(reader, meetings=frozenset({plan}) if meets else frozenset())
                found[Seat(member.member, role, exchange, purpose)] = reader
    return found


def _ways(member: Membership, *, is_sent: bool) -> Sequence[tuple[Role, Exchange]]:
    """Return how something may come to a member; an authority that coordinates has its system besides."""
    ways = _COMES_AS.get(member.role, ((member.role, Exchange.COLLECT),))
    if member.role is Role.COORDINATOR and is_sent:
        return (*ways, *_COMES_AS[Role.AUTHORITY_SYSTEM])
    return ways


def asked_of(stored: StoredPlan, members: Sequence[Membership], asker: Reader | None) -> Asked:
    """Return whose plan it is and who may have written in it; that a plan is held is not told to the family.

    :param asker: None for whoever may know all.
    """
    sources = tuple(sorted(one.member for one in members if one.role in (Role.AUTHORITY_SYSTEM, Role.CASEWORKER)))
    is_held = stored.plan.is_held and not (asker and tells_nobody(stored.plan, asker))
    return Asked(stored.plan.id, stored.plan.person, sources, is_held, stored.plan.is_restricted)


def places_of(
    unit: Unit,
    stored: StoredPlan,
    members: Sequence[Membership],
    asker: Reader | None,
    policy: Policy,
    at: datetime,
) -> Places:
    """Return every member, and the citizen, before the plan as the asker is told of it.

    :param asker: None for whoever may know all.
    """
    plan = as_told(stored.plan, asker) if asker else stored.plan
    asked = asked_of(stored, members, asker)
    with_meetings = asker is None or not tells_nobody(stored.plan, asker)
    circle = dict(readers_of_circle(unit, plan.id, members, policy, at, with_meetings=with_meetings))
    own = Seat(_CITIZEN, Role.CITIZEN, Exchange.COLLECT, CITIZEN_ACCESS)
    circle[own] = Reader(_CITIZEN, Role.CITIZEN, CITIZEN_ACCESS, person=plan.person)
    return {(plan.id, seat): Place(_as_seen(plan, reader), reader, asked) for seat, reader in circle.items()}


def _as_seen(plan: Plan, reader: Reader) -> Plan:
    """Return the plan as what a reader is sent, or reads, is decided on."""
    return as_told(as_delivered(plan, reader), reader)


def circle_changed(
    unit: Unit,
    stored: StoredPlan,
    asker: Reader | None,
    before: Facts,
    circle: Sequence[str],
    authorities: Authorities,
    at: datetime,
) -> CircleChanged:
    """Return who would stand before a plan once these take part, the coordinator first (``revise.open_plan``)."""
    coordinator, *others = circle
    members = {one.member: one for one in members_told(unit, stored, asker, at)}
    joining = [(coordinator, Role.COORDINATOR)]
    joining += [(name, authorities[name].role if name in authorities else Role.AUTHORITY_SYSTEM) for name in others]
    for name, role in joining:
        known = members.get(name)
        if known is None or (known.role, role) == (Role.AUTHORITY_SYSTEM, Role.PARTNER):
            members[name] = Membership(stored.plan.id, name, role, Period(at))
    come = places_of(unit, stored, list(members.values()), asker, before.policy, at)
    return CircleChanged(come, frozenset(before.places.keys() - come.keys()))
