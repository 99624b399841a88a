"""Bring one recipient up to date with what it may see now.

Two transactions around a send. The first decides and remembers what is about to leave; its commit is the start of the
delivery, and it holds off whoever revises a consent of the plan, so no delivery starts after a revocation (G4). The
second remembers what became of it. A crash in between leaves an open attempt: what it named counts as possibly held.
Before all that the recipient's system must have room for a call; otherwise the row waits until it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from uuid import UUID

from structlog.contextvars import bound_contextvars

from hub.authority import Authorities, Disclosed, PlanUpdate
from hub.clock import new_id, now
from hub.consent.consent import ConsentsByPerson
from hub.consent.policy import Policy
from hub.consent.reader import Exchange, Reader
from hub.consent.view import View, view_for
from hub.flow import calls, feed, pace, sending
from hub.flow.belonging import as_member
from hub.flow.circumstances import consents_of
from hub.flow.counting import decisions_noted
from hub.flow.difference import Decided, difference, told_to_recipient
from hub.flow.ending import Patience, at_once, remembering
from hub.flow.hold import as_delivered, takes_back_only
from hub.flow.overtaken import see_if_overtaken
from hub.flow.proposed import proposed_to
from hub.flow.settle import Attempt, Outgoing, Settled, audit, bury
from hub.flow.traced import taken_up
from hub.metrics.instruments import DELIVERIES
from hub.plan.identifier import Identifier
from hub.plan.person import Person, Role
from hub.settings import Settings
from hub.spans import works as of
from hub.store.circuits import Circuit
from hub.store.lease import Basis, Due
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit


def deliver(
    outbox_id: UUID, store: Store, authorities: Authorities, settings: Settings, patiently: Patience = at_once
) -> Settled:
    """Bring one recipient up to date with what it may see now.

    :param patiently: how to remember what became of it while the database may be away.
    :raises Exception: a bug, or tampered data; the worker then says so to ``settle.fail``.
    """
    with store.spans.begun(of.DELIVER) as span:
        with store.begin() as unit:  # 1: decide, and remember what is about to leave
            due = unit.outbox.whose(outbox_id)
            if due is None:
                span.is_nothing()
                return Settled.NOT_DUE
            taken_up(span, outbox_id, due)
            begun = _begin(unit, outbox_id, due, authorities, settings)
        settled = _end(begun, store, authorities, settings, patiently)
        span.say(of.SETTLED, settled)
        store.counts.add(DELIVERIES, due.circuit.authority, settled)
        return settled


def _end(
    begun: Attempt | Settled | Circuit, store: Store, authorities: Authorities, settings: Settings, patiently: Patience
) -> Settled:
    if isinstance(begun, Circuit):  # in which it found no place free
        calls.look_again(store, begun, settings)
        return Settled.PAUSED
    if not isinstance(begun, Attempt):
        return begun
    with bound_contextvars(**begun.named):
        outcome = sending.send(begun, authorities, store)  # 2: no transaction while a network may hang
        return patiently(remembering(begun, outcome, store, settings))  # 3: in a transaction of its own


def _begin(
    unit: Unit, outbox_id: UUID, due: Due, authorities: Authorities, settings: Settings
) -> Attempt | Settled | Circuit:
    plan, circuit, at = due.plan, due.circuit, now()
    recipient = circuit.authority
    if feed.fetches(recipient, authorities):
        decided_now = partial(decide, unit, outbox_id, plan, new_id(), authorities, settings)
        return feed.tell(unit, outbox_id, recipient, decided_now, settings)
    call = calls.enter(unit, circuit, new_id(), at, settings)
    if call is None:  # before the plan is opened: what cannot leave costs next to nothing
        unit.outbox.wait(outbox_id, at)
        return circuit if circuit.lets_through(at, 1) else Settled.PAUSED
    if not pace.is_its_turn(unit, outbox_id, recipient, at, settings):
        unit.breakers.leave(call.token, is_probe=call.is_probe)
        return Settled.PAUSED
    decided = decide(unit, outbox_id, plan, call.token, authorities, settings)
    outgoing = start(unit, decided) if isinstance(decided, Decided) else decided
    if not isinstance(outgoing, Outgoing):
        pace.gives_back(unit, recipient, now(), settings)
        calls.not_made(unit, call, now())
        return outgoing
    feed.tell_subscribers(unit, outgoing.lease, outgoing.change)
    return Attempt(outgoing.id, outgoing.lease, outgoing.basis, outgoing.update, outgoing.change, outgoing.view, call)


def decide(
    unit: Unit, outbox_id: UUID, plan: UUID, token: UUID, authorities: Authorities, settings: Settings
) -> Decided | Settled:
    """Take a due row under a lease of this token, and find out what its recipient must hear now; nothing leaves yet."""
    stored = unit.plans.get(plan, for_delivery=True)
    policy = unit.policies.in_force(for_delivery=True)
    at = now()  # after the waits for plan and policy: what expired meanwhile is not delivered
    lease = unit.outbox.lease(outbox_id, at, settings.lease_seconds, token)  # after the plan, as everyone does
    if stored is None or lease is None:
        return Settled.NOT_DUE
    if lease.attempts >= settings.max_attempts and not lease.is_dead:  # workers died of it, one after the other
        return bury(unit, lease, "poison", "It was begun too often and never ended.", at)
    owner = unit.people.get(stored.plan.person)
    view, basis = lawful_now(unit, stored, owner, reader_of(lease.recipient, authorities), policy, at)
    decisions_noted(unit, "delivery", stored.plan, view)
    shown = shown_to(stored, view)
    only_withdraw = lease.is_dead or takes_back_only(stored.plan, view.reader)
    held, proposals = unit.holdings.of(lease.id), proposed_to(unit, stored, view, at)
    change = difference(shown, held, stored.key, only_withdraw=only_withdraw, proposals=proposals)
    unit.withdrawals.owe(lease.id, change.held, change.withdrawn, shown.keys(), at)
    see_if_overtaken(unit, lease, shown, change.held, basis, at)
    if change.is_empty:
        unit.outbox.settle(lease, basis, at)
        unit.traces.nothing_said(lease, view.withheld_by, basis, at)
        return Settled.UP_TO_DATE
    return Decided(stored, owner, lease, view, basis, change, at)


def reader_of(recipient: str, authorities: Authorities) -> Reader:
    """Return a recipient as a reader of what it is sent."""
    authority = authorities.get(recipient)
    role = authority.role if authority else Role.AUTHORITY_SYSTEM
    return Reader(recipient, role, exchange=Exchange.DISCLOSE)


def shown_to(stored: StoredPlan, view: View) -> Mapping[UUID, Disclosed]:
    """Return what a recipient is to hold of a view: all but its own, which it has."""
    is_protected = _is_protected(stored, view)
    return {
        seen.element.id: Disclosed(
            seen.element, stored.digest(seen.element, is_protected=is_protected), seen.decision.sentence.da
        )
        for seen in view.seen
        if seen.element.authority != view.reader.organisation
    }


def _is_protected(stored: StoredPlan, view: View) -> bool:
    """Tell whether the recipient is told that the person's address is protected; a partner is not."""
    return stored.plan.has_protected_address and view.reader.role is not Role.PARTNER


