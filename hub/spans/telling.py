"""What is told of work that has ended: in which trace, and nothing but values of the lists.

Whether a trace is told is decided by its id alone, so every process decides the same of the same trace. By its lowest
seven bytes: they are random in what OpenTelemetry makes (W3C Trace Context level 2) and in a random UUID too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from hub.clock import new_id
from hub.spans.recording import Recorded
from hub.spans.span import Cause, Origin, Value
from hub.spans.works import ERROR, OTHER, STATUS, Attribute, Of, Role

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NANOSECONDS = 1_000  # of a microsecond
_RANDOM = 1 << 56
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:-[0-9]{1,9})?")
_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Told:
    """A span as it leaves.

    :ivar parent: "": the trace begins with it.
    :ivar began_at, ended_at: nanoseconds since 1970.
    """

    trace_id: UUID
    span_id: str
    parent: str
    title: str
    role: Role
    began_at: int
    ended_at: int
    said: Mapping[str, str | int | bool]
    links: tuple[tuple[UUID, str], ...]
    has_failed: bool


def place_of(root: Recorded, origins: Mapping[Cause, Origin]) -> Origin:
    """Return the trace that a piece of work belongs to, and the span in it that it follows from ("": none)."""
    if root.cause is not None:
        return _origin_of(root.cause, origins)
    return Origin(root.trace_id or new_id(), root.parent)


def _origin_of(cause: Cause, origins: Mapping[Cause, Origin]) -> Origin:
    """Return what has caused something; of no message, a trace of its own, the same for its ring and its delivery."""
    return origins.get(cause) or Origin(uuid5(cause.row, cause.correlation_id), "")


def is_sampled(trace_id: UUID, ratio: float) -> bool:
    """Tell whether a trace is told, of which a share is."""
    return trace_id.int % _RANDOM >= round((1 - ratio) * _RANDOM)


def told_of(root: Recorded, origins: Mapping[Cause, Origin], names: Set[str], ratio: float) -> Iterator[Told]:
    """Yield the spans of a piece of work and of those within it that have ended; none where its trace is not told.

    :param origins: what was found of ``root.causes``.
    :param ratio: the share of traces that is told, 0 to 1.
    :param names: which authorities there are; of any other it is told that there was one.
    """
    place = place_of(root, origins)
    if not is_sampled(place.trace_id, ratio):
        return
    ids = {piece: piece.span_id or new_id().hex[:16] for piece in (root, *root.inner)}
    for piece in ids:
        if not piece.is_over or not piece.is_told:
            continue
        said = {one.name: value for one, value in _listed(piece, names)}
        began_at = (piece.began_at - _EPOCH) // timedelta(microseconds=1) * _NANOSECONDS
        yield Told(
            place.trace_id,
            ids[piece],
            ids[piece.above] if piece.above else place.span_id,
            _title(piece, said),
            piece.work.role,
            began_at,
            began_at + int(piece.seconds * 1e9),
            said,
            tuple(_link(*one, origins) for one in piece.links),
            ERROR in piece.said or int(said.get(STATUS.name, 0)) >= _SERVER_ERROR,
        )


def _link(span_id: str, trace: UUID | Cause, origins: Mapping[Cause, Origin]) -> tuple[UUID, str]:
    return (_origin_of(trace, origins).trace_id if isinstance(trace, Cause) else trace), span_id


def _title(piece: Recorded, said: Mapping[str, str | int | bool]) -> str:
    return re.sub(r"\{([^}]*)\}", lambda found: str(said.get(found[1], OTHER)), piece.work.title)


def _listed(piece: Recorded, names: Set[str]) -> Iterator[tuple[Attribute, str | int | bool]]:
    """Yield what may be said of a piece of work, of all that was."""
    for attribute in piece.work.may_say:
        if attribute in piece.said:
            value = _as_told(attribute, piece.said[attribute], names)
            if value is not None:
                yield attribute, value


def _as_told(attribute: Attribute, value: Value, names: Set[str]) -> str | int | bool | None:
    """Return a value as it is told; ``other`` for a word that is in no list, None for what is no value of its kind."""
    if attribute.of in (Of.NUMBER, Of.YES_OR_NO):
        return value if isinstance(value, int) else None
    word = str(value)
    if attribute.of is Of.ID:
        return word if _ID.fullmatch(word) else None
    if attribute.of is Of.CODE:
        return word
    return word if word in (names if attribute.of is Of.AUTHORITIES else attribute.of) else OTHER
