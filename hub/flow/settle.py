"""Remember what became of a delivery."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from hub.authority import PlanUpdate, Receipt
from hub.clock import now
from hub.consent.view import View
from hub.errors import HubError, RecipientDown, Refused
from hub.settings import Settings
from hub.store.lease import Basis, Lease
from hub.store.transaction import Store, Unit

ACTOR = "hub"
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0  # seconds; who is back after a weekend hears from us within five minutes
_LONGEST_WAIT, _LONGEST_WAIT_TO_WITHDRAW = 86_400.0, 3_600.0  # seconds, after failures of a message
_FACTOR = 4  # each failure of a message waits four times as long: 8 attempts span more than a day


class Settled(StrEnum):
    """What became of a delivery."""

    NOT_DUE = "not-due"  # nothing to do, not yet, or another worker has it
    PAUSED = "paused"  # its recipient is down; nothing counts
    UP_TO_DATE = "up-to-date"  # the recipient holds what it may see
    DELIVERED = "delivered"
    LATER = "later"
    DEAD = "dead"
    LOST_LEASE = "lost-lease"  # it took longer than the lease; whoever has it now settles it


@dataclass(frozen=True, slots=True)
class Attempt:
    """What leaves, and all that settling it needs.

    :ivar holds_then: what the recipient holds once it has taken the update in.
    """

    id: UUID
    lease: Lease
    basis: Basis
    update: PlanUpdate
    holds_then: Mapping[UUID, str]
    view: View


def settle(unit: Unit, attempt: Attempt, receipt: Receipt) -> Settled:
    """The recipient has answered: it holds what we sent, and earlier attempts are uncertain no more."""
    at = now()
    lease = attempt.lease
    unit.breakers.closed(lease.recipient, at)
    unit.attempts.finish(attempt.id, receipt.status, at, said=receipt.reason)
    audit(unit, "delivered", attempt, at, receipt=receipt.status)  # it did arrive, whoever holds the lease by now
    if not unit.outbox.settle(lease, attempt.basis, at):
        return Settled.LOST_LEASE
    unit.attempts.close_all(lease.id)
    unit.holdings.replace(lease.id, attempt.holds_then, at)
    return Settled.DELIVERED


def give_back(unit: Unit, attempt: Attempt, error: HubError, settings: Settings) -> Settled:
    """It did not arrive, or we cannot know: the attempt stays open, and what it named counts as possibly held."""
    at = now()
    lease = attempt.lease
    unit.attempts.finish(attempt.id, error.code, at, note=error.sentence)
    audit(unit, "not-delivered", attempt, at, code=error.code)
    if isinstance(error, RecipientDown):
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(unit.breakers.failures(lease.recipient), 16))
        asked = min(error.retry_after or 0.0, _LONGEST_WAIT_TO_WITHDRAW)  # what it must delete is not put off for days
        until = at + timedelta(seconds=max(asked, _with_jitter(pause)))
        unit.breakers.opened(lease.recipient, error.code, until, at)
        return Settled.PAUSED if unit.outbox.postpone(lease, until, counts=False) else Settled.LOST_LEASE
    unit.breakers.closed(lease.recipient, at)  # it answers, if not as we wish
    return _count_failure(unit, lease, lease.attempts + 1, error, settings)


def fail(store: Store, outbox_id: UUID, error: Exception, settings: Settings) -> Settled:
    """A delivery ended in an error that nobody expected: count it, so that a poisonous one ends as a dead letter."""
    with store.begin() as unit:
        lease = unit.outbox.take_over(outbox_id, now(), settings.lease_seconds)
        return _count_failure(unit, lease, lease.attempts, error, settings) if lease else Settled.NOT_DUE


def bury(unit: Unit, lease: Lease, cause: str, note: str, at: datetime) -> Settled:
    """Make it a dead letter: only withdrawals leave until an operator replays it."""
    if not unit.outbox.bury(lease, cause, note, at):
        return Settled.LOST_LEASE
    unit.audit.record(
        "dead-letter", ACTOR, at, lease.correlation_id, lease.plan, recipient=lease.recipient, cause=cause
    )
    return Settled.DEAD


def _count_failure(unit: Unit, lease: Lease, failures: int, error: Exception, settings: Settings) -> Settled:
    """A refusal, or the last of the message's attempts, makes a dead letter; a withdrawal goes on trying for good."""
    at = now()
    if not lease.is_dead and (isinstance(error, Refused) or failures >= settings.max_attempts):
        if isinstance(error, HubError):
            return bury(unit, lease, error.code, error.sentence, at)
        return bury(unit, lease, "bug", f"{type(error).__name__} while delivering; see the log of this time.", at)
    longest = _LONGEST_WAIT_TO_WITHDRAW if lease.is_dead else _LONGEST_WAIT
    wait = min(longest, settings.retry_seconds * _FACTOR ** min(max(failures - 1, 0), settings.max_attempts))
    until = at + timedelta(seconds=_with_jitter(wait))
    return Settled.LATER if unit.outbox.postpone(lease, until, counts=True) else Settled.LOST_LEASE


def audit(unit: Unit, action: str, attempt: Attempt, at: datetime, **details: str) -> None:
    """Write down what left, for the citizen's record of who saw what: ids, categories and rules, no content."""
    lease, update = attempt.lease, attempt.update
    left = {item.element.id for item in update.disclosed}
    seen = [seen for seen in attempt.view.seen if seen.element.id in left]
    disclosure: dict[str, Any] = {
        "recipient": lease.recipient,
        "delivery": lease.id,
        "sequence": update.sequence,
        "elements": sorted(map(str, left)),
        "withdrawn": [str(element) for element in update.withdrawn],
        "categories": sorted({one.element.category or "" for one in seen}),
        "rules": sorted({rule for one in seen for rule in one.decision.rule_ids}),
        "consents": sorted({f"{rested.id}/{rested.version}" for one in seen for rested in one.decision.consents}),
        "policy": attempt.basis.policy_version,
    }
    unit.audit.record(action, ACTOR, at, lease.correlation_id, lease.plan, **disclosure, **details)


def _with_jitter(seconds: float) -> float:
    return seconds * random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, no secret
