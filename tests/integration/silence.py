"""An authority's system that does not answer, as the store knows it."""

from __future__ import annotations

from datetime import datetime

from hub.clock import new_id, now
from hub.store.circuits import Direction
from hub.store.transaction import Store


def falls_silent(
    store: Store, authority: str, direction: Direction = Direction.RECIPIENT, *, seconds: float = 300
) -> datetime:
    """Let a call to an authority go unanswered; return until when it is left alone."""
    with store.begin() as unit:
        call = unit.breakers.enter(unit.breakers.of(authority, direction), new_id(), now(), 60, 4)
        assert call is not None
        code = "recipient-down" if direction is Direction.RECIPIENT else "source-down"
        return unit.breakers.did_not_answer(call, now(), code, seconds)[0]


def answers_again(store: Store, authority: str, direction: Direction = Direction.RECIPIENT) -> None:
    """End the pause, and let the probe be answered."""
    with store.begin() as unit:
        unit.breakers.probe_now(authority, direction, now())
        call = unit.breakers.enter(unit.breakers.of(authority, direction), new_id(), now(), 60, 4)
        assert call is not None
        unit.breakers.answered(call, now(), "taken-in", brought=True)
