"""Working days in Denmark, for a deadline that is counted in them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hub.plan.danish_time import LOCAL, day_of

_SATURDAY = 5
_DAY = timedelta(days=1)
#: Days from Easter Sunday to the public holidays that move with it: Maundy Thursday, Good Friday, Easter Monday,
#: Ascension Day, Whit Monday. The Great Prayer Day is a working day since 2024 (lov nr. 214 af 6/3/2023).
_AROUND_EASTER = frozenset({-3, -2, 1, 39, 50})
#: New Year's Day, and two days of Christmas.
_EACH_YEAR = frozenset({(1, 1), (12, 25), (12, 26)})


def end_of_working_day(since: datetime, count: int) -> datetime:
    """Return when so many working days after an instant are over: midnight, Danish time, after the last of them.

    The day of the instant itself is not counted.
    """
    day = day_of(since)
    while count > 0:
        day += _DAY
        count -= is_working_day(day)
    after = day + _DAY
    return datetime(after.year, after.month, after.day, tzinfo=LOCAL)


def is_working_day(day: date) -> bool:
    """Tell whether a day is neither of a weekend nor a public holiday."""
    is_holiday = (day.month, day.day) in _EACH_YEAR or (day - easter_sunday(day.year)).days in _AROUND_EASTER
    return day.weekday() < _SATURDAY and not is_holiday


def easter_sunday(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (J.-M. Oudin 1940, as the U.S. Naval Observatory gives it)."""
    century = year // 100
    golden = year % 19
    correction = (century - 17) // 25
    moon = (century - century // 4 - (century - correction) // 3 + 19 * golden + 15) % 30
    moon -= (moon // 28) * (1 - (moon // 28) * (29 // (moon + 1)) * ((21 - golden) // 11))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    to_sunday = moon - weekday
    month = 3 + (to_sunday + 40) // 44
    return date(year, month, to_sunday + 28 - 31 * (month // 4))
