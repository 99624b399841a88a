"""What is worth a coordinator's look: computed over the elements of a reader's view, never stored on the plan.

What a view withholds can so not show in a finding. A finding warns; nothing else rests on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations, groupby
from uuid import UUID

from hub.plan.deadlines import FollowUpDue, follow_ups_due
from hub.plan.demands import STILL_ASKED_FOR, Demand, Way, demands, folded, joint_meetings, pairs_within, way_of
from hub.plan.element import Category, Detail, Element, Kind, Status

#: A full working week in Denmark, hours; more than that no two authorities together can ask for.
FULL_WEEK = 37
#: From so many hours a week an activity takes the days in which treatment is given.
FULL_TIME = 30
#: Two assessments of the same further apart than this are a follow-up, not a repetition. A proposal, as is FULL_TIME.
SAME_ASSESSMENT = timedelta(days=182)
_TAKEN_BACK = frozenset({Status.CANCELLED, Status.ENTERED_IN_ERROR})


@dataclass(frozen=True, slots=True)
class OverlappingDemands:
    """Two authorities ask for a person's time, and the person cannot well give it to both.

    :ivar elements: the two appointments, by when they begin.
    :ivar is_at_once: they overlap; otherwise less than the travel time lies between them.
    """

    elements: tuple[UUID, UUID]
    is_at_once: bool


@dataclass(frozen=True, slots=True)
class BusyDay:
    """Several authorities ask a person to come on one day.

    :ivar elements: the appointments in person, by when they begin.
    """

    elements: tuple[UUID, ...]
    day: date


@dataclass(frozen=True, slots=True)
class OppositeDemands:
    """Authorities ask for what cannot both be done: more hours than a week has, or full time beside treatment.

    :ivar hours: a week, of all together; None where full time stands against treatment.
    """

    elements: tuple[UUID, ...]
    hours: int | None


@dataclass(frozen=True, slots=True)
class AskedTwice:
    """Two authorities assess the same, or ask for the same paper."""

    elements: tuple[UUID, UUID]


Finding = OverlappingDemands | BusyDay | OppositeDemands | AskedTwice | FollowUpDue
#: What each is called outside the hub.
KINDS: Mapping[type, str] = {
    OverlappingDemands: "overlapping-demands",
    BusyDay: "busy-day",
    OppositeDemands: "opposite-demands",
    AskedTwice: "asked-twice",
    FollowUpDue: "follow-up-due",
}


def findings(elements: Iterable[Element], at: datetime, travel: timedelta) -> tuple[Finding, ...]:
    """Find all that is worth a look, most pressing kind first.

    :param at: now; what is over asks for nothing any more.
    :param travel: the way between two appointments.
    """
    known = list(elements)
    if len({one.authority for one in known}) < 2:
        return follow_ups_due(known, at)  # all others are between two authorities
    overlaps = overlapping_demands(known, at, travel)
    told = {element for one in overlaps for element in one.elements}
    return (
        *overlaps,
        *opposite_demands(known, at),
        *(one for one in busy_days(known, at) if not told.issuperset(one.elements)),  # one warning of a meeting will do
        *follow_ups_due(known, at),
        *asked_twice(known),
    )


def overlapping_demands(elements: Iterable[Element], at: datetime, travel: timedelta) -> tuple[OverlappingDemands, ...]:
    """Find appointments of different authorities that a person cannot well keep both, by when they begin.

    Appointments count that have a beginning and an end and are planned; one meeting that two authorities tell of is no
    collision.

    :param at: what has ended by then asks for nothing any more.
    :param travel: what lies between two appointments, unless both are said to be at the same place or one is not met in
        person.
    """
    asked = demands(elements, at)
    meeting = {one.element.id: number for number, group in enumerate(joint_meetings(asked)) for one in group}
    return tuple(
        OverlappingDemands((first.element.id, second.element.id), first.is_still_on_at(second.start))
        for first, second in pairs_within(asked, travel)
        if first.element.authority != second.element.authority
        and meeting[first.element.id] != meeting[second.element.id]
        and (first.is_still_on_at(second.start) or second.start < first.end + _way(first, second, travel))
    )


def busy_days(elements: Iterable[Element], at: datetime) -> tuple[BusyDay, ...]:
    """Find the days on which two authorities or more ask a person to come, each meeting counted once."""
    in_person = [group for group in joint_meetings(demands(elements, at)) if way_of(group[0].element) is Way.IN_PERSON]
    return tuple(
        BusyDay(tuple(one.element.id for group in meetings for one in group), day)
        for day, meetings in ((day, list(found)) for day, found in groupby(in_person, key=lambda group: group[0].day))
        if len(meetings) > 1 and len({one.element.authority for group in meetings for one in group}) > 1
    )


def opposite_demands(elements: Iterable[Element], at: datetime) -> tuple[OppositeDemands, ...]:
    """Find activities of different authorities that go on at one time and leave no room for each other."""
    running = [one for one in elements if one.kind is Kind.ACTIVITY and one.status in STILL_ASKED_FOR]
    running = sorted((one for one in running if not one.valid.end or at < one.valid.end), key=lambda one: one.id)
    return (*_too_many_hours(running), *_full_time_beside_treatment(running))


def asked_twice(elements: Iterable[Element]) -> tuple[AskedTwice, ...]:
    """Find assessments of the same by two authorities within half a year: of one code, or of one title."""
    assessments = [one for one in elements if one.category == Category.ASSESSMENTS and one.status not in _TAKEN_BACK]
    return tuple(
        AskedTwice((first.id, second.id))
        for first, second in combinations(sorted(assessments, key=_begins), 2)
        if first.authority != second.authority
        and _begins(second)[0] - _begins(first)[0] <= SAME_ASSESSMENT
        and _is_of_the_same(first, second)
    )


def _way(first: Demand, second: Demand, travel: timedelta) -> timedelta:
    if Way.IN_PERSON is not way_of(first.element) or Way.IN_PERSON is not way_of(second.element):
        return timedelta()
    here, there = (one.element.details.get(Detail.PLACE) for one in (first, second))
    return timedelta() if here is not None and here == there else travel


def _too_many_hours(running: Sequence[Element]) -> Iterator[OppositeDemands]:
    """Yield the largest group that asks for too much at one time, so that one overload is one finding."""
    asking = [(one, hours) for one in running if (hours := _hours(one))]
    begins = [one.valid.start for one, _ in asking if one.valid.start]
    groups = {frozenset(one.id for one, _ in asking if one.valid.covers(begin)) for begin in begins}
    for group in sorted(groups, key=sorted):
        if any(group < other for other in groups):
            continue
        hours = sum(asked for one, asked in asking if one.id in group)
        if hours > FULL_WEEK and len({one.authority for one, _ in asking if one.id in group}) > 1:
            yield OppositeDemands(tuple(sorted(group)), hours)


def _full_time_beside_treatment(running: Sequence[Element]) -> Iterator[OppositeDemands]:
    for one in running:
        if _hours(one) >= FULL_TIME:
            for other in running:
                if other.category == Category.HEALTH and other.authority != one.authority and _meet(one, other):
                    yield OppositeDemands((one.id, other.id), None)


def _hours(activity: Element) -> int:
    said = activity.details.get(Detail.HOURS_PER_WEEK, "")
    return int(said) if said.isascii() and said.isdigit() else 0


def _meet(one: Element, other: Element) -> bool:
    """Tell whether two periods share an instant."""
    return all(
        first.valid.end is None or second.valid.start is None or second.valid.start < first.valid.end
        for first, second in ((one, other), (other, one))
    )


def _begins(element: Element) -> tuple[datetime, UUID]:
    return element.valid.start or element.registered_at, element.id


def _is_of_the_same(first: Element, second: Element) -> bool:
    codes = {(code.system, code.code) for code in first.codes} & {(code.system, code.code) for code in second.codes}
    return bool(codes) or (bool(first.title) and folded(first.title) == folded(second.title))
