"""What authorities ask of a person's time: appointments with an hour, and which of them are one meeting."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from hub.plan.danish_time import day_of
from hub.plan.element import Detail, Element, Kind, Status

STILL_ASKED_FOR = frozenset({Status.PLANNED, Status.ACTIVE})


class Way(StrEnum):
    """How somebody is met, as the element's ``contact`` says; where it says nothing, in person."""

    IN_PERSON = "in-person"
    PHONE = "phone"
    DIGITAL = "digital"
    LETTER = "letter"


_WAYS = frozenset(Way)


@dataclass(frozen=True, slots=True)
class Demand:
    """An appointment and its hours."""

    element: Element
    start: datetime
    end: datetime

    @property
    def day(self) -> date:
        """Return the Danish day on which it begins."""
        return day_of(self.start)

    def is_still_on_at(self, later: datetime) -> bool:
        """Tell whether it is not over at an instant after its beginning; one of no length still takes its instant."""
        return later < self.end or later == self.start


@dataclass(frozen=True, slots=True)
class JointMeeting:
    """Appointments of several authorities that are one meeting, told by each of them.

    :ivar elements: the appointments, by when they begin.
    :ivar agrees: all name the same hours.
    """

    elements: tuple[UUID, ...]
    agrees: bool


def way_of(element: Element) -> Way:
    """Return how the person is met."""
    said = element.details.get(Detail.CONTACT, "")
    return Way(said) if said in _WAYS else Way.IN_PERSON


def demands(elements: Iterable[Element], at: datetime) -> list[Demand]:
    """Return the appointments that still ask for hours, by when they begin; one for a whole day names no hour.

    :param at: what has ended by then asks for nothing any more.
    """
    return in_order(_demands(elements, at))


def joint_meetings(asked: Sequence[Demand]) -> list[tuple[Demand, ...]]:
    """Group the demands that are one meeting, by when they begin; those that stand alone are groups of one.

    Two of different authorities are one when their hours overlap and they bear the same title, or both say that more
    authorities take part. Which of two that disagree is right, no rule can know; so they are shown side by side.
    """
    groups = {one.element.id: [one] for one in asked}
    for first, second in pairs_within(asked, timedelta()):
        if groups[first.element.id] is not groups[second.element.id] and _is_one_meeting(first, second):
            joined = in_order(groups[first.element.id] + groups[second.element.id])
            groups.update({one.element.id: joined for one in joined})
    return [tuple(groups[one.element.id]) for one in asked if groups[one.element.id][0] is one]


def pairs_within(asked: Sequence[Demand], apart: timedelta) -> Iterator[tuple[Demand, Demand]]:
    """Yield the pairs of which the later begins before the earlier is over, or less than a time after it.

    :param asked: by when they begin.
    """
    for number, first in enumerate(asked):
        for second in asked[number + 1 :]:
            if not first.is_still_on_at(second.start) and second.start >= first.end + apart:
                break
            yield first, second


def in_order(asked: Iterable[Demand]) -> list[Demand]:
    """Sort demands by when they begin."""
    return sorted(asked, key=lambda one: (one.start, one.end, one.element.id))


def told_twice(elements: Iterable[Element], at: datetime) -> tuple[JointMeeting, ...]:
    """Find the meetings of which more than one authority tells, by when they begin."""
    return tuple(
        JointMeeting(tuple(one.element.id for one in group), len({(one.start, one.end) for one in group}) == 1)
        for group in joint_meetings(demands(elements, at))
        if len(group) > 1
    )


def folded(words: str) -> str:
    """Return words without what two who write the same differ in: case, and space between."""
    return " ".join(words.casefold().split())


def _demands(elements: Iterable[Element], at: datetime) -> Iterator[Demand]:
    for element in elements:
        start, end = element.valid.start, element.valid.end
        is_asked = element.kind is Kind.APPOINTMENT and element.status in STILL_ASKED_FOR
        is_all_day = element.details.get(Detail.ALL_DAY) == "yes"
        if is_asked and not is_all_day and start is not None and end is not None and at < end:
            yield Demand(element, start, end)


def _is_one_meeting(first: Demand, second: Demand) -> bool:
    one, other = first.element, second.element
    if one.authority == other.authority or not first.is_still_on_at(second.start):
        return False
    is_joint = all(element.details.get(Detail.WITH_MORE_AUTHORITIES) == "yes" for element in (one, other))
    return is_joint or (bool(one.title) and folded(one.title) == folded(other.title))
