"""How fast a replay goes, and when it stops itself: slowly until enough is known, then faster. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from hub.store.replay_rows import Outcome

#: Outcomes that say something about the cause; that nothing may leave any more is right, and no failure.
JUDGED = frozenset(
    {Outcome.DELIVERED, Outcome.NOTHING_TO_SAY, Outcome.CONSENT_WITHDRAWN, Outcome.FAILED_AGAIN}
)  # fmt: skip
#: Fewer outcomes judge nothing; more than the window are of another time.
LEAST, WINDOW = 5, 20
#: Up to so many outcomes → this share of the rate; afterwards the whole of it.
_RAMP = ((LEAST, 0.10), (WINDOW, 0.25))


def share(judged: int) -> float:
    """Return which share of its rate a replay may use once so many outcomes are known."""
    return next((part for below, part in _RAMP if judged < below), 1.0)


def interval(per_minute: int, judged: int) -> timedelta:
    """Return the time between two items."""
    return timedelta(minutes=1) / (per_minute * share(judged))


def fails_too_often(latest: Sequence[Outcome], stop_percent: int) -> bool:
    """Tell whether a replay must stop itself.

    :param latest: outcomes that are judged, the last first.
    :param stop_percent: of failures among the last ``WINDOW``; it is enough to reach it.
    """
    seen = latest[:WINDOW]
    failures = sum(1 for outcome in seen if outcome is Outcome.FAILED_AGAIN)
    return len(seen) >= LEAST and failures * 100 >= stop_percent * len(seen)
