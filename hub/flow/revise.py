"""Change what may be shared: a consent given or withdrawn, a plan opened. The policy is changed in ``policies.py``.

Each takes the plans it may touch for writing, so it waits for deliveries that are just starting, and none starts on
the old state after it has committed (G4). Then every recipient of those plans is due, urgently: who holds something
now unlawful gets a withdrawal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hub.authority import Authorities
from hub.clock import now
from hub.consent.consent import Consent, ConsentStatus
from hub.consent.reader import Reader
from hub.consent.standing import Lack
from hub.consent.told import told_to, told_with_lacks
from hub.errors import NotFound
from hub.flow.belonging import NO_PLAN, check_may_open_one, custodian, may_choose
from hub.flow.circumstances import circumstances_of
from hub.flow.hold import as_told, tells_nobody
from hub.flow.owing import write_down_what_is_owed
from hub.flow.refusal import refusals_written
from hub.flow.remind import tell_if_spoken_for
from hub.flow.revocation import told_of
from hub.flow.stopped import may_stop, waiting_to_be_sent, write_down_what_is_stopped
from hub.flow.touched import known_of
from hub.flow.versions import Giver, check_next, check_words, givers_for, in_the_name_of, taken_back
from hub.plan.contribution import PersonFacts
from hub.plan.person import Role
from hub.store.transaction import Store, Unit


@dataclass(frozen=True, slots=True)
class Revised:
    """What a revision has done.

    :ivar told: the consent as far as whoever revised is told of it: to a parent, not until when others have said it.
    :ivar plan: the plan of the consent's person.
    :ivar plans: the plans whose recipients are due now: the person's own, and those of others in which whoever revised
        sees something that concerns the person (``touched``).
    :ivar under_way: deliveries of these plans that had started before and may still be on the wire.
    :ivar lacking: whose word the consent still lacks; it does not count before that is given.
    :ivar applies: nobody's word is missing, and it is not over.
    :ivar revocation: of a withdrawal, the id under which it can be asked what became of it.
    """

    consent: Consent
    told: Consent
    plan: UUID
    plans: Sequence[UUID]
    under_way: int
    lacking: frozenset[Lack] = frozenset()
    applies: bool = True
    revocation: UUID | None = None


def open_plan(
    facts: PersonFacts,
    consent: Consent,
    circle: Sequence[str],
    reader: Reader,
    store: Store,
    authorities: Authorities,
    *,
    coordinator: str,
    actor: str,
    correlation_id: str,
    givers: Sequence[Giver] = (),
) -> Revised:
    """Open a person's one plan with the person's consent to have it; a plan that was dissolved lives again.

    :param consent: its ``person`` and who gives it are filled in.
    :param givers: who gives it for the person; nobody for the person alone.
    :param circle: authorities that take part from the start; others join with their first message.
    :param coordinator: the organisation that coordinates the plan.
    :raises NotAllowed: the reader is neither the person nor the coordinator.
    """
    with refusals_written(store, actor, correlation_id), store.begin() as unit:
        at = now()
        person = unit.people.find_or_add(facts)
        check_may_open_one(reader, person, coordinator)
        plan = unit.plans.of_person(person)
        if plan is None:
            plan = unit.plans.open(person, at)
        plans = unit.plans.lock_concerning(person)
        unit.memberships.ensure(plan, coordinator, Role.COORDINATOR, at)
        for name in circle:
            role = authorities[name].role if name in authorities else Role.AUTHORITY_SYSTEM
            unit.memberships.ensure(plan, name, role, at)
            if name in authorities and authorities[name].adapter.delivers:
                unit.outbox.ensure(plan, name, authorities[name].channel, at)
        unit.jobs.unpark_unknown_people(at)
        unit.people.call(person, facts.name)
        given = in_the_name_of(unit, person, consent, givers_for(reader, givers))
        return record(unit, given, plan, plans, reader, actor, correlation_id, "plan-opened")


def give(
    plan: UUID,
    consent: Consent,
    reader: Reader,
    store: Store,
    *,
    actor: str,
    correlation_id: str,
    givers: Sequence[Giver] = (),
    as_said: bool = False,
) -> Revised:
    """Put a consent of the plan's person in force; what was said before in the same words gets its next version.

    :param consent: its ``person`` and who gives it are filled in.
    :param givers: who gives it for the person; nobody for the person alone.
    :param as_said: its grants are complete: they tell who has said it, people whom the hub knows.
    :raises NotFound: there is no plan for which the reader may do so.
    :raises Conflict: another version of the same consent came in between, or it is another person's.
    """
    with refusals_written(store, actor, correlation_id, asked=plan), store.begin() as unit:
        found = unit.plans.get(plan)
        plans = unit.plans.lock_concerning(found.plan.person) if found else ()
        stored, at = unit.plans.get(plan), now()  # read again: it may be held, or gone, since
        parent = custodian(unit, plan, stored.plan.person, reader, at) if stored else None
        if stored is None or not (parent or may_choose(unit, plan, stored.plan.person, reader, at)):
            raise NotFound(NO_PLAN)
        if as_said:
            check_words(unit, reader, parent, consent.grants)
        said_by = givers_for(reader, givers)
        given = in_the_name_of(unit, stored.plan.person, consent, said_by, parent, as_said=as_said)
        return record(unit, given, plan, plans, reader, actor, correlation_id, "consent-given")


def withdraw(consent_id: UUID, reader: Reader, store: Store, *, actor: str, correlation_id: str) -> Revised:
    """Withdraw a consent: it counts no more from this commit on. Withdrawn twice is withdrawn once.

    Of a no that several have said the reader's own word falls (``versions.taken_back``).

    :raises NotFound: there is no such consent that the reader may withdraw.
    :raises NotAllowed: it is a no that others have said.
    """
    with refusals_written(store, actor, correlation_id, asked=consent_id), store.begin() as unit:
        found = unit.consents.get(consent_id)
        plans = unit.plans.lock_concerning(found.person) if found else ()
        before = unit.consents.get(consent_id)  # read again: the lock may have waited for another withdrawal, or a hold
        own = unit.plans.of_person(before.person) if before else None
        if before is None or own is None or not _may_withdraw(unit, own, before, reader):
            raise NotFound("There is no consent with this id that you may see.")
        if before.status is ConsentStatus.WITHDRAWN:
            under_way, revocation = told_of(unit, before, reader)
            return Revised(before, told_to(reader, before), own, (), under_way, revocation=revocation)
        parent = None if may_choose(unit, own, before.person, reader, now()) else reader.person
        after = taken_back(unit, before, reader, parent, now())
        return record(unit, after, own, plans, reader, actor, correlation_id, "consent-withdrawn")


def _may_withdraw(unit: Unit, plan: UUID, consent: Consent, reader: Reader) -> bool:
    """Who may choose may; and a holder of custody takes the own word back, without which the consent falls."""
    if may_choose(unit, plan, consent.person, reader, now()):
        return True
    parent = custodian(unit, plan, consent.person, reader, now())
    return parent is not None and any(grant.by == parent for grant in consent.grants)


def record(
    unit: Unit, consent: Consent, own: UUID, plans: Sequence[UUID], reader: Reader, actor: str, correlation_id: str,
    action: str,
) -> Revised:  # fmt: skip
    """Write a consent down. ``own`` is its person's plan; ``plans`` are all that it may touch, taken for writing."""
    before, at = unit.consents.get(consent.id), now()
    check_next(before, consent)
    waiting = waiting_to_be_sent(unit, plans, at) if may_stop(consent) else ()
    seen = known_of(unit, plans, own, consent.person, reader, at)  # what is said may itself close, or open, the view
    unit.consents.add(consent, at)
    unit.plans.consents_changed(plans)
    unit.outbox.mark_due(plans, at, correlation_id, urgent=True)
    for plan in plans:
        unit.audit.record(
            action, actor, at, correlation_id, plan, consent=consent.id, version=consent.version, kind=consent.kind
        )
    write_down_what_is_owed(unit, plans, at)
    write_down_what_is_stopped(unit, consent, waiting, at)
    tell_if_spoken_for(unit, consent, own, reader, at, correlation_id)
    known = sorted(seen | known_of(unit, plans, own, consent.person, reader, at))
    if consent.status is ConsentStatus.WITHDRAWN:
        unit.revocations.record(consent.id, consent.version, own, plans, at)
        under_way, revocation = told_of(unit, consent, reader)
        return Revised(consent, told_to(reader, consent, before), own, known, under_way, revocation=revocation)
    stored = unit.plans.get(own)
    told = as_told(stored.plan, reader) if stored else None
    spoken_for, ages = circumstances_of(unit, consent.person, told), unit.policies.in_force().ages
    said, lacking = told_with_lacks(reader, consent, spoken_for, ages, at, before)
    counted = [] if stored and tells_nobody(stored.plan, reader) else known  # what is sent of it tells of what came in
    applies = not (lacking or said.is_over(at))
    return Revised(consent, said, own, known, unit.outbox.under_way(counted, at), lacking, applies)
