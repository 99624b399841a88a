"""What a relay and a worker hold of a row while they bring a recipient up to date, and what a decision rested on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.store.circuits import Circuit


@dataclass(frozen=True, slots=True)
class Ring:
    """A row that wants a worker.

    :ivar taken_until: until when silence needs no second ring.
    :ivar correlation_id: of what made it due last.
    """

    id: UUID
    channel: str
    is_urgent: bool
    taken_until: datetime
    correlation_id: str = ""


@dataclass(frozen=True, slots=True)
class Due:
    """A row that is due, before anybody takes it.

    :ivar circuit: how the hub stands with its recipient.
    :ivar rung_until: its last ring's ``taken_until``, unless it has become due anew.
    """

    plan: UUID
    circuit: Circuit
    rung_until: datetime
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Lease:
    """A row that one worker holds until a time.

    :ivar mark: the mark when it was taken; a higher one at settling means that more became due meanwhile.
    :ivar is_dead: a dead letter: only withdrawals may leave.
    :ivar target: digest of what the recipient shall hold after the last attempt.
    """

    id: UUID
    token: UUID
    plan: UUID
    recipient: str
    mark: int
    attempts: int
    sequence: int
    target: bytes | None
    is_dead: bool
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Basis:
    """What a decision rested on; the sweeper compares these integers and renders nothing."""

    plan_version: int
    consent_version: int
    policy_version: int
    recheck_at: datetime | None
