"""Remember what became of a delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from hub.authority import PlanUpdate, Receipt, ReceiptStatus
from hub.authority.tracing import TraceContext, of_delivery
from hub.clock import now
from hub.consent.view import View
from hub.errors import HubError, RecipientDown, Refused
from hub.flow import calls, pace
from hub.flow.backoff import spread, wait_after
from hub.flow.difference import Difference
from hub.flow.reading import informing, rested_on
from hub.flow.withdrawn import said_of
from hub.metrics.instruments import DELIVERIES
from hub.settings import Settings
from hub.store.circuits import Call
from hub.store.lease import Basis, Lease
from hub.store.transaction import Store, Unit

ACTOR = "hub"


class Settled(StrEnum):
    """What became of a delivery."""

    NOT_DUE = "not-due"  # nothing to do, not yet, or another worker has it
    PAUSED = "paused"  # its recipient is held, does not answer, or has calls enough; nothing counts
    UP_TO_DATE = "up-to-date"  # the recipient holds what it may see
    TOLD = "told"  # its recipient knows that there is something to fetch
    DELIVERED = "delivered"
    LATER = "later"
    DEAD = "dead"
    LOST_LEASE = "lost-lease"  # it took longer than the lease; whoever has it now settles it


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What leaves, whoever brings or fetches it.

    :ivar id: of the attempt that remembers it.
    """

    id: UUID
    lease: Lease
    basis: Basis
    update: PlanUpdate
    change: Difference
    view: View

    @property
    def holds_then(self) -> Mapping[UUID, str]:
        """Return what the recipient holds once it has taken this in."""
        return self.change.holds_then

    @property
    def trace(self) -> TraceContext:
        """Return the trace that the recipient is told of: the hub's own, and no sender's (docs/adr/0027)."""
        return of_delivery(self.lease.id, self.update.sequence, self.id)

    @property
    def named(self) -> Mapping[str, str]:
        """Return by which ids it is found; for lines of the log."""
        ids = {"trace_id": self.trace.trace_id.hex, "span_id": self.trace.span_id}
        return {"correlation_id": self.lease.correlation_id, "delivery": self.update.correlation_id, **ids}


@dataclass(frozen=True, slots=True)
class Attempt(Outgoing):
    """What the hub brings, and by which call."""

    call: Call


@dataclass(frozen=True, slots=True)
class NotSent:
    """It could not be put into their words, or there is no way to them: they were asked nothing."""

    error: HubError


def settle(unit: Unit, attempt: Attempt, receipt: Receipt) -> Settled:
    """The recipient has answered: it holds what we sent, and earlier attempts are uncertain no more."""
    at = now()
    lease, change = attempt.lease, attempt.change
    is_ours = unit.outbox.settle(lease, attempt.basis, at)
    unit.attempts.finish(attempt.id, receipt.status, at, said=receipt.reason, is_settled=is_ours)
    audit(unit, "delivered", attempt, at, receipt=receipt.status)  # it did arrive, whoever holds the lease by now
    if change.proposals.is_told:
        unit.proposals.arrived(lease.plan, lease.recipient, change.proposals.ids, attempt.update.made_at, at)
    if is_ours:
        if change.held.possible:
            unit.attempts.close_all(lease.id)
        unit.holdings.replace(lease.id, change.holds_then, at, change.held.certain)
    if receipt.status is ReceiptStatus.RECEIVED:  # transport alone: what became of it, the recipient says later
        unit.later_receipts.owe(lease.id, attempt.update.sequence, attempt.id, at)
    elif attempt.update.withdrawn:
        unit.withdrawals.answered(lease.id, attempt.id, said_of(unit, receipt, attempt.update, at), at)
    calls.answered(unit, attempt.call, at, receipt.status, brought=True)  # last: it takes rows of others
    return Settled.DELIVERED if is_ours else Settled.LOST_LEASE


