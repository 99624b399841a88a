"""What is known of a circuit and of a call: values, and how long a pause is."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0  # seconds; who is back after a weekend hears from us within five minutes
_LONGEST_ASKED = 3_600.0  # seconds; what a recipient must delete is not put off for days


class Direction(StrEnum):
    """Which way calls to an authority's system go."""

    RECIPIENT = "recipient"  # the hub delivers to it
    SOURCE = "source"  # the hub polls it and fetches from it


class State(StrEnum):
    """How a circuit stands."""

    CLOSED = "closed"  # calls go through
    OPEN = "open"  # it did not answer: no call goes through until the pause has passed
    HALF_OPEN = "half-open"  # the pause has passed: one call goes through as a probe, the others wait
    HELD = "held"  # an operator lets no call through


class HoldReason(StrEnum):
    """Why an operator holds an authority; a closed list, for it stands in the audit and on screens."""

    MAINTENANCE = "maintenance"
    SUSPECTED_ERROR = "suspected-error"
    SECURITY_INCIDENT = "security-incident"
    AGREED = "agreed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Circuit:
    """One authority and direction.

    :ivar failures: calls in a row that were not answered.
    :ivar since: when it opened; None when it is closed.
    :ivar reason: code of the last failure while it is not closed.
    :ivar probe_until: until when the call that probes may take.
    :ivar last_success_at: when data last got through: delivered to it, or brought by it.
    :ivar last_result: how the last call ended: a receipt's word or an error's code.
    """

    authority: str
    direction: Direction
    failures: int = 0
    since: datetime | None = None
    open_until: datetime | None = None
    reason: str = ""
    probe_until: datetime | None = None
    held_at: datetime | None = None
    held_by: str | None = None
    held_reason: str | None = None
    last_success_at: datetime | None = None
    last_attempt_at: datetime | None = None
    last_result: str = ""

    def state(self, at: datetime) -> State:
        """Return how it stands."""
        if self.held_at is not None:
            return State.HELD
        if self.since is None or self.open_until is None:
            return State.CLOSED
        return State.OPEN if self.open_until > at else State.HALF_OPEN

    def lets_through(self, at: datetime, at_most: int) -> int:
        """Return how many calls may be under way: all, one probe that is not out yet, or none."""
        match self.state(at):
            case State.CLOSED:
                return at_most
            case State.HALF_OPEN if not self.is_probed(at):
                return 1
            case _:
                return 0

    def is_probed(self, at: datetime) -> bool:
        """Tell whether a probe is out."""
        return self.probe_until is not None and self.probe_until > at


def circuit_of(row: Any) -> Circuit:
    """Read a circuit out of a row that has its columns."""
    known = {name: getattr(row, name) for name in Circuit.__dataclass_fields__}
    return Circuit(**{**known, "direction": Direction(known["direction"])})


@dataclass(frozen=True, slots=True)
class Call:
    """A call under way, which holds a place of its authority's bulkhead, and perhaps the probe.

    :ivar number: the place.
    :ivar circuit: as it stood when the call was let in.
    """

    token: UUID
    number: int
    circuit: Circuit
    is_probe: bool
    at_most: int

    @property
    def authority(self) -> str:
        """Whose system is called."""
        return self.circuit.authority

    @property
    def direction(self) -> Direction:
        """Which way."""
        return self.circuit.direction


def pause(failures: int, asked: float | None) -> timedelta:
    """Return how long to leave a system alone: doubling, spread by a fifth, and never shorter than it has asked for.

    :param failures: how many calls in a row were not answered before this one.
    :param asked: seconds it asked us to wait (Retry-After).
    """
    doubling = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(failures, 16))
    spread = doubling * random.uniform(0.8, 1.2)  # noqa: S311 - spreads retries, no secret
    return timedelta(seconds=max(spread, min(asked or 0.0, _LONGEST_ASKED)))
