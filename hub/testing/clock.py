"""A clock that stands still until a test moves it.

    with frozen(datetime(2026, 11, 23, 9, tzinfo=UTC)) as clock:
        accept(...)                      # hub.clock.now() is 9.00, whoever asks, on every thread
        clock.advance(timedelta(hours=1))
        deliver(...)                     # ... and now 10.00

It reaches modules that did ``from hub.clock import now``, for ``now`` asks ``hub.clock.source`` each time.
``hub.clock.monotonic`` and ``hub.clock.new_id`` go on as always: timeouts need the one, uniqueness the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import hub.clock

#: When everything that a builder makes happened, unless a test says otherwise.
THEN = datetime(2026, 1, 1, 8, tzinfo=UTC)


class FrozenClock:
    """Tells one instant until it is moved."""

    def __init__(self, at: datetime) -> None:
        self.move_to(at)

    def __call__(self) -> datetime:
        """Return the instant, aware, in UTC."""
        return self._at

    def move_to(self, at: datetime) -> None:
        """Stand at another instant. :raises ValueError: the time is naive."""
        if at.tzinfo is None:
            raise ValueError("A clock is frozen at an aware time.")
        self._at = at.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Move on by a duration."""
        self.move_to(self._at + by)


@contextmanager
def frozen(at: datetime) -> Iterator[FrozenClock]:
    """Let ``hub.clock.now`` stand still at an aware instant within the block, for the whole interpreter."""
    before, clock = hub.clock.source, FrozenClock(at)
    hub.clock.source = clock
    try:
        yield clock
    finally:
        hub.clock.source = before
