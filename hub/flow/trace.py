"""Follow a message from its door to each recipient's receipt.

    found = trace("5f354f99-a75f-4524-9ff6-98f92f00a616", store)
    found.steps[0].name, found.steps[0].begun_at    # "accepted", …

Asked for by a correlation id, by the id of a receipt or of a delivery, by the name that a recipient was told
(``<delivery>-<sequence>``), or by a W3C trace id: the sender's, or the one that a recipient was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from hub.authority.tracing import rows_of, trace_of
from hub.errors import NotFound
from hub.flow.trace_known import Known
from hub.flow.trace_shapes import MessageStep, MessageTrace
from hub.flow.trace_steps import Step, steps_of
from hub.store.traces import Message
from hub.store.transaction import Store, Unit

_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TOLD_NAME = re.compile(rf"({_ID.pattern})-([0-9]{{1,9}})")
#: Of a standing delivery, asked for as a whole, how many causes back.
_MOST_CAUSES = 50
_ANY_MARK = 2**31 - 1
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a message, a delivery or whatever else somebody did under a correlation id.

    :ivar correlation_ids: all that the steps belong to: a delivery has several when changes came in a burst.
    :ivar steps: in the order in which they began.
    """

    id: str
    correlation_ids: tuple[str, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What to follow: all that some correlation ids have caused, or one delivery, whatever has caused it.

    :ivar sequence: of the delivery; None: whatever has left of late.
    """

    correlation_ids: frozenset[str] = frozenset()
    delivery: UUID | None = None
    sequence: int | None = None


def trace(wanted: str, store: Store) -> Trace:
    """Follow whatever an id names. :raises NotFound: it names nothing that is remembered."""
    with store.begin(read_only=True) as unit:
        asked = _asked(unit, wanted)
        known = _known(unit, asked) if asked else None
    if known is None:
        raise NotFound(
            "Nothing that is remembered has this id.",
            "Ask by a correlation id, the id of a receipt or of a delivery, the name that a recipient was told, or a "
            "W3C trace id.",
        )
    return Trace(wanted, tuple(sorted(known.correlation_ids)), steps_of(known))


def _asked(unit: Unit, wanted: str) -> _Asked | None:
    """Find out what an id names; what somebody has chosen as a correlation id comes first."""
    if unit.traces.deeds([wanted]):
        return _Asked(frozenset({wanted}))
    if told := _TOLD_NAME.fullmatch(wanted):
        return _delivery(unit, UUID(told[1]), int(told[2]))
    if _ID.fullmatch(wanted):
        return _message(unit.traces.messages([UUID(wanted)])) or _delivery(unit, UUID(wanted))
    if _TRACE_ID.fullmatch(wanted):
        return _message(unit.traces.message_of_trace(UUID(hex=wanted))) or _sent_in(unit, UUID(hex=wanted))
    return None


def _message(found: Iterable[Message]) -> _Asked | None:
    correlation_ids = frozenset(message.correlation_id for message in found)
    return _Asked(correlation_ids) if correlation_ids else None


def _delivery(unit: Unit, row: UUID, sequence: int | None = None) -> _Asked | None:
    is_ours = bool(unit.traces.rows([row]))
    has_left = sequence is None or sequence in unit.traces.sequences(row)
    return _Asked(delivery=row, sequence=sequence) if is_ours and has_left else None


def _sent_in(unit: Unit, trace_id: UUID) -> _Asked | None:
    """Find the delivery whose recipient was sent a trace id."""
    for row in unit.traces.rows_between(*rows_of(trace_id)):
        for sequence in unit.traces.sequences(row.id):
            if trace_of(row.id, sequence) == trace_id:
                return _Asked(delivery=row.id, sequence=sequence)
    return None


def _known(unit: Unit, asked: _Asked) -> Known:
    """Read all that the steps are made of."""
    if asked.delivery is None:
        deeds = unit.traces.deeds(asked.correlation_ids)
        caused = unit.traces.caused({deed["plan_id"] for deed in deeds if deed["plan_id"]}, asked.correlation_ids)
        marks = {cause.outbox_id: cause.mark for cause in reversed(caused)}  # the first of each row
        since = min((_since(unit, row, mark) for row, mark in marks.items()), default=_FIRST)
        known = _history(unit, set(marks), since).of_causes(asked.correlation_ids)
    else:
        mark, begun_at = _ANY_MARK, None
        if asked.sequence is not None:
            mark, begun_at = unit.traces.sequences(asked.delivery)[asked.sequence]
        since = _since(unit, asked.delivery, mark, begun_at)
        known = _history(unit, {asked.delivery}, since).of_sequence(asked.sequence)
        deeds = unit.traces.deeds(known.correlation_ids)
    receipts = {UUID(deed["details"]["receipt"]) for deed in deeds if deed["action"] == "accepted"}
    return replace(known, deeds=deeds, messages=unit.traces.messages(receipts))


def _since(unit: Unit, row: UUID, mark: int, begun_at: datetime | None = None) -> datetime:
    """Return how far to look back for what has made a row due up to a mark: others may be in the same delivery."""
    times = [cause.at for cause in unit.traces.newest_causes(row, mark, _MOST_CAUSES)]
    return min([*times, *([begun_at] if begun_at else [])], default=_FIRST)


def _history(unit: Unit, rows: set[UUID], since: datetime) -> Known:
    """Read what has happened to rows of the outbox from an instant on."""
    found = unit.traces.rows(rows)
    return Known(
        rows={row.id: row for row in found},
        causes=unit.traces.causes(rows, since),
        attempts=unit.traces.attempts(rows, since),
        of_deliveries=unit.traces.of_deliveries({row.plan for row in found}, since),
    )


def as_told(found: Trace) -> MessageTrace:
    """Return a trace as the API and the command tell it."""
    steps: list[MessageStep] = [
        {"step": step.name, "begun_at": step.begun_at, "ended_at": step.ended_at, **step.told} for step in found.steps
    ]
    return {"id": found.id, "correlation_ids": found.correlation_ids, "steps": steps}
