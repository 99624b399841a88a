"""Answer a person or a system that reads: always through the consent layer, always written down.

What is withheld and what was never there get the same answer: ``NotFound``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from hub.clock import now
from hub.consent.consent import ConsentsByPerson, has_one_plan
from hub.consent.decide import decide
from hub.consent.decision import Decision
from hub.consent.reader import Exchange, Reader
from hub.consent.subject import subject_of
from hub.consent.view import Seen, View, view_for
from hub.errors import NotFound
from hub.flow.belonging import NO_PLAN, as_member, as_one_of, is_open_to, may_open
from hub.flow.circumstances import consents_of, said_in
from hub.flow.counting import decisions_noted
from hub.flow.hold import as_told, tells_nobody
from hub.flow.lookups import MOST_LOOKUPS, count_lookup
from hub.flow.proposed import ShownProposal
from hub.flow.reading import asked_by, in_red, with_what_is_open, write_down
from hub.flow.received import as_received
from hub.flow.refusal import refusals_written
from hub.plan.identifier import Identifier
from hub.plan.person import Person, Role
from hub.plan.plan import Plan, PlanStatus
from hub.store.circuits import Direction
from hub.store.plans import StoredPlan
from hub.store.surroundings import surroundings
from hub.store.transaction import Store, Unit

_NO_ELEMENT = "There is no element with this id that you may see."


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reader is shown: the view, the person whose plan it is, and where the plan stands.

    :ivar has_protected_address: whether any authority says that the person's address is protected (CPR-lov § 28), which
        whoever reads the plan must not give away. A partner, who is told nothing of where people live, is not told.
    :ivar proposals: of another time for what is seen, where whoever shows it asks for them (``proposals_seen``).
    :ivar silent: authorities whose systems the hub cannot ask just now, and since when; whatever the plan holds.
    """

    view: View
    person: Person
    status: PlanStatus
    at: datetime
    has_protected_address: bool = False
    silent: Mapping[str, datetime] = field(default_factory=dict)
    proposals: Sequence[ShownProposal] = ()


