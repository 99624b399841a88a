"""Of a piece of work values of the lists are told, in the trace that it belongs to, and nothing else."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.clock import new_id
from hub.errors import RecipientDown
from hub.flow.settle import Settled
from hub.metrics.instruments import DELIVERIES, HTTP_SECONDS
from hub.spans import works as of
from hub.spans.recording import Recorded, Recording
from hub.spans.span import SILENT, Cause, Origin, Span
from hub.spans.telling import Told, is_sampled, told_of

TRACE = UUID("4bf92f35-77b3-4da6-a3ce-929d0e0e4736")
NAMES = frozenset({"social"})


class Kept:
    """Everything that was handed on."""

    def __init__(self) -> None:
        self.works: list[Recorded] = []
        self.recording = Recording(self.works.append)

    def told(self, found: dict[Cause, Origin] | None = None) -> list[Told]:
        return [span for work in self.works for span in told_of(work, found or {}, NAMES, 1)]


def test_the_lists_are_those_of_the_rooms_above() -> None:
    assert set(of.SETTLED.of) == {one.value for one in Settled} == set(DELIVERIES.labels["outcome"])
    assert of.METHOD.of == HTTP_SECONDS.labels["method"]


@pytest.mark.parametrize(
    ("attribute", "value", "told"),
    [
        (of.AUTHORITY, "social", "social"),
        (of.AUTHORITY, "0201609995", of.OTHER),
        (of.OUTCOME, "accepted", "accepted"),
        (of.OUTCOME, "Kanariefugl", of.OTHER),
        (of.RECEIPT, TRACE, str(TRACE)),
        (of.RECEIPT, "0201609995", None),
        (of.RECEIPT, f"{TRACE}-3", f"{TRACE}-3"),
        (of.RECEIPT, f"{TRACE}-0201609995", None),
        (of.RECEIPT, "Kanariefugl", None),
    ],
)
def test_a_value_that_is_in_no_list_is_not_told(attribute: of.Attribute, value: str, told: str | None) -> None:
    kept = Kept()
    with kept.recording.begun(of.ACCEPT) as span:
        span.say(attribute, value)
    assert kept.told()[0].said.get(attribute.name) == told


def test_what_a_span_has_no_attribute_for_is_not_told() -> None:
    kept = Kept()
    with kept.recording.begun(of.ACCEPT) as span:
        span.say(of.SETTLED, "delivered")
        span.say(of.Attribute("person.name", "", of.Of.CODE), "Kanariefugl")
    assert kept.told()[0].said == {}


def test_no_number_is_told_that_is_none() -> None:
    kept = Kept()
    with kept.recording.begun(of.REQUEST) as span:
        span.say(of.STATUS, "0201609995")
        span.say(of.METHOD, "KANARIEFUGL")
    (told,) = kept.told()
    assert told.said == {"http.request.method": of.OTHER}
    assert told.title == f"{of.OTHER} {of.OTHER}"


@pytest.mark.parametrize(
    ("error", "told"),
    [(RecipientDown("Kanariefugl 0201609995"), "recipient-down"), (ValueError("Kanariefugl 0201609995"), "ValueError")],
)
def test_of_an_error_its_code_or_kind_is_told_and_it_goes_on(error: Exception, told: str) -> None:
    kept = Kept()
    with pytest.raises(type(error)), kept.recording.begun(of.DELIVER):
        raise error
    (span,) = kept.told()
    assert (span.said, span.has_failed) == ({"error.type": told}, True)


def test_work_within_work_is_a_part_of_it_and_leaves_with_it() -> None:
    kept = Kept()
    with kept.recording.begun(of.DELIVER) as outer:
        outer.belongs_to(TRACE, "00f067aa0ba902b7")
        with kept.recording.begun(of.TRANSACTION) as inner:
            inner.count(of.STATEMENTS)
            inner.count(of.STATEMENTS)
        with kept.recording.begun(of.CALL) as inner:
            inner.is_known_as("1" * 16)
        assert kept.works == []
    delivering, transaction, call = kept.told()
    assert {one.trace_id for one in (delivering, transaction, call)} == {TRACE}
    assert delivering.parent == "00f067aa0ba902b7"
    assert transaction.parent == call.parent == delivering.span_id
    assert (call.span_id, transaction.said) == ("1" * 16, {"hub.statements": 2})
    assert delivering.began_at <= transaction.began_at <= transaction.ended_at <= delivering.ended_at


def test_a_transaction_alone_begins_no_trace() -> None:
    kept = Kept()
    with kept.recording.begun(of.TRANSACTION) as span:
        span.say(of.STATEMENTS, 1)
    assert kept.works == []


def test_what_goes_on_after_its_request_has_ended_is_no_part_of_it() -> None:
    kept = Kept()
    with kept.recording.begun(of.REQUEST):
        late = kept.recording.begun(of.TRANSACTION)
        late.__enter__()
    assert [one.title for one in kept.told()] == [f"{of.OTHER} {of.OTHER}"], "it has not ended"
    with kept.recording.begun(of.TRANSACTION):
        pass
    late.__exit__(None, None, None)
    assert len(kept.works) == 1


def test_that_there_was_nothing_to_do_is_not_told() -> None:
    kept = Kept()
    with kept.recording.begun(of.DELIVER) as span:
        span.is_nothing()
    assert kept.works == []


def test_what_was_caused_belongs_to_the_trace_of_its_cause_whose_last_word_counts() -> None:
    row, found = new_id(), Origin(TRACE, "00f067aa0ba902b7")
    kept = Kept()
    with kept.recording.begun(of.DELIVER) as span:
        span.is_caused_by(Cause(row, "of-a-consent"))
        span.links_to("1" * 16, Cause(row, "of-a-consent"))
        with kept.recording.begun(of.CALL) as call:
            call.is_caused_by(Cause(row, "of-a-message"))
    (work,) = kept.works
    assert work.causes == {Cause(row, "of-a-consent"), Cause(row, "of-a-message")}
    delivering, called = kept.told({Cause(row, "of-a-message"): found})
    assert (delivering.trace_id, delivering.parent, called.trace_id) == (TRACE, found.span_id, TRACE)
    ((linked, span_id),) = delivering.links
    assert (span_id, linked not in (TRACE, row)) == ("1" * 16, True)


def test_what_no_message_has_caused_has_the_same_trace_wherever_it_is_told() -> None:
    cause, kept = Cause(new_id(), "of-a-consent"), Kept()
    for work in (of.RING, of.DELIVER):
        with kept.recording.begun(work) as span:
            span.is_caused_by(cause)
    ring, delivering = kept.told()
    assert ring.trace_id == delivering.trace_id
    assert ring.parent == delivering.parent == ""


@pytest.mark.laws
@given(st.uuids(version=4), st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_holds_the_smaller_one(trace_id: UUID, one: float, other: float) -> None:
    assert is_sampled(trace_id, max(one, other)) or not is_sampled(trace_id, min(one, other))
    assert is_sampled(trace_id, 1)
    assert not is_sampled(trace_id, 0)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_about_the_share_is_told_of_ids_that_the_hub_makes(share: float) -> None:
    told = sum(is_sampled(new_id(), share) for _ in range(4000))
    assert abs(told / 4000 - share) < 0.06, "the fixed bits of a UUID take no part in it"


def test_without_a_collector_nothing_is_kept() -> None:
    span: Span = SILENT.begun(of.REQUEST)
    with span as same:
        same.say(of.STATUS, 200)
        assert same is SILENT.begun(of.TRANSACTION)
    assert not SILENT.is_on
