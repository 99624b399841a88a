"""Change what may be shared: a consent given or withdrawn, a policy published, a plan opened.

Each takes the plans it may touch for writing, so it waits for deliveries that are just starting, and none starts on
the old state after it has committed (G4). Then every recipient of those plans is due, urgently: who holds something
now unlawful gets a withdrawal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from hub.authority import Authorities
from hub.clock import now
from hub.consent.consent import Consent, ConsentKind, ConsentStatus, by_person, has_one_plan
from hub.consent.policy import Policy
from hub.errors import Conflict, NotFound
from hub.plan.contribution import PersonFacts
from hub.plan.person import Role
from hub.plan.plan import PlanStatus
from hub.store.transaction import Store, Unit


@dataclass(frozen=True, slots=True)
class Revised:
    """What a revision has done.

    :ivar plans: the plans whose recipients are due now.
    :ivar under_way: deliveries of those plans that had started before and may still be on the wire.
    """

    consent: Consent
    plans: Sequence[UUID]
    under_way: int


def open_plan(
    facts: PersonFacts,
    consent: Consent,
    circle: Sequence[str],
    store: Store,
    authorities: Authorities,
    *,
    coordinator: str,
    actor: str,
    correlation_id: str,
) -> Revised:
    """Open a person's one plan with the person's consent to have it; a plan that was dissolved lives again.

    :param consent: its ``person`` and ``given_by`` are filled in where they are not known yet.
    :param circle: authorities that take part from the start; others join with their first message.
    """
    with store.begin() as unit:
        at = now()
        person = unit.people.find_or_add(facts)
        plan = unit.plans.of_person(person)
        if plan is None:
            plan = unit.plans.open(person, at)
        unit.plans.lock([plan])
        unit.memberships.ensure(plan, coordinator, Role.COORDINATOR, at)
        for name in circle:
            unit.memberships.ensure(plan, name, Role.AUTHORITY_SYSTEM, at)
            if name in authorities and authorities[name].adapter.delivers:
                unit.outbox.ensure(plan, name, authorities[name].adapter.channel, at)
        unit.plans.set_status(plan, PlanStatus.ACTIVE)
        unit.jobs.unpark_unknown_people(at)
        given = replace(consent, person=person, given_by=person)
        return _record(unit, given, actor, correlation_id, "plan-opened")


def give(consent: Consent, store: Store, *, actor: str, correlation_id: str) -> Revised:
    """Put a consent, or a new version of one, in force.

    :raises NotFound: the person has no plan.
    :raises Conflict: another version of the same consent came in between.
    """
    with store.begin() as unit:
        if unit.plans.of_person(consent.person) is None:
            raise NotFound("No plan is open for this person.")
        before = unit.consents.get(consent.id)
        if consent.version != (before.version + 1 if before else 1):
            raise Conflict("This consent has another version by now.")
        return _record(unit, consent, actor, correlation_id, "consent-given")


def withdraw(consent_id: UUID, store: Store, *, actor: str, correlation_id: str) -> Revised:
    """Withdraw a consent: it counts no more from this commit on. Withdrawn twice is withdrawn once.

    :raises NotFound: there is no such consent.
    """
    with store.begin() as unit:
        found = unit.consents.get(consent_id)
        if found is None:
            raise NotFound("There is no such consent.")
        unit.plans.lock(unit.plans.concerning(found.person))
        before = unit.consents.get(consent_id) or found  # read again: the lock may have waited for another withdrawal
        if before.status is ConsentStatus.WITHDRAWN:
            return Revised(before, (), 0)
        after = replace(before, version=before.version + 1, status=ConsentStatus.WITHDRAWN)
        return _record(unit, after, actor, correlation_id, "consent-withdrawn")


def publish_policy(document: Mapping[str, Any], store: Store, *, actor: str, correlation_id: str) -> Policy:
    """Put a new version of the matrix in force; the sweeper brings every recipient up to date with it.

    :raises InvalidRequest: naming every fault of the document.
    """
    with store.begin() as unit:
        at = now()
        policy = unit.policies.publish(document, actor, at)
        unit.audit.record("policy-published", actor, at, correlation_id, version=policy.version)
        return policy


def _record(unit: Unit, consent: Consent, actor: str, correlation_id: str, action: str) -> Revised:
    at = now()
    plans = unit.plans.concerning(consent.person)
    unit.plans.lock(plans)
    unit.consents.add(consent, at)
    if consent.kind is ConsentKind.ONE_PLAN:
        _dissolve_or_revive(unit, consent.person)
    unit.plans.consents_changed(plans)
    unit.outbox.mark_due(plans, at, correlation_id, urgent=True)
    for plan in plans:
        unit.audit.record(
            action, actor, at, correlation_id, plan, consent=consent.id, version=consent.version, kind=consent.kind
        )
    return Revised(consent, plans, unit.outbox.under_way(plans, at))


def _dissolve_or_revive(unit: Unit, person: UUID) -> None:
    """A plan lives by its person's consent to have it; without one, it falls back to the sector plans."""
    plan = unit.plans.of_person(person)
    if plan is not None:
        has_one = has_one_plan(person, by_person(unit.consents.of([person])), now())
        unit.plans.set_status(plan, PlanStatus.ACTIVE if has_one else PlanStatus.DISSOLVED)
