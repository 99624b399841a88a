"""Spans of one process: whoever does a piece of work says so while it is done.

    with store.spans.begun(ACCEPT) as span:       # within another of the same thread or request: a part of it
        span.say(AUTHORITY, "social")

Without a collector all of it is silent and costs next to nothing; with one, ``recording`` keeps what is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID

from hub.spans.works import Attribute, Work

Value = str | int | UUID


@dataclass(frozen=True, slots=True)
class Cause:
    """What made a row of the outbox due; which trace that belongs to is found out when the span is told.

    :ivar correlation_id: never told itself: its sender may have chosen it.
    """

    row: UUID
    correlation_id: str


@dataclass(frozen=True, slots=True)
class Origin:
    """The span that another follows from, in its trace."""

    trace_id: UUID
    span_id: str


class Span(Protocol):
    """A piece of work; it begins and ends with the block that it is used for."""

    def say(self, attribute: Attribute, value: Value) -> None:
        """Say something of it; the last word counts."""
        ...

    def count(self, attribute: Attribute) -> None:
        """Count one more of something."""
        ...

    def failed(self, error: BaseException) -> None:
        """Say that it failed, where the error does not leave the block."""
        ...

    def is_known_as(self, span_id: str) -> None:
        """Give it the id that the hub knows it by: 16 hexadecimal digits."""
        ...

    def belongs_to(self, trace_id: UUID, parent: str = "") -> None:
        """Say which trace it goes on with, where it is the outermost. :param parent: "": the trace begins with it."""
        ...

    def is_caused_by(self, cause: Cause) -> None:
        """Say what made it due: with the outermost piece it belongs to the trace of that; the last word counts."""
        ...

    def links_to(self, span_id: str, trace: UUID | Cause) -> None:
        """Say which other span it has to do with, and in which trace, or that of which cause."""
        ...

    def is_nothing(self) -> None:
        """Say that there was nothing to do: it is not told."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End it; an error goes on, and is told by its code or its kind alone."""
        ...


class Spans(Protocol):
    """What the work of one process is told to."""

    #: Whether anybody listens; where not, nobody need go to any length.
    is_on: bool

    def begun(self, work: Work, since: float | None = None) -> Span:
        """Return a span for a piece of work, which may have begun at an earlier ``monotonic()``."""
        ...


class _SilentSpan:
    def say(self, attribute: Attribute, value: Value) -> None: ...
    def count(self, attribute: Attribute) -> None: ...
    def failed(self, error: BaseException) -> None: ...
    def is_known_as(self, span_id: str) -> None: ...
    def belongs_to(self, trace_id: UUID, parent: str = "") -> None: ...
    def is_caused_by(self, cause: Cause) -> None: ...
    def links_to(self, span_id: str, trace: UUID | Cause) -> None: ...
    def is_nothing(self) -> None: ...
    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, at: object) -> None: ...


class Silent:
    """Tells nobody."""

    is_on = False

    def begun(self, work: Work, since: float | None = None) -> Span:
        """Return a span that nobody hears of."""
        return SILENT_SPAN


SILENT_SPAN = _SilentSpan()
SILENT = Silent()
