"""Wait until something has come about."""

from __future__ import annotations

import time
from collections.abc import Callable

from hub.clock import monotonic

_LONGEST = 60
_LOOK_SECONDS = 0.01


def until(holds: Callable[[], bool]) -> None:
    """Look again and again, as seldom for everyone who is compared. :raises TimeoutError: not within a minute."""
    end = monotonic() + _LONGEST
    while not holds():
        if monotonic() > end:
            raise TimeoutError("What the benchmark waits for has not come about within a minute.")
        time.sleep(_LOOK_SECONDS)
