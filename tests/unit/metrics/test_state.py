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
    def away() -> Sequence[Sample]:
        raise StoreBusy("The database does not answer in time.")

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
    assert [look.latest() for _ in range(3)] == [None] * 3
    assert monotonic() - began < 5
    hangs.set()
    assert SharedLook(lambda: [DEPTH]).latest() == [DEPTH]


def test_all_who_ask_at_once_share_one_look() -> None:
    looks: list[float] = []

    def slow() -> Sequence[Sample]:
        looks.append(monotonic())
        threading.Event().wait(0.2)
        return [DEPTH]

    look = SharedLook(slow)
    with ThreadPoolExecutor(8) as askers:
        answers = list(askers.map(lambda _: look.latest(), range(8)))
    assert answers == [[DEPTH]] * 8
    assert len(looks) == 1
