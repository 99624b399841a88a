"""Trace contexts: what is read of a sender's, and what ids the hub's own have."""

from __future__ import annotations

from uuid import UUID

import pytest

from hub.authority import DeliveryKey
from hub.authority.tracing import new_trace, of_delivery, read_traceparent, rows_of, trace_of
from hub.clock import new_id

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_a_traceparent_is_read_and_written_alike() -> None:
    context = read_traceparent(f"00-{TRACE}-{SPAN}-01")
    assert context is not None
    assert (context.trace_id, context.span_id) == (UUID(hex=TRACE), SPAN)
    assert str(context) == f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize("flags", ["00", "01", "ff"])
def test_flags_of_any_value_are_taken(flags: str) -> None:
    assert read_traceparent(f"00-{TRACE}-{SPAN}-{flags}") == read_traceparent(f"00-{TRACE}-{SPAN}-01")


@pytest.mark.parametrize("told", [f"01-{TRACE}-{SPAN}-01", f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be"])
def test_a_later_version_is_read_by_its_first_four_fields(told: str) -> None:
    assert read_traceparent(told) == read_traceparent(f"00-{TRACE}-{SPAN}-01")


@pytest.mark.parametrize(
    "told",
    [
        "",
        "00",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"01-{TRACE}-{SPAN}-01.more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE}-{SPAN}-0g",
        f"0-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        f"00-{TRACE}-{SPAN}-01, 00-{TRACE}-{SPAN}-01",
        "00-" + "\uff14" * 32 + f"-{SPAN}-01",
    ],
)
def test_what_is_no_traceparent_is_none(told: str) -> None:
    assert read_traceparent(told) is None


def test_attempts_of_one_delivery_are_spans_of_one_trace_and_another_delivery_is_another() -> None:
    row, first, second = new_id(), new_id(), new_id()
    contexts = [of_delivery(row, 1, first), of_delivery(row, 1, second), of_delivery(row, 2, first)]
    assert contexts[0].trace_id == contexts[1].trace_id != contexts[2].trace_id
    assert contexts[0].span_id != contexts[1].span_id
    assert [read_traceparent(str(one)) for one in contexts] == contexts


def test_the_row_of_a_delivery_lies_where_its_trace_says() -> None:
    row = new_id()
    lowest, highest = rows_of(trace_of(row, 7))
    assert lowest <= row <= highest
    assert not lowest <= new_id() <= highest


def test_a_new_trace_is_no_other() -> None:
    assert new_trace().trace_id != new_trace().trace_id


def test_a_delivery_has_the_same_name_in_whatever_trace() -> None:
    plan, trace = new_id(), of_delivery(new_id(), 1, new_id())
    with_one, without = DeliveryKey("social", plan, 1, trace), DeliveryKey("social", plan, 1)
    assert with_one == without
    assert (str(with_one), hash(with_one)) == (str(without), hash(without))
    assert with_one.traced == {"traceparent": str(trace)}
    assert without.traced == {}
