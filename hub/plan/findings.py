"""What is worth a coordinator's look: computed over the elements of a reader's view, never stored on the plan.

What a view withholds can so not show in a finding. A finding warns; nothing else rests on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from hub.plan.element import Detail, Element, Kind, Status

_STILL_ASKED_FOR = frozenset({Status.PLANNED, Status.ACTIVE})


@dataclass(frozen=True, slots=True)
class OverlappingDemands:
    """Two authorities ask for a person's time, and the person cannot well give it to both.

    :ivar elements: the two appointments, by when they begin.
    :ivar is_at_once: they overlap; otherwise less than the travel time lies between them.
    """

    elements: tuple[UUID, UUID]
    is_at_once: bool


def overlapping_demands(elements: Iterable[Element], at: datetime, travel: timedelta) -> tuple[OverlappingDemands, ...]:
    """Find appointments of different authorities that a person cannot well keep both, by when they begin.

    Appointments count that have a beginning and an end and are planned; one for a whole day says nothing of the hour.

    :param at: what has ended by then asks for nothing any more.
    :param travel: what lies between two appointments, unless both are said to be at the same place.
    """
    asked = sorted(_demands(elements, at), key=lambda one: (one.start, one.end, one.element.id))
    return tuple(
        OverlappingDemands((first.element.id, second.element.id), first.is_still_on_at(second.start))
        for number, first in enumerate(asked)
        for second in asked[number + 1 :]
        if first.element.authority != second.element.authority
        and (first.is_still_on_at(second.start) or second.start < first.end + _way(first, second, travel))
    )


@dataclass(frozen=True, slots=True)
class _Demand:
    """An appointment and its hours."""

    element: Element
    start: datetime
    end: datetime

    def is_still_on_at(self, later: datetime) -> bool:
        """Tell whether it is not over at an instant after its beginning; one of no length still takes its instant."""
        return later < self.end or later == self.start


def _demands(elements: Iterable[Element], at: datetime) -> Iterator[_Demand]:
    for element in elements:
        start, end = element.valid.start, element.valid.end
        is_asked = element.kind is Kind.APPOINTMENT and element.status in _STILL_ASKED_FOR
        is_all_day = element.details.get(Detail.ALL_DAY) == "yes"
        if is_asked and not is_all_day and start is not None and end is not None and at < end:
            yield _Demand(element, start, end)


def _way(first: _Demand, second: _Demand, travel: timedelta) -> timedelta:
    here, there = (one.element.details.get(Detail.PLACE) for one in (first, second))
    return timedelta() if here is not None and here == there else travel
