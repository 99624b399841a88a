"""Working days in Denmark."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from hub.plan.danish_time import LOCAL
from hub.plan.working_days import easter_sunday, end_of_working_day, is_working_day


@pytest.mark.parametrize(
    ("year", "day"),
    [(2000, (4, 23)), (2008, (3, 23)), (2011, (4, 24)), (2024, (3, 31)), (2026, (4, 5)), (2038, (4, 25))],
)  # fmt: skip
def test_easter_is_when_the_almanac_has_it(year: int, day: tuple[int, int]) -> None:
    assert easter_sunday(year) == date(year, *day)


def test_nobody_works_on_the_holidays_of_2026_and_everybody_on_the_day_that_was_one() -> None:
    days_off = [(1, 1), (4, 2), (4, 3), (4, 6), (5, 14), (5, 25), (12, 25)]
    assert not any(is_working_day(date(2026, *day)) for day in days_off)
    assert is_working_day(date(2026, 5, 1)), "the Great Prayer Day until 2023"
    assert not is_working_day(date(2026, 11, 28)), "a Saturday"


@pytest.mark.parametrize(
    ("said", "count", "ends"),
    [
        (datetime(2026, 11, 23, 9, tzinfo=LOCAL), 1, datetime(2026, 11, 25, tzinfo=LOCAL)),
        (datetime(2026, 11, 27, 23, 59, tzinfo=LOCAL), 1, datetime(2026, 12, 1, tzinfo=LOCAL)),
        (datetime(2026, 12, 18, 9, tzinfo=LOCAL), 5, datetime(2026, 12, 29, tzinfo=LOCAL)),
        (datetime(2026, 3, 27, 9, tzinfo=LOCAL), 4, datetime(2026, 4, 8, tzinfo=LOCAL)),
    ],
)
def test_a_deadline_ends_with_its_last_working_day(said: datetime, count: int, ends: datetime) -> None:
    assert end_of_working_day(said, count) == ends
