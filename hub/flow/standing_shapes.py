"""The shapes of what is told of how an authority stands: states, times, codes and counts; nothing of a person."""

from __future__ import annotations

from datetime import datetime

from typing_extensions import TypedDict

from hub.store.circuits import Direction, State


class OwedAlarm(TypedDict):
    """What a recipient owes (:class:`hub.flow.alarms.Owing`), and what of it rings: a word from there, or nothing."""

    withdrawals_waiting: int
    receipts_missing: int
    words_missing: int
    withdrawals_since: datetime | None
    alarm: str


class CircuitTold(TypedDict):
    """How calls to an authority's system fare in one direction."""

    authority: str
    direction: Direction
    state: State
    since: datetime | None
    until: datetime | None
    reason: str
    held_by: str | None
    failures: int
    next_probe_at: datetime | None
    is_probed: bool
    last_success_at: datetime | None
    last_attempt_at: datetime | None
    last_result: str


class AuthorityStanding(CircuitTold, OwedAlarm):
    """How an authority's system stands in one direction: its breaker, its calls, what waits for it, what it owes."""

    under_way: int
    at_most: int
    waiting: int
