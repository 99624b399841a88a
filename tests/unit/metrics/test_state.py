"""The state of things is looked at once for all who ask, and never waited for too long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from hub.clock import monotonic
from hub.errors import StoreBusy
from hub.metrics import instruments as of
from hub.metrics.counts import Counts
from hub.metrics.state import Sample, SharedLook, StateCollector

DEPTH = Sample(of.QUEUE_DEPTH, ("social",), 7)


def told(look: Callable[[], Sequence[Sample]], seconds: float = 5.0) -> str:
    counts = Counts()
    counts.know(["social"])
    counts.tell_of(StateCollector(counts, SharedLook(look, seconds), list))
    return counts.text().decode()


def away() -> Sequence[Sample]:
    raise StoreBusy("The database does not answer in time.")


@pytest.mark.files
def test_what_is_seen_is_told() -> None:
    text = told(lambda: [DEPTH])
    assert 'hub_queue_depth{recipient="social"} 7.0' in text
    assert "hub_state_up 1.0" in text


@pytest.mark.files
def test_names_in_no_list_are_summed_or_the_highest_of_them_is_told() -> None:
    oldest = [Sample(of.QUEUE_OLDEST, (name,), age) for name, age in (("a", 3.0), ("b", 9.0), ("c", 1.0))]
    text = told(lambda: [DEPTH, DEPTH._replace(values=("a",)), DEPTH._replace(values=("b",)), *oldest])
    assert 'hub_queue_depth{recipient="other"} 14.0' in text
    assert 'hub_queue_oldest_seconds{recipient="other"} 9.0' in text


@pytest.mark.files
def test_a_database_that_is_away_leaves_its_numbers_out() -> None:
    text = told(away)
    assert "hub_state_up 0.0" in text
    assert "hub_queue_depth" not in text
    assert "hub_audit_entries_total 0.0" in text  # what the process itself has counted is told all the same


def test_a_database_that_hangs_keeps_nobody_waiting() -> None:
    hangs = threading.Event()

    def hanging() -> Sequence[Sample]:
        hangs.wait(30)
        return [DEPTH]

    look = SharedLook(hanging, 0.1)
    began = monotonic()
    told_of = [look.latest() for _ in range(3)]
    assert monotonic() - began < 5
    assert [(one.samples, one.is_up) for one in told_of] == [(None, False)] * 3
    assert [one.seconds >= 0.1 * number for number, one in enumerate(told_of, start=1)] == [True] * 3, "it grows"
    hangs.set()
    assert SharedLook(lambda: [DEPTH]).latest().samples == [DEPTH]


@pytest.mark.files
def test_what_was_seen_is_told_for_a_while_where_the_next_look_hangs_or_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    hangs, at = threading.Event(), [1000.0]
    monkeypatch.setattr("hub.metrics.state.monotonic", lambda: at[0])
    looks: list[Callable[[], Sequence[Sample]]] = [lambda: [DEPTH], away, lambda: [DEPTH] if hangs.wait(30) else []]
    look = SharedLook(lambda: looks.pop(0)())
    assert look.latest() == ([DEPTH], True, 0.0)
    at[0] += 61
    assert look.latest() == ([DEPTH], False, 0.0), "it failed"
    at[0] += 61
    monkeypatch.setattr(look, "_seconds", 0.1)
    assert look.latest() == ([DEPTH], False, 0.0), "it hangs"
    at[0] += 8
    assert look.latest() == ([DEPTH], False, 8.0)
    at[0] += 51
    assert look.latest() == (None, False, 59.0), "what was seen is too old"
    hangs.set()
    assert any(look.latest() == ([DEPTH], True, 59.0) for _ in range(100)), "and what comes after all is told"


def test_all_who_ask_at_once_share_one_look() -> None:
    looks: list[float] = []

    def slow() -> Sequence[Sample]:
        looks.append(monotonic())
        threading.Event().wait(0.2)
        return [DEPTH]

    look = SharedLook(slow)
    with ThreadPoolExecutor(8) as askers:
        answers = list(askers.map(lambda _: look.latest(), range(8)))
    assert [one.samples for one in answers] == [[DEPTH]] * 8
    assert len(looks) == 1
