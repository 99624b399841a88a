"""Answer a person or a system that reads: always through the consent layer, always written down.

What is withheld and what was never there get the same answer: ``NotFound``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.clock import now
from hub.consent.consent import Consent, by_person
from hub.consent.decide import decide
from hub.consent.decision import Decision
from hub.consent.reader import Reader
from hub.consent.subject import subject_of
from hub.consent.view import Seen, View, view_for
from hub.errors import NotFound
from hub.plan.identifier import Identifier
from hub.plan.person import Person, Role
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit

_NO_PLAN = "There is no plan with this id that you may see."


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reader is shown: the view, and the person whose plan it is."""

    view: View
    person: Person
    at: datetime


def show_plan(plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Shown:
    """Show a plan to a reader. :raises NotFound: there is none that the reader may see."""
    with store.begin() as unit:
        at = now()
        stored, view = _look(unit, plan, reader, at)
        _audit(unit, "read", plan, view, at, actor, correlation_id)
        return Shown(view, unit.people.get(stored.plan.person), at)


def find_plan(numbers: Sequence[Identifier], reader: Reader, store: Store, *, actor: str, correlation_id: str) -> UUID:
    """Find a person's plan by the person's number. :raises NotFound: there is none that the reader may see."""
    with store.begin() as unit:
        at = now()
        person = unit.people.find(numbers)
        plan = unit.plans.of_person(person) if person else None
        found = plan if plan and _may_open(unit, plan, person, reader, at) else None
        unit.audit.record("searched", actor, at, correlation_id, found, found=found is not None)
    if found is None:
        raise NotFound("There is no plan for this person that you may see.")
    return found


def explain(plan: UUID, element: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Seen:
    """Say why a reader sees an element. :raises NotFound: it is withheld, or not there."""
    with store.begin() as unit:
        at = now()
        _, view = _look(unit, plan, reader, at)
        seen = view.element(element)
        if seen is not None:
            unit.audit.record("explained", actor, at, correlation_id, plan, element=element)
    if seen is None:
        raise NotFound("There is no element with this id that you may see.")
    return seen


def explain_for(plan: UUID, recipient: str, store: Store, *, actor: str) -> Sequence[tuple[UUID, str, Decision]]:
    """Say of every element whether a recipient would get it and why: (element, category, decision).

    For whoever runs the hub, on the hub's own machine; never for a route, for it tells of what is withheld.

    :raises NotFound: there is no such plan.
    """
    with store.begin() as unit:
        at = now()
        stored = unit.plans.get(plan)
        if stored is None:
            raise NotFound(_NO_PLAN)
        reader = Reader(recipient, Role.AUTHORITY_SYSTEM, memberships=_memberships(unit, plan, recipient, at))
        consents = by_person(unit.consents.of(stored.plan.people()))
        policy = unit.policies.in_force()
        unit.audit.record("explained-withheld", actor, at, "", plan, recipient=recipient)
        return [
            (element.id, element.category or "", decide(subject_of(stored.plan, element), reader, policy, consents, at))
            for element in sorted(stored.plan.elements.values(), key=lambda element: element.id)
        ]


def show_consents(plan: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Sequence[Consent]:
    """Show the consents of a plan's person to the person and to the coordinator.

    :raises NotFound: there is no plan of which the reader may see them.
    """
    with store.begin() as unit:
        at = now()
        stored = unit.plans.get(plan)
        if (
            stored is None
            or reader.role not in (Role.COORDINATOR, Role.CITIZEN)
            or not _may_open(unit, plan, stored.plan.person, reader, at)
        ):
            raise NotFound(_NO_PLAN)
        unit.audit.record("consents-read", actor, at, correlation_id, plan)
        return unit.consents.of([stored.plan.person])


def _look(unit: Unit, plan: UUID, reader: Reader, at: datetime) -> tuple[StoredPlan, View]:
    stored = unit.plans.get(plan, for_delivery=True)
    if stored is None or not _may_open(unit, plan, stored.plan.person, reader, at):
        raise NotFound(_NO_PLAN)
    member = replace(reader, memberships=_memberships(unit, plan, reader.organisation, at))
    policy = unit.policies.in_force(for_delivery=True)
    consents = by_person(unit.consents.of(stored.plan.people()))
    return stored, view_for(stored.plan, member, policy, consents, at)


def _may_open(unit: Unit, plan: UUID, person: UUID | None, reader: Reader, at: datetime) -> bool:
    """Tell whether the reader may know that the plan exists: it is the reader's own, or the reader belongs to it."""
    if reader.role is Role.CITIZEN:
        return reader.person is not None and reader.person == person
    return unit.memberships.is_member(plan, reader.organisation, at)


def _memberships(unit: Unit, plan: UUID, organisation: str, at: datetime) -> frozenset[UUID]:
    return frozenset({plan}) if unit.memberships.is_member(plan, organisation, at) else frozenset()


def _audit(unit: Unit, action: str, plan: UUID, view: View, at: datetime, actor: str, correlation_id: str) -> None:
    """Write down who saw which categories, by which rules and consents."""
    details: dict[str, Any] = {
        "organisation": view.reader.organisation,
        "role": view.reader.role,
        "purpose": view.reader.purpose,
        "elements": sorted(str(seen.element.id) for seen in view.seen),
        "categories": sorted({seen.element.category or "" for seen in view.seen}),
        "rules": sorted({rule for seen in view.seen for rule in seen.decision.rule_ids}),
    }
    unit.audit.record(action, actor, at, correlation_id, plan, **details)
