"""The end of a request's time, kept by one thread for all requests of the process.

A timer of its own for each request would be a thread of its own: started, waited for and ended while others deliver.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from itertools import count

from hub.adapters._http_line import Line
from hub.clock import monotonic


class Deadline:
    """Ends a request when its whole time is up, however the other side drips its bytes.

    httpx limits each read, not their sum, so the line that is in use is shut; the blocked read then returns.
    """

    def __init__(self, seconds: float) -> None:
        self.end = monotonic() + seconds
        self._line: Line | None = None
        self._lock = threading.Lock()
        self._is_over = False
        self.has_passed = False

    def left(self) -> float:
        """Return the seconds that are left, never below a millisecond."""
        return max(self.end - monotonic(), 0.001)

    @contextmanager
    def enforced(self) -> Iterator[None]:
        """Shut whatever line is in use at the deadline, unless the block ends before it."""
        _WATCH.keep(self)
        try:
            yield
        finally:
            self._is_over = True

    @contextmanager
    def over(self, line: Line) -> Iterator[None]:
        """Say which line is in use; after the block it is another's, and is left alone."""
        with self._lock:
            self._line = line
            is_late = self.has_passed
        if is_late:
            line.shut()
        try:
            yield
        finally:
            with self._lock:
                self._line = None

    def passes(self) -> None:
        """The time is up."""
        with self._lock:
            if self._is_over:
                return
            self.has_passed = True
            if self._line is not None:
                self._line.shut()


class _Watch:
    """Waits for the nearest deadline. One that is over by then is let go of when its time comes."""

    def __init__(self) -> None:
        self._kept: list[tuple[float, int, Deadline]] = []
        self._order = count()
        self._nearer = threading.Condition()
        self._thread: threading.Thread | None = None

    def keep(self, deadline: Deadline) -> None:
        """See to it that a deadline passes in time."""
        entry = (deadline.end, next(self._order), deadline)
        with self._nearer:
            heappush(self._kept, entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="hub-deadlines", daemon=True)
                self._thread.start()
            elif self._kept[0] is entry:  # most come later than those that wait already, and wake nobody
                self._nearer.notify()

    def _run(self) -> None:
        while True:
            self._next().passes()

    def _next(self) -> Deadline:
        with self._nearer:
            while not self._kept or self._kept[0][0] > monotonic():
                self._nearer.wait(self._kept[0][0] - monotonic() if self._kept else None)
            return heappop(self._kept)[-1]


_WATCH = _Watch()
