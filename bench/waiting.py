"""Wait until something has come about."""

from __future__ import annotations

import time
from collections.abc import Callable

from hub.clock import monotonic

_LONGEST = 60
_LOOK_SECONDS = 0.01


def until(holds: Callable[[], bool]) -> None:
    """Look again and again, as seldom for everyone who is compared. :raises TimeoutError: not within a minute."""
    if waited(holds, _LONGEST, _LOOK_SECONDS) is None:
        raise TimeoutError("What the benchmark waits for has not come about within a minute.")


def waited(holds: Callable[[], bool], longest: float, look: float) -> float | None:
    """Return how many seconds it took to come about; None: it did not in the longest time.

    :param look: seconds between two looks.
    """
    begun = monotonic()
    while not holds():
        if monotonic() - begun > longest:
            return None
        time.sleep(look)
    return monotonic() - begun
