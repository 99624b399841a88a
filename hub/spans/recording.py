"""Work that is kept until it is told.

It is kept in memory until the outermost piece has ended, and is then handed on whole: only then is it asked which trace
it belongs to. So nobody who does the work waits for that, and a piece may be given the id that the hub knows it by when
it is halfway done.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar, Token
from datetime import timedelta
from typing import Self
from uuid import UUID

from hub.clock import monotonic, now
from hub.errors import HubError
from hub.spans.span import SILENT_SPAN, Cause, Span, Value
from hub.spans.works import ERROR, Attribute, Work

#: Of one outermost piece, as a request that asks the database again and again for as long as it is listened to.
MOST_WITHIN = 100


class Recorded:
    """A piece of work that is kept, with the pieces within it; the outermost one is handed on when it ends.

    :ivar inner: of the outermost one, all pieces within, in the order in which they began.
    :ivar left_out: of the outermost one, how many more there were than are kept.
    """

    __slots__ = (
        "_began", "_hand_on", "_token", "above", "began_at", "cause", "inner", "is_over", "is_told", "left_out",
        "links", "parent", "root", "said", "seconds", "span_id", "trace_id", "work",
    )  # fmt: skip

    def __init__(
        self, work: Work, above: Recorded | None, hand_on: Callable[[Recorded], None], since: float | None
    ) -> None:
        self.work, self.above = work, above
        self.root: Recorded = above.root if above else self
        self._began, self.began_at = monotonic(), now()
        if since is not None:
            self.began_at, self._began = self.began_at - timedelta(seconds=self._began - since), since
        self._hand_on = hand_on
        self._token: Token[Recorded | None] | None = None
        self.inner: list[Recorded] = []
        self.said: dict[Attribute, Value] = {}
        self.links: list[tuple[str, UUID | Cause]] = []
        self.span_id, self.parent = "", ""
        self.trace_id: UUID | None = None
        self.cause: Cause | None = None
        self.seconds, self.left_out = 0.0, 0
        self.is_over, self.is_told = False, True

    @property
    def causes(self) -> frozenset[Cause]:
        """Return everything whose trace it takes to tell of it and of what is within."""
        linked = {trace for one in (self, *self.inner) for _, trace in one.links if isinstance(trace, Cause)}
        return frozenset(linked if self.cause is None else linked | {self.cause})

    @property
    def size(self) -> int:
        """Return how many pieces are kept."""
        return 1 + len(self.inner)

    def say(self, attribute: Attribute, value: Value) -> None:
        """Keep something that is said."""
        self.said[attribute] = value

    def count(self, attribute: Attribute) -> None:
        """Keep that there was one more."""
        self.said[attribute] = int(str(self.said.get(attribute, 0))) + 1

    def failed(self, error: BaseException) -> None:
        """Keep an error's code, or its kind, and nothing that it says."""
        self.said[ERROR] = error.code if isinstance(error, HubError) else type(error).__name__

    def is_known_as(self, span_id: str) -> None:
        """Keep its id."""
        self.span_id = span_id

    def belongs_to(self, trace_id: UUID, parent: str = "") -> None:
        """Keep which trace it goes on with."""
        self.trace_id, self.parent = trace_id, parent

    def is_caused_by(self, cause: Cause) -> None:
        """Keep what made it due."""
        self.root.cause = cause

    def links_to(self, span_id: str, trace: UUID | Cause) -> None:
        """Keep which other span it has to do with."""
        self.links.append((span_id, trace))

    def is_nothing(self) -> None:
        """Keep that it is not told."""
        self.is_told = False

    def __enter__(self) -> Self:
        self._token = _UNDER_WAY.set(self)
        return self

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        if self._token is not None:
            _UNDER_WAY.reset(self._token)
        self.seconds, self.is_over = monotonic() - self._began, True
        if error is not None:
            self.failed(error)
        if self is self.root and self.is_told:
            self._hand_on(self)


class Recording:
    """Keeps work until its outermost piece has ended, and hands that on."""

    is_on = True

    def __init__(self, hand_on: Callable[[Recorded], None]) -> None:
        """Keep work.

        :param hand_on: is given each outermost piece, by the thread that has done it; so it must not wait.
        """
        self._hand_on = hand_on

    def begun(self, work: Work, since: float | None = None) -> Span:
        """Return a span for a piece of work: a part of what this thread or request is at, if it is at anything."""
        above = _UNDER_WAY.get()
        if above is not None and above.root.is_over:  # who goes on after a request has ended
            above = None
        if above is None:
            return Recorded(work, None, self._hand_on, since) if work.begins else SILENT_SPAN
        root = above.root
        if len(root.inner) >= MOST_WITHIN:
            root.left_out += 1
            return SILENT_SPAN
        span = Recorded(work, above, self._hand_on, since)
        root.inner.append(span)
        return span


_UNDER_WAY: ContextVar[Recorded | None] = ContextVar("hub_span", default=None)