def give_back(unit: Unit, attempt: Attempt, outcome: HubError | NotSent, settings: Settings) -> Settled:
    """It did not arrive, or we cannot know: the attempt stays open, and what it named counts as possibly held."""
    at = now()
    lease = attempt.lease
    error = outcome.error if isinstance(outcome, NotSent) else outcome
    unit.attempts.finish(attempt.id, error.code, at, note=error.sentence)
    audit(unit, "not-delivered", attempt, at, code=error.code)
    if isinstance(outcome, RecipientDown):
        is_ours = unit.outbox.wait_again(lease, at)
        calls.did_not_answer(unit, attempt.call, at, outcome)
        return Settled.PAUSED if is_ours else Settled.LOST_LEASE
    settled = count_failure(unit, lease, lease.attempts + 1, error, settings)
    if isinstance(outcome, NotSent):
        unit.withdrawals.not_left(lease.id, attempt.id, attempt.update.made_at)
        unit.proposals.not_left(attempt.change.proposals.ids, attempt.update.made_at)
        pace.gives_back(unit, lease.recipient, at, settings)
        calls.not_made(unit, attempt.call, at)
    else:
        calls.answered(unit, attempt.call, at, error.code)  # it answers, if not as we wish
    return settled


def fail(store: Store, outbox_id: UUID, error: Exception, settings: Settings) -> Settled:
    """A delivery ended in an error that nobody expected: count it, so that a poisonous one ends as a dead letter."""
    with store.begin() as unit:
        at = now()
        token = unit.outbox.holder(outbox_id, at)
        if token is not None:  # whoever waits behind a poisonous one need not wait out its lease
            unit.breakers.leave(token)
        lease = unit.outbox.take_over(outbox_id, at, settings.lease_seconds)
        if lease is None:
            return Settled.NOT_DUE
        settled = count_failure(unit, lease, lease.attempts, error, settings)
        unit.outbox.wake(lease.recipient, 1, at)
        unit.tally.add(DELIVERIES, lease.recipient, settled)
        return settled


def bury(unit: Unit, lease: Lease, cause: str, note: str, at: datetime) -> Settled:
    """Make it a dead letter: only withdrawals leave until an operator replays it."""
    if not unit.outbox.bury(lease, cause, note, at):
        return Settled.LOST_LEASE
    told = {"recipient": lease.recipient, "delivery": lease.id, "cause": cause}
    unit.audit.record("dead-letter", ACTOR, at, lease.correlation_id, lease.plan, **told)
    return Settled.DEAD


def count_failure(unit: Unit, lease: Lease, failures: int, error: Exception, settings: Settings) -> Settled:
    """A refusal, or the last of the message's attempts, makes a dead letter; a withdrawal goes on trying for good."""
    at = now()
    if not lease.is_dead and (isinstance(error, Refused) or failures >= settings.max_attempts):
        if isinstance(error, HubError):
            return bury(unit, lease, error.code, error.sentence, at)
        return bury(unit, lease, "bug", f"{type(error).__name__} while delivering; see the log of this time.", at)
    wait = spread(*wait_after(failures, settings.retry_seconds, only_withdraws=lease.is_dead))
    until = at + timedelta(seconds=wait)
    return Settled.LATER if unit.outbox.postpone(lease, until) else Settled.LOST_LEASE


def audit(unit: Unit, action: str, attempt: Outgoing, at: datetime, **details: str) -> None:
    """Write down what left, for the citizen's record of who saw what: ids, categories and rules, no content."""
    lease = attempt.lease
    unit.audit.record(action, ACTOR, at, lease.correlation_id, lease.plan, **disclosure_of(attempt), **details)


def disclosure_of(attempt: Outgoing) -> dict[str, Any]:
    """Return what leaves as the audit tells it."""
    lease, update = attempt.lease, attempt.update
    left = {item.element.id for item in update.disclosed}
    seen = [seen for seen in attempt.view.seen if seen.element.id in left]
    return {
        "recipient": lease.recipient,
        "delivery": lease.id,
        "sequence": update.sequence,
        "withdrawn": [str(element) for element in update.withdrawn],
        "categories": sorted({one.element.category or "" for one in seen}),
        **rested_on(seen),
        "policy": attempt.basis.policy_version,
        **({"withheld_by": attempt.view.withheld_by} if update.withdrawn else {}),
        **({"proposals": [str(one.id) for one in update.proposals]} if attempt.change.proposals.is_told else {}),
        **informing(seen),
    }
