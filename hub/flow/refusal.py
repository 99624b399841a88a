"""Write down that someone was refused, and what for: in a transaction of its own, for the deed's was rolled back.

Whom the hub does not know can be refused as often as they like. Of those, each process writes ``MOST`` rows a minute
and counts the rest; the next row that it writes says how many they were, so that nobody fills the audit from outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from hub.clock import monotonic, now
from hub.errors import Refused
from hub.store.transaction import Store

#: Who is refused when nobody is known; no client can be called so.
NOBODY = "-"
MOST, _MINUTE = 60, 60.0


class Unknown:
    """How many refusals of nobody known this process has written in this minute, and how many it has not."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._began, self._written, self._unwritten = 0.0, 0, 0

    def next_row(self, at: float) -> int | None:
        """Return how many refusals a row stands for besides its own; None: this one is only counted.

        :param at: seconds on a clock that never steps.
        """
        with self._lock:
            if at - self._began >= _MINUTE:
                self._began, self._written = at, 0
            if self._written >= MOST:
                self._unwritten += 1
                return None
            self._written += 1
            unwritten, self._unwritten = self._unwritten, 0
            return unwritten


_UNKNOWN: WeakKeyDictionary[Store, Unknown] = WeakKeyDictionary()


@contextmanager
def refusals_written(store: Store, actor: str, correlation_id: str, **asked: Any) -> Iterator[None]:
    """Write a refusal of anything within the block into the audit, and let it go on to whoever asked.

    :param asked: ids of what was asked for; never a value that tells of a person.
    """
    try:
        yield
    except Refused as error:
        others = _UNKNOWN.setdefault(store, Unknown()).next_row(monotonic()) if actor == NOBODY else 0
        if others is not None:
            told = {**asked, "others": others} if others else asked
            with store.begin() as unit:
                unit.audit.record("refused", actor, now(), correlation_id, code=error.code, **told)
        raise
