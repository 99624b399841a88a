"""Times as people say them, in Danish time."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from hub.consent.explain import MONTHS_DA, MONTHS_EN
from hub.plan.danish_time import LOCAL
from hub.plan.element import Period
from hub.ui.words import word

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
#: A period ends before its end: what ends at midnight has the day before as its last.
_JUST_BEFORE = timedelta(microseconds=1)


def age(since: datetime, at: datetime, language: str) -> str:
    """Return how long ago something was, rounded down; what lies ahead by a crooked clock was just now."""
    seconds = int((at - since).total_seconds())
    for unit, size in (("day", _DAY), ("hour", _HOUR), ("minute", _MINUTE)):
        if seconds >= size:
            count = seconds // size
            return word(f"age.{unit}" if count == 1 else f"age.{unit}s", language, count=count)
    return word("age.now", language)


def moment(at: datetime, language: str) -> str:
    """Return a day and a time of day."""
    local = at.astimezone(LOCAL)
    return word(
        "time.clock", language, date=calendar_day(local.date(), language), hour=f"{local:%H}", minute=f"{local:%M}"
    )


def meeting(period: Period, is_all_day: bool, language: str) -> str:
    """Return when somebody is expected: weekday, date and, unless it is all day, the times of day."""
    if period.start is None:
        return word("time.none", language)
    first = period.start.astimezone(LOCAL)
    last = (period.end or period.start).astimezone(LOCAL)
    if is_all_day:
        return _weekday(first.date(), language)
    if last.date() != first.date():
        return word("time.span", language, first=_clock(first, language), last=_clock(last, language))
    if last == first:
        return _clock(first, language)
    return word(
        "time.clocks",
        language,
        date=_weekday(first.date(), language),
        hour=f"{first:%H}",
        minute=f"{first:%M}",
        last_hour=f"{last:%H}",
        last_minute=f"{last:%M}",
    )


def days(period: Period, language: str) -> str:
    """Return from which day to which, both included; empty where neither is known."""
    first = calendar_day(period.start.astimezone(LOCAL).date(), language) if period.start else ""
    last = calendar_day((period.end - _JUST_BEFORE).astimezone(LOCAL).date(), language) if period.end else ""
    if first and last:
        return first if first == last else word("time.span", language, first=first, last=last)
    if first:
        return word("time.from", language, first=first)
    return word("time.to", language, last=last) if last else ""


def month_name(day: date, language: str) -> str:
    """Return a month and its year."""
    names = MONTHS_DA if language == "da" else MONTHS_EN
    return f"{names[day.month - 1]} {day.year}".capitalize()


def since(first: date, language: str) -> str:
    """Return from which day on."""
    return word("time.from", language, first=calendar_day(first, language))


def _clock(at: datetime, language: str) -> str:
    return word("time.clock", language, date=_weekday(at.date(), language), hour=f"{at:%H}", minute=f"{at:%M}")


def _weekday(day: date, language: str) -> str:
    return word(
        "time.weekday", language, weekday=word(f"day.{day.weekday()}", language), date=calendar_day(day, language)
    )


def calendar_day(day: date, language: str) -> str:
    """Return a day of a month and year."""
    months = MONTHS_EN if language == "en" else MONTHS_DA
    return word("time.date", language, day=day.day, month=months[day.month - 1], year=day.year)