def show_plan(plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Shown:
    """Show a plan to a reader. :raises NotFound: there is none that the reader may see."""
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        shown = look(unit, plan, reader, actor)
        write_down(unit, "read", shown.view, shown.view.seen, shown.at, actor, correlation_id)
        return shown


def show_element(element: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Shown:
    """Show the plan that an element belongs to, to a reader who asked for that element alone.

    :raises NotFound: it is withheld, or not there.
    """
    with refusals_written(store, actor, correlation_id, asked=element), store.begin() as unit:
        plan = unit.plans.of_element(element)
        shown = look_or_none(unit, plan, reader, actor) if plan else None
        seen = shown.view.element(element) if shown else None
        if shown is None or seen is None:
            raise NotFound(_NO_ELEMENT)
        write_down(unit, "read", shown.view, (seen,), shown.at, actor, correlation_id)
        return shown


def find_plan(
    numbers: Sequence[Identifier],
    reader: Reader,
    store: Store,
    *,
    actor: str,
    correlation_id: str,
    most: int = MOST_LOOKUPS,
) -> UUID:
    """Find a person's plan by the person's number.

    :param most: people that the client may look up in a minute.
    :raises NotFound: there is none that the reader may see.
    :raises TooManyLookups: whether there is one or not.
    """
    count_lookup(numbers, most, store, actor=actor, correlation_id=correlation_id)
    with store.begin() as unit:
        at = now()
        person = unit.people.find(numbers)
        plan = unit.plans.of_person(person) if person else None
        found = plan if plan and may_open(unit, plan, person, reader, at) else None
        unit.audit.record("searched", actor, at, correlation_id, found, found=found is not None, **asked_by(reader))
    if found is None:
        raise NotFound("There is no plan for this person that you may see.")
    return found


def explain(plan: UUID, element: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Seen:
    """Say why a reader sees an element. :raises NotFound: it is withheld, or not there."""
    with refusals_written(store, actor, correlation_id, asked=element), store.begin() as unit:
        shown = look(unit, plan, reader, actor)
        seen = shown.view.element(element)
        if seen is None:
            raise NotFound(_NO_ELEMENT)
        told = {**asked_by(shown.view.reader), **in_red(shown.view, (seen,))}
        unit.audit.record("explained", actor, shown.at, correlation_id, plan, element=element, **told)
        return seen


def explain_for(plan: UUID, recipient: str, store: Store, *, actor: str) -> Sequence[tuple[UUID, str, str, Decision]]:
    """Say of every element whether a recipient would get it and why: (element, authority, category, decision).

    For whoever runs the hub, on the hub's own machine; never for a route, for it tells of what is withheld.

    :raises NotFound: there is no such plan.
    """
    with store.begin() as unit:
        at = now()
        stored = unit.plans.get(plan)
        if stored is None:
            raise NotFound(NO_PLAN)
        reader = as_member(unit, plan, Reader(recipient, Role.AUTHORITY_SYSTEM, exchange=Exchange.DISCLOSE), at)
        policy = unit.policies.in_force()
        consents = consents_of(unit, stored.plan, policy, at)
        unit.audit.record("explained-withheld", actor, at, "", plan, recipient=recipient)
        return [
            (
                element.id,
                element.authority,
                element.category or "",
                decide(subject_of(stored.plan, element), reader, policy, consents, at),
            )
            for element in sorted(stored.plan.elements.values(), key=lambda element: element.id)
        ]


def look(unit: Unit, plan: UUID, reader: Reader, client: str) -> Shown:
    """Return what a reader may see of a plan now; writing it down is the caller's. :raises NotFound: nothing at all."""
    stored: StoredPlan | None = unit.plans.get(plan, for_delivery=True)
    if stored is None:
        raise NotFound(NO_PLAN)
    at = now()  # after the waits for plan and policy: what expired meanwhile is not shown
    around = surroundings(unit.connection, unit.municipality, plan, reader.organisation, at)
    policy = unit.policies.read(around.policy)
    if not is_open_to(reader, stored.plan.person, around.members):
        raise NotFound(NO_PLAN)
    member = as_one_of(plan, around.members, reader)
    if around.has_meeting or around.has_emergency:
        member = with_what_is_open(unit, plan, member, client, at)
    told = as_told(stored.plan, member)
    people, concerned = {one: unit.people.open(one, sealed) for one, sealed in around.people.items()}, told.people()
    given = unit.consents.open([one for one in around.consents if one.person in concerned])
    consents = said_in(unit, given, at, told, people).standing(policy.ages, at)
    view = as_received(unit, view_for(told, member, policy, consents, at))
    decisions_noted(unit, "reading", stored.plan, view)
    silent = unit.breakers.silent(Direction.SOURCE) if around.has_silent_source else {}
    is_told = member.role is not Role.PARTNER and not tells_nobody(stored.plan, member)
    is_protected = stored.plan.has_protected_address and is_told
    return Shown(view, people[told.person], _standing(told, consents, at), at, is_protected, silent)


def look_or_none(unit: Unit, plan: UUID, reader: Reader, client: str) -> Shown | None:
    """Return what a reader may see of a plan now, as ``look`` does; None where that is nothing at all.

    For whoever asked for something else than the plan, and is not to hear that there is one.
    """
    try:
        return look(unit, plan, reader, client)
    except NotFound:
        return None


def _standing(plan: Plan, consents: ConsentsByPerson, at: datetime) -> PlanStatus:
    """Tell where a plan stands. It lives by its person's consent to have it, which may also end by the calendar."""
    if plan.status is PlanStatus.ACTIVE and not has_one_plan(plan.person, consents, at):
        return PlanStatus.DISSOLVED
    return plan.status
