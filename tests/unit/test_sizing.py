"""A played day keeps the arithmetic of a queue: what comes is delivered or waits; workers shorten waits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.sizing import ASSUMED, LONGEST_WAIT_SECONDS, MEASURED, Costs, Habits, longest_wait, page_tables, play

COSTS = Costs(taken_in_ms=6, delivered_ms=100, read_ms=4, plan_kb=20, update_kb=4)
days = st.lists(st.floats(0, 5_000), min_size=1, max_size=30)


def test_who_is_never_behind_waits_for_the_own_delivery_alone() -> None:
    assert longest_wait([600, 0, 600], 1, COSTS) == pytest.approx(0.1)


def test_what_comes_too_fast_waits_as_long_as_the_rest_takes() -> None:
    """A worker does 600 a minute: 900 leave 300 behind, which is half a minute."""
    assert longest_wait([900, 0], 1, COSTS) == pytest.approx(30.1)
    assert longest_wait([900, 900], 1, COSTS) == pytest.approx(60.1)
    assert longest_wait([900, 300, 900], 1, COSTS) == pytest.approx(30.1)


@given(day=days, workers=st.integers(1, 8))
def test_another_worker_makes_nobody_wait_longer(day: list[float], workers: int) -> None:
    assert longest_wait(day, workers + 1, COSTS) <= longest_wait(day, workers, COSTS)


@given(citizens=st.integers(1, 6_000_000))
def test_a_day_is_played_with_as_few_workers_as_keep_the_promise(citizens: int) -> None:
    played = play(citizens, COSTS, Habits())
    assert played.longest_wait <= LONGEST_WAIT_SECONDS
    if played.workers > 1:
        busiest = [played.deliveries * 60] * 6
        assert longest_wait(busiest, played.workers - 1, COSTS) > LONGEST_WAIT_SECONDS - 1


def test_twice_the_readings_and_half_the_updates_show() -> None:
    usual = play(60_000, COSTS, Habits())
    other = play(60_000, COSTS, replace(Habits(), readings_per_plan=4, updates_per_plan=0.75))
    assert other.readings == pytest.approx(2 * usual.readings)
    assert other.deliveries == pytest.approx(usual.deliveries / 2)


@pytest.mark.files
def test_the_page_says_what_is_played() -> None:
    page = (Path(__file__).parents[2] / "docs" / "explanation" / "scale.md").read_text("utf-8")
    assert page_tables(MEASURED, ASSUMED) in page, "python -m bench.sizing prints what belongs there"
