"""The only place that knows the time and makes random ids.

Tests freeze it with ``hub.testing.clock``; the pure rooms (plan, consent, mappings) take time as an argument.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4


def _this_instant() -> datetime:
    return datetime.now(UTC)


#: What ``now`` asks. Only ``hub.testing.clock`` ever puts another here; callers import ``now`` and never this.
source: Callable[[], datetime] = _this_instant


def now() -> datetime:
    """Return this instant, aware, in UTC."""
    return source()


def monotonic() -> float:
    """Return seconds on a clock that never steps, for measuring how long something took."""
    return time.monotonic()


def new_id() -> UUID:
    """Return a random id. Version 4 on purpose: a time-ordered id would tell a reader when a thing came to be."""
    return uuid4()
