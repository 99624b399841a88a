"""How long a message waits after it has failed: four times as long each time, so that 8 attempts span more than a day.

With the default of 20 seconds the seven waits are 20 s, 80 s, 5 min, 21 min, 1.4 h, 5.7 h and 22.8 h: 30 hours, and 24
when chance makes each as short as it may. So a message that fails at noon is not given up before noon of the next day.
"""

from __future__ import annotations

import random

_LONGEST, _LONGEST_TO_WITHDRAW = 86_400.0, 3_600.0  # seconds
_LONGEST_FOR_SUBSCRIBERS = 300.0
_FACTOR = 4
_SPREAD = 0.2  # so that messages that fail together are not all tried again together


def wait_after(failures: int, first: float, *, only_withdraws: bool) -> tuple[float, float]:
    """Return the shortest and the longest wait after so many failures, in seconds.

    :param first: the wait after the first.
    :param only_withdraws: what a citizen has taken back is tried again within the hour, for good.
    """
    longest = _LONGEST_TO_WITHDRAW if only_withdraws else _LONGEST
    wait = min(longest, first * _FACTOR ** min(max(failures - 1, 0), 32))
    return wait * (1 - _SPREAD), wait * (1 + _SPREAD)


def doubling(failures: int) -> float:
    """Return how long a subscriber is left alone that has failed so often in a row, in seconds."""
    return min(_LONGEST_FOR_SUBSCRIBERS, 2.0 ** min(failures - 1, 10))


def spread(shortest: float, longest: float) -> float:
    """Return a wait between the two."""
    return random.uniform(shortest, longest)  # noqa: S311 - spreads retries, no secret
