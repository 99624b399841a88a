"""What the spine says of its work to whoever follows it with OpenTelemetry: ids, names of authorities, outcomes.

The ids are those that the hub has anyway (docs/adr/0027): a message's span is found by its receipt, a call's by its
attempt. So the span of a delivery belongs to the trace of the message that made it due, though nothing of that went
over the queue (docs/adr/0060).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from hub.authority import Parcel
from hub.authority.tracing import ring_of, span_of
from hub.errors import Unavailable
from hub.flow.settle import Attempt
from hub.spans import works as of
from hub.spans.span import Cause, Origin, Span
from hub.store.inbox import Receipt
from hub.store.lease import Due
from hub.store.transaction import Store


def acceptance(span: Span, parcel: Parcel, receipt: Receipt) -> None:
    """Say which message was taken in; where nobody called, such as from a folder, its trace begins with that."""
    span.say(of.RECEIPT, receipt.id)
    span.say(of.OUTCOME, "repeated" if receipt.is_repeat else "accepted")
    if not receipt.is_repeat:  # a span of this id is there already
        span.is_known_as(span_of(receipt.id))
    if parcel.trace is None:  # as the inbox has it
        span.belongs_to(receipt.id)
    else:
        span.belongs_to(parcel.trace.trace_id, parcel.trace.span_id)


def taken_up(span: Span, row: UUID, due: Due) -> None:
    """Say which row is brought up to date, and by which ring."""
    cause = Cause(row, due.correlation_id)
    span.is_caused_by(cause)
    span.links_to(ring_of(row, due.rung_until), cause)
    span.say(of.ROW, row)
    span.say(of.RECIPIENT, due.circuit.authority)


def called(span: Span, attempt: Attempt) -> None:
    """Say which attempt a call is; its recipient is told of another trace, which is linked to here alone."""
    told, lease = attempt.trace, attempt.lease
    span.is_caused_by(Cause(lease.id, lease.correlation_id))  # it may have become due anew before it was taken
    span.is_known_as(told.span_id)
    span.links_to(told.span_id, told.trace_id)
    span.say(of.RECIPIENT, attempt.update.recipient)
    span.say(of.DELIVERY, attempt.update.correlation_id)


def origins(causes: Collection[Cause], store: Store) -> Mapping[Cause, Origin]:
    """Find the messages that have made rows due; none of those that no message has, or while the database is away.

    Asked by whoever sends spans, when the work is long done: nobody who works waits for the answer.
    """
    try:
        with store.begin(read_only=True) as unit:
            messages = unit.traces.messages_behind({cause.correlation_id for cause in causes})
    except Unavailable:
        return {}
    return {
        cause: Origin(message.trace_id, span_of(message.receipt))
        for cause in causes
        if (message := messages.get(cause.correlation_id)) and message.trace_id
    }
