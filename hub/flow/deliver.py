"""Bring one recipient up to date with what it may see now.

Two transactions around a send. The first decides and remembers what is about to leave; its commit is the start of the
delivery, and it holds off whoever revises a consent of the plan, so no delivery starts after a revocation (G4). The
second remembers what became of it. A crash in between leaves an open attempt: what it named counts as possibly held.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from hub.authority import Authorities, DeliveryKey, Disclosed, PlanUpdate, Receipt
from hub.clock import now
from hub.consent.consent import by_person
from hub.consent.policy import Policy
from hub.consent.reader import Reader
from hub.consent.view import View, view_for
from hub.errors import HubError, RecipientRefused, Refused, Unavailable
from hub.flow.difference import Difference, difference
from hub.flow.settle import Attempt, Settled, audit, bury, give_back, settle
from hub.plan.person import Role
from hub.settings import Settings
from hub.store.lease import Basis, Lease
from hub.store.plans import StoredPlan
from hub.store.transaction import Store, Unit


def deliver(outbox_id: UUID, store: Store, authorities: Authorities, settings: Settings) -> Settled:
    """Bring one recipient up to date with what it may see now.

    :raises Exception: a bug, or tampered data; the worker then says so to ``settle.fail``.
    """
    with store.begin() as unit:  # 1: decide, and remember what is about to leave
        begun = _begin(unit, outbox_id, settings)
    if not isinstance(begun, Attempt):
        return begun
    outcome = _send(begun.update, authorities)  # 2: no transaction while a network may hang
    with store.begin() as unit:  # 3: remember what became of it
        if isinstance(outcome, Receipt):
            return settle(unit, begun, outcome)
        return give_back(unit, begun, outcome, settings)


def _begin(unit: Unit, outbox_id: UUID, settings: Settings) -> Attempt | Settled:
    plan = unit.outbox.plan_of(outbox_id)
    stored = unit.plans.get(plan, for_delivery=True) if plan else None
    policy = unit.policies.in_force(for_delivery=True) if stored else None
    at = now()  # after the waits for plan and policy: what expired meanwhile is not delivered
    lease = unit.outbox.lease(outbox_id, at, settings.lease_seconds) if stored else None
    if stored is None or policy is None or lease is None:
        return Settled.NOT_DUE
    paused_until = unit.breakers.open_until(lease.recipient, at)
    if paused_until is not None:
        unit.outbox.pause(lease, paused_until)
        return Settled.PAUSED
    if lease.attempts >= settings.max_attempts and not lease.is_dead:  # workers died of it, one after the other
        return bury(unit, lease, "poison", "It was begun too often and never ended.", at)
    view, basis = _lawful_now(unit, stored, lease.recipient, policy, at)
    shown = {
        seen.element.id: Disclosed(seen.element, stored.digest(seen.element), seen.decision.sentence.da)
        for seen in view.seen
        if seen.element.authority != lease.recipient
    }
    change = difference(shown, unit.holdings.of(lease.id), stored.key, only_withdraw=lease.is_dead)
    if change.is_empty:
        unit.outbox.settle(lease, basis, at)
        return Settled.UP_TO_DATE
    return _start(unit, stored, lease, change, view, basis, at)


def _lawful_now(unit: Unit, stored: StoredPlan, recipient: str, policy: Policy, at: datetime) -> tuple[View, Basis]:
    """Return what the recipient may see by the policy and the consents in force now, and what that rests on."""
    consents = by_person(unit.consents.of(stored.plan.people()))
    is_member = unit.memberships.is_member(stored.plan.id, recipient, at)
    memberships = frozenset({stored.plan.id}) if is_member else frozenset()
    reader = Reader(recipient, Role.AUTHORITY_SYSTEM, memberships=memberships)
    view = view_for(stored.plan, reader, policy, consents, at)
    return view, Basis(stored.version, stored.consent_version, policy.version, view.recheck_at)


def _start(
    unit: Unit, stored: StoredPlan, lease: Lease, change: Difference, view: View, basis: Basis, at: datetime
) -> Attempt | Settled:
    """Write down what is about to leave; this commit is where the delivery starts."""
    number = unit.people.get(stored.plan.person).identifier_for(lease.recipient)
    if number is None:
        return bury(unit, lease, "unknown-person", "The recipient knows the person by no number of ours.", at)
    sequence = lease.sequence + (change.target != lease.target)
    update = PlanUpdate(
        plan=stored.plan.id,
        recipient=lease.recipient,
        person=number,
        sequence=sequence,
        correlation_id=_told_to_recipient(lease, sequence),
        made_at=at,
        disclosed=change.disclosed,
        withdrawn=change.withdrawn,
    )
    unit.outbox.starts(lease, sequence, change.target)
    attempt = Attempt(
        unit.attempts.record(lease.id, sequence, change.leaving, at), lease, basis, update, change.holds_then, view
    )
    audit(unit, "delivery-started", attempt, at)  # were we to die now, the record still says what may have left
    return attempt


def _told_to_recipient(lease: Lease, sequence: int) -> str:
    """Name a delivery to its recipient: found in the audit by the row's id and the sequence.

    The correlation id stays at home. Whoever caused the change chose it, it is the same for every recipient, and the
    change may have been to something that this one may not see.
    """
    return f"{lease.id}-{sequence}"


def _send(update: PlanUpdate, authorities: Authorities) -> Receipt | HubError:
    try:
        authority = authorities.get(update.recipient)
        if authority is None or not authority.adapter.delivers:
            raise RecipientRefused("No way to this recipient is configured.", "Set its url, then replay the delivery.")
        document = authority.mapping.from_plan(update)
        return authority.adapter.send(document, DeliveryKey(update.recipient, update.plan, update.sequence))
    except (Refused, Unavailable) as error:
        return error
