"""Whom the hub does not know fills its audit with so many rows a minute and no more; how many they were is known."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.flow.refusal import MOST, Unknown


def test_after_the_most_of_a_minute_refusals_are_counted_and_the_next_row_says_how_many() -> None:
    unknown = Unknown()
    assert [unknown.next_row(100.0 + one / 100) for one in range(MOST + 40)] == [0] * MOST + [None] * 40
    assert unknown.next_row(160.0) == 40
    assert unknown.next_row(160.1) == 0


@given(st.lists(st.floats(0, 30), max_size=300))
def test_none_is_lost_and_no_minute_has_more_rows_than_the_most_but_for_its_edges(waits: list[float]) -> None:
    unknown, at, rows, stood_for = Unknown(), 1_000.0, list[float](), 0
    for wait in waits:
        at += wait
        others = unknown.next_row(at)
        if others is not None:
            rows.append(at)
            stood_for += 1 + others
    last = unknown.next_row(at + 60)
    assert last is not None
    assert stood_for + last == len(waits)
    assert all(sum(begin <= row < begin + 60 for row in rows) <= 2 * MOST for begin in rows)
