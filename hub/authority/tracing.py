"""Trace context: which trace a message belongs to, and which step of it is calling (W3C Trace Context, level 1).

    context = read_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")    # or None: it is none
    str(of_delivery(outbox_id, 3, attempt))                                                  # what a recipient is sent

A sender's trace ends in the hub, and a delivery begins one of the hub's own (docs/adr/0027): the two are linked here
and nowhere else. Ids are derived from those that the hub has anyway, so that none has to be kept beside them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from hub.clock import new_id

HEADER = "traceparent"
#: Version 00 is these 55 characters and no more; a later one may go on behind another dash (3.2.3 and 4.3 there).
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_NO_VERSION = "ff"
_FIRST_VERSION = "00"
_HALF = 8  # bytes


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A trace, and the span in it that calls.

    :ivar trace_id: 16 bytes, never all zero.
    :ivar span_id: 16 hexadecimal digits in lower case, never all zero; "" where nobody called and the trace begins.
    """

    trace_id: UUID
    span_id: str = ""

    def __str__(self) -> str:
        """Return it as a header; the hub remembers each of its steps, so the trace is a sampled one."""
        return f"{_FIRST_VERSION}-{self.trace_id.hex}-{self.span_id}-01"


def read_traceparent(text: str) -> TraceContext | None:
    """Read a traceparent; None when it is none, and then whoever was to go on with it begins a trace of its own."""
    found = _TRACEPARENT.fullmatch(text.strip(" \t"))
    if found is None:
        return None
    version, trace_id, span_id, _, more = found.groups()
    if version == _NO_VERSION or (version == _FIRST_VERSION and more) or not int(trace_id, 16) or not int(span_id, 16):
        return None
    return TraceContext(UUID(hex=trace_id), span_id)


def new_trace() -> TraceContext:
    """Begin a trace."""
    return TraceContext(new_id())


def span_of(step: UUID) -> str:
    """Return the span id of a step that has an id of its own: a receipt, or an attempt.

    The first half of a UUID; its version is in there, so it is never zero.
    """
    return step.hex[: 2 * _HALF]


def trace_of(delivery: UUID, sequence: int) -> UUID:
    """Return the trace of a delivery: the same for each attempt.

    Its first half is the row's, so that the row is found by an index; its second is as good as random.
    """
    return UUID(bytes=delivery.bytes[:_HALF] + uuid5(delivery, str(sequence)).bytes[_HALF:])


def ring_of(delivery: UUID, until: datetime) -> str:
    """Return the span id of a ring for a row, by the time until which silence needs no second one."""
    return span_of(uuid5(delivery, until.isoformat()))


def rows_of(trace_id: UUID) -> tuple[UUID, UUID]:
    """Return the lowest and the highest id that the row of a delivery with this trace may have."""
    half = trace_id.bytes[:_HALF]
    return UUID(bytes=half + bytes(_HALF)), UUID(bytes=half + b"\xff" * _HALF)


def of_delivery(delivery: UUID, sequence: int, attempt: UUID) -> TraceContext:
    """Return what a recipient is told of an attempt."""
    return TraceContext(trace_of(delivery, sequence), span_of(attempt))
