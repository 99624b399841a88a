"""Spans that wait for a collector, which may be slow or away: nobody else ever waits for it.

Whoever has done a piece of work leaves its spans in a box with a limit, and goes on. A thread of its own looks up which
traces they belong to, writes them and sends them, some hundreds at a time. What finds no room is dropped, as is what a
collector does not take; both are counted (``hub_spans_total``).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence, Set

import structlog

from hub.clock import monotonic
from hub.errors import told
from hub.metrics.counts import Counts
from hub.metrics.instruments import SPANS
from hub.spans.recording import Recorded
from hub.spans.span import Cause, Origin
from hub.spans.telling import Told, told_of

#: Spans that wait at most: some megabytes.
_MOST_WAITING = 4096
_BATCH = 512  # spans
_PAUSE_SECONDS = 0.5
#: Between the tries of one batch; then it is dropped.
_AGAIN_SECONDS = (1.0, 2.0)
_LAST_SECONDS = 3.0

_log = structlog.get_logger()


class NotTaken(Exception):
    """A collector has not taken spans. :ivar is_final: and never will."""

    def __init__(self, is_final: bool) -> None:
        super().__init__()
        self.is_final = is_final


#: Sends spans, and returns how many of them the collector has refused; raises NotTaken.
Send = Callable[[Sequence[Told]], int]


class SpanBox:
    """Takes spans from whoever works, and sends them from a thread of its own."""

    def __init__(
        self,
        send: Send,
        find: Callable[[Collection[Cause]], Mapping[Cause, Origin]],
        names: Set[str],
        counts: Counts,
        ratio: float,
        *,
        pause: float = _PAUSE_SECONDS,
        again: Sequence[float] = _AGAIN_SECONDS,
        last: float = _LAST_SECONDS,
    ) -> None:
        """Take spans; nothing is sent before ``start``.

        :param find: which traces they belong to. :param names: of authorities. :param ratio: share of traces, 0 to 1.
        :param pause: how long spans wait for others at most, seconds.
        :param again: the waits between the tries of one batch, seconds.
        :param last: how long what is left at the end is sent, seconds.
        """
        self._send, self._find, self._names, self._counts, self._ratio = send, find, names, counts, ratio
        self._pause, self._waits, self._last = pause, (*again, None), last
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Recorded, int]] = deque()
        self._size = 0
        self._wake, self._ending = threading.Event(), threading.Event()
        self._ends_at = float("inf")
        self._is_down = False
        self._thread = threading.Thread(target=self._run, name="hub-spans", daemon=True)

    def take(self, work: Recorded) -> None:
        """Take a piece of work, or drop it where there is no room; this never waits for a collector."""
        size = work.size
        with self._lock:
            has_room = self._size + size <= _MOST_WAITING
            if has_room:
                self._waiting.append((work, size))
                self._size += size
            is_much = self._size >= _BATCH
        if not has_room:
            self._counts.add(SPANS, "full", by=size)
        if work.left_out:
            self._counts.add(SPANS, "many", by=work.left_out)
        if is_much:
            self._wake.set()

    def start(self) -> None:
        """Send from now on."""
        self._thread.start()

    def close(self) -> None:
        """Send what is left, for a few seconds at most; what is then left is dropped."""
        self._ends_at = monotonic() + self._last
        self._ending.set()
        self._wake.set()
        self._thread.join(self._last)
        with self._lock:
            left, self._size = self._size, 0
            self._waiting.clear()
        if left:
            self._counts.add(SPANS, "failed", by=left)

    def _run(self) -> None:
        while not self._ending.is_set():
            self._wake.wait(self._pause)
            self._wake.clear()
            self._send_waiting()
        self._send_waiting()

    def _send_waiting(self) -> None:
        while (batch := self._next()) and monotonic() < self._ends_at:
            try:
                spans = self._told(batch)
                if spans:
                    self._deliver(spans)
            except Exception as error:  # a bug must cost this batch and not all that follow
                _log.error("spans-failed", **told(error))
                self._counts.add(SPANS, "failed", by=sum(work.size for work in batch))

    def _next(self) -> list[Recorded]:
        batch: list[Recorded] = []
        size = 0
        with self._lock:
            while self._waiting and size < _BATCH:
                work, its_size = self._waiting.popleft()
                batch.append(work)
                size += its_size
            self._size -= size
        return batch

    def _told(self, batch: Sequence[Recorded]) -> list[Told]:
        causes = frozenset[Cause]().union(*(work.causes for work in batch))
        found = self._find(causes) if causes else {}
        return [span for work in batch for span in told_of(work, found, self._names, self._ratio)]

    def _deliver(self, spans: Sequence[Told]) -> None:
        for wait in self._waits:
            try:
                refused = self._send(spans)
            except NotTaken as error:
                if error.is_final or wait is None or self._ending.wait(wait):
                    break
            else:
                refused = min(refused, len(spans))
                self._counts.add(SPANS, "sent", by=len(spans) - refused)
                if refused:
                    self._counts.add(SPANS, "refused", by=refused)
                self._say(is_down=False)
                return
        self._counts.add(SPANS, "failed", by=len(spans))
        self._say(is_down=True)

    def _say(self, *, is_down: bool) -> None:
        """Say once that the collector takes nothing, and once that it does again."""
        if is_down and not self._is_down:
            _log.warning("spans-not-taken", next_step="See whether the collector at HUB_OTLP_ENDPOINT is well.")
        elif self._is_down and not is_down:
            _log.info("spans-taken-again")
        self._is_down = is_down
