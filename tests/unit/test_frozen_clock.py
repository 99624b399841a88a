"""The clock of the tests stands still for whoever asks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest

from hub.clock import now
from hub.testing.clock import frozen

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def test_a_frozen_clock_stands_still_for_a_module_that_imported_now_by_name() -> None:
    with frozen(NINE):
        assert now() == NINE
        assert now() == NINE


def test_a_frozen_clock_stands_still_on_other_threads_too() -> None:
    with frozen(NINE), ThreadPoolExecutor(1) as pool:
        assert pool.submit(now).result() == NINE


def test_a_frozen_clock_moves_when_it_is_told_to() -> None:
    with frozen(NINE) as clock:
        clock.advance(timedelta(hours=1))
        assert now() == NINE + timedelta(hours=1)
        clock.move_to(NINE)
        assert now() == NINE


def test_the_clock_goes_on_after_the_block_even_if_the_block_fails() -> None:
    with pytest.raises(RuntimeError), frozen(NINE):
        raise RuntimeError
    assert now() != NINE


def test_a_frozen_clock_inside_another_gives_the_outer_back() -> None:
    with frozen(NINE):
        with frozen(NINE + timedelta(days=1)):
            assert now() == NINE + timedelta(days=1)
        assert now() == NINE


def test_a_frozen_clock_tells_utc_whatever_zone_it_was_set_in() -> None:
    with frozen(NINE.astimezone(timezone(timedelta(hours=2)))):
        assert now().utcoffset() == timedelta(0)


def test_a_clock_is_not_frozen_at_a_naive_time() -> None:
    with pytest.raises(ValueError, match="aware"), frozen(NINE.replace(tzinfo=None)):
        pass