def lawful_now(
    unit: Unit, stored: StoredPlan, owner: Person, reader: Reader, policy: Policy, at: datetime
) -> tuple[View, Basis]:
    """Return what the recipient may see by the policy and the consents in force now, and what that rests on."""
    view = view_of(unit, stored, reader, policy, consents_of(unit, stored.plan, policy, at, owner), at)
    return view, Basis(stored.version, stored.consent_version, policy.version, view.recheck_at)


def view_of(
    unit: Unit, stored: StoredPlan, reader: Reader, policy: Policy, consents: ConsentsByPerson, at: datetime
) -> View:
    """Return what a reader may see as it belongs to the plan now; of a held plan, as it is delivered."""
    member = as_member(unit, stored.plan.id, reader, at)
    return view_for(as_delivered(stored.plan, member), member, policy, consents, at)


def start(unit: Unit, decided: Decided) -> Outgoing | Settled:
    """Write down what is about to leave; this commit is where the delivery starts."""
    lease, change, at = decided.lease, decided.change, decided.at
    number = decided.owner.identifier_for(lease.recipient)
    if number is None:
        return bury(unit, lease, "unknown-person", "The recipient knows the person by no number of ours.", at)
    sequence = lease.sequence + (change.target != lease.target)
    update = update_of(decided, number, sequence)
    unit.outbox.starts(lease, sequence, change.target)
    recorded = unit.attempts.record(lease.id, sequence, change.leaving, at, lease.mark)
    unit.withdrawals.leave(lease.id, change.withdrawn, recorded, at)
    unit.proposals.leave(change.proposals.ids, at)
    outgoing = Outgoing(recorded, lease, decided.basis, update, change, decided.view)
    audit(unit, "delivery-started", outgoing, at)  # were we to die now, the record still says what may have left
    return outgoing


def update_of(decided: Decided, person: Identifier, sequence: int) -> PlanUpdate:
    """Return what a recipient is told, in the hub's words."""
    stored, lease, change = decided.stored, decided.lease, decided.change
    return PlanUpdate(
        stored.plan.id, lease.recipient, person, sequence, told_to_recipient(lease, sequence), decided.at,
        change.disclosed, change.withdrawn, _is_protected(stored, decided.view), change.proposals.standing,
    )  # fmt: skip
