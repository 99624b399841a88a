"""The picture of a timeline, as shapes of an SVG: a lane for each authority, time from left to right.

Places along the line are percent of its width and heights are pixels, so that it fits any screen and its words keep
their size; no shape needs a style of its own, which the pages' policy forbids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from hub.consent.explain import MONTHS_DA, MONTHS_EN
from hub.plan.danish_time import LOCAL
from hub.ui.times import calendar_day
from hub.ui.words import word

#: What the picture shows around today; the table beside it shows all.
BEFORE, AFTER = timedelta(weeks=8), timedelta(weeks=16)
_TOP, _NAME, _LINE = 24, 20, 14  # pixels: the months, a lane's name, one line of shapes
_LEAST = 0.8  # percent; what lasts a day can still be seen
_MOST_LINES = 6


@dataclass(frozen=True, slots=True)
class Mark:
    """Something on the timeline. :ivar is_meeting: a dot; else a bar as long as it lasts, open ends included."""

    lane: str
    start: datetime | None
    end: datetime | None
    is_meeting: bool
    is_over: bool


@dataclass(frozen=True, slots=True)
class Shape:
    """A dot (no width) or a bar. :ivar x: and ``width`` in percent. :ivar y: of its middle, in pixels."""

    x: float
    width: float
    y: int
    is_over: bool


@dataclass(frozen=True, slots=True)
class Lane:
    """One authority's part. :ivar y: where its name stands, in pixels."""

    name: str
    y: int
    dots: tuple[Shape, ...]
    bars: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """All that the SVG is drawn from.

    :ivar today: in percent. :ivar months: each one's name, and where it begins, in percent.
    :ivar covers: from which day to which, in words.
    """

    height: int
    today: float
    months: tuple[tuple[str, float], ...]
    lanes: tuple[Lane, ...]
    covers: str


def picture_of(marks: Iterable[Mark], at: datetime, language: str) -> Picture:
    """Return the picture of what lies around an instant."""
    first, last = at - BEFORE, at + AFTER
    within = [one for one in marks if (one.start or first) < last and _end(one, last) >= first]
    lanes, y = [], _TOP
    for name in sorted({one.lane for one in within}):
        lane, y = _lane(name, [one for one in within if one.lane == name], first, last, y)
        lanes.append(lane)
    return Picture(
        height=y,
        today=_percent(at, first, last),
        months=tuple(_months(first, last, language)),
        lanes=tuple(lanes),
        covers=word("time.span", language, first=_day(first, language), last=_day(last, language)),
    )


def _lane(name: str, marks: Sequence[Mark], first: datetime, last: datetime, top: int) -> tuple[Lane, int]:
    """Return a lane and where the next begins: its name, a line of dots, and bars in as few lines as have room."""
    y = top + _NAME
    dots = [one for one in marks if one.is_meeting]
    shapes = tuple(Shape(_percent(_begin(one, first), first, last), 0, y + _LINE // 2, one.is_over) for one in dots)
    y += _LINE if dots else 0
    bars: list[Shape] = []
    ends: list[float] = []  # how far each line is taken
    for one in (one for one in marks if not one.is_meeting):
        x = _percent(_begin(one, first), first, last)
        width = max(_percent(_end(one, last), first, last) - x, _LEAST)
        line = next((n for n, taken in enumerate(ends) if taken <= x), len(ends))
        line = min(line, _MOST_LINES - 1)  # more than that overlaps, and stands in the table
        ends[line : line + 1] = [x + width]
        bars.append(Shape(x, round(width, 2), y + line * _LINE + _LINE // 2, one.is_over))
    return Lane(name, top + _NAME - 6, shapes, tuple(bars)), y + len(ends) * _LINE + 4


def _begin(one: Mark, first: datetime) -> datetime:
    return max(one.start or first, first)


def _end(one: Mark, last: datetime) -> datetime:
    ends = (one.end or one.start) if one.is_meeting else one.end
    return min(ends or last, last)


def _percent(at: datetime, first: datetime, last: datetime) -> float:
    return round(100 * ((at - first) / (last - first)), 2)


def _months(first: datetime, last: datetime, language: str) -> Iterator[tuple[str, float]]:
    names = MONTHS_EN if language == "en" else MONTHS_DA
    begins = date(first.astimezone(LOCAL).year, first.astimezone(LOCAL).month, 1)
    while True:
        begins = (begins + timedelta(days=32)).replace(day=1)
        at = datetime(begins.year, begins.month, 1, tzinfo=LOCAL)
        if at >= last:
            return
        yield names[begins.month - 1][:3], _percent(at, first, last)


def _day(at: datetime, language: str) -> str:
    return calendar_day(at.astimezone(LOCAL).date(), language)
