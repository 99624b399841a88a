"""What somebody may be asked to say yes or no to: each recipient, and the categories that a yes could open to it.

A function of the rules and of who takes part, as far as whoever chooses may know that, and never of what is in a plan.
A holder of custody knows nothing of the circle; they are told of everybody whom the hub knows (``hub.flow.supposed``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hub.authority import Authorities
from hub.clock import now
from hub.consent.offers import openable
from hub.consent.reader import Exchange, Reader
from hub.errors import NotFound
from hub.flow.belonging import NO_PLAN, as_one_of, custodian, may_choose
from hub.flow.circle import members_told
from hub.flow.circumstances import circumstances_of
from hub.flow.hold import as_told
from hub.flow.reading import asked_by
from hub.flow.refusal import refusals_written
from hub.plan.element import Period, Sensitivity
from hub.plan.person import Membership, Role
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit

_COMES = (Role.COORDINATOR, Role.AUTHORITY_SYSTEM, Role.CASEWORKER, Role.PARTNER)


@dataclass(frozen=True, slots=True)
class Offer:
    """One recipient, and what a yes could open to it.

    :ivar categories: each with the highest step that a yes may reach.
    """

    recipient: str
    role: Role
    categories: Mapping[str, Sensitivity]


@dataclass(frozen=True, slots=True)
class Offers:
    """Who chooses, for whom, and between what.

    :ivar child: the name of the child that the reader speaks for; empty where it is the own plan.
    :ivar is_parent: the reader speaks for a child, and reads nothing of the plan.
    :ivar is_young: the reader is not of age, and is spoken to in simpler words.
    """

    plan: UUID
    at: datetime
    recipients: tuple[Offer, ...]
    child: str = field(default="", repr=False)
    is_parent: bool = False
    is_young: bool = False


@dataclass(frozen=True, slots=True)
class SpokenFor:
    """A child whose plan the reader may say yes and no for."""

    plan: UUID
    name: str = field(repr=False)


def show_offers(
    plan: UUID, reader: Reader, store: Store, authorities: Authorities, coordinator: str, *, actor: str,
    correlation_id: str,
) -> Offers:  # fmt: skip
    """Tell the plan's person, its coordinator, and a holder of custody, what may be chosen.

    :param coordinator: the organisation that coordinates plans.
    :raises NotFound: there is no plan for which the reader may choose.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        stored, at = unit.plans.get(plan), now()
        parent = custodian(unit, plan, stored.plan.person, reader, at) if stored else None
        if stored is None or not (parent or may_choose(unit, plan, stored.plan.person, reader, at)):
            raise NotFound(NO_PLAN)
        if parent:
            known = {coordinator: Role.COORDINATOR, **{name: one.role for name, one in authorities.items()}}
            members: Sequence[Membership] = [Membership(plan, name, role, Period(at)) for name, role in known.items()]
        else:
            members = members_told(unit, stored, reader, at)
        unit.audit.record("offers-read", actor, at, correlation_id, plan, **asked_by(reader))
        offers = tuple(_offers(unit, plan, members, at))
        name = (unit.people.get(stored.plan.person).name or "") if parent else ""
        return Offers(plan, at, offers, name, bool(parent), not parent and _is_young(unit, stored, reader, at))


def spoken_for(reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Sequence[SpokenFor]:
    """Name the children whose plans the reader may choose for: by custody, as authorities tell it. Nobody else's."""
    with store.begin() as unit:
        at, found = now(), []
        for plan in unit.plans.concerning(reader.person) if reader.person else ():
            stored = unit.plans.get(plan)
            if stored is not None and custodian(unit, plan, stored.plan.person, reader, at):
                unit.audit.record("offers-read", actor, at, correlation_id, plan, **asked_by(reader))
                found.append(SpokenFor(plan, unit.people.get(stored.plan.person).name or ""))
        return sorted(found, key=lambda one: (one.name, one.plan))


def offer_to(unit: Unit, stored: StoredPlan, recipient: str, reader: Reader, at: datetime) -> Offer | None:
    """Return what a yes could open to one member of the circle; None: nobody of that name is told of."""
    members = members_told(unit, stored, reader, at)
    return next((one for one in _offers(unit, stored.plan.id, members, at) if one.recipient == recipient), None)


def _offers(unit: Unit, plan: UUID, members: Sequence[Membership], at: datetime) -> Iterator[Offer]:
    policy = unit.policies.in_force()
    for name, role in sorted({(one.member, one.role) for one in members if one.role in _COMES}):
        exchange = Exchange.COLLECT if role is Role.COORDINATOR else Exchange.DISCLOSE
        comes = as_one_of(plan, members, Reader(name, role, exchange=exchange))
        if categories := openable(policy, comes, at):
            yield Offer(name, role, categories)


def _is_young(unit: Unit, stored: StoredPlan, reader: Reader, at: datetime) -> bool:
    if reader.role is not Role.CITIZEN:
        return False
    age = circumstances_of(unit, stored.plan.person, as_told(stored.plan, reader)).age(at)
    return age is not None and age < unit.policies.in_force().ages.of_age
