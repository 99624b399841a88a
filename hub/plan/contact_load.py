"""How many contacts authorities ask of a person in a week: a burden on a family, never a score of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hub.plan.danish_time import IsoWeek
from hub.plan.demands import Demand, Way, in_order, joint_meetings, way_of
from hub.plan.element import Element, Kind, Status

_COUNTS = frozenset({Status.PLANNED, Status.ACTIVE, Status.COMPLETED})


@dataclass(frozen=True, slots=True)
class ContactLoad:
    """The contacts of one week.

    :ivar contacts: one id for each, of the first authority that tells of it.
    :ivar ways: how many of each way (in person, phone, digital, letter).
    :ivar authorities: in how many each authority takes part; a joint meeting counts for each of them.
    """

    week: IsoWeek
    contacts: tuple[UUID, ...]
    ways: Mapping[Way, int]
    authorities: Mapping[str, int]

    @property
    def total(self) -> int:
        """Return how many contacts there are."""
        return len(self.contacts)


def contact_load(elements: Iterable[Element], first: IsoWeek, weeks: int) -> tuple[ContactLoad, ...]:
    """Count the contacts of each of some weeks that follow each other.

    A contact is an appointment that is planned, under way or was held, in the week in which it begins: a meeting, a
    home visit, a call, a letter that needs an answer. A meeting of several authorities is one contact. The count is a
    lower bound where the reader's view leaves something out or a source is silent; whoever shows it says so.
    """
    told = in_order(one for one in map(_contact, elements) if one)
    by_week: dict[IsoWeek, list[tuple[Demand, ...]]] = {first.later(number): [] for number in range(weeks)}
    for meeting in joint_meetings([one for one in told if IsoWeek.of(one.start) in by_week]):
        by_week[IsoWeek.of(meeting[0].start)].append(meeting)
    return tuple(_load(week, meetings) for week, meetings in by_week.items())


def together(loads: Iterable[ContactLoad]) -> ContactLoad:
    """Return the load of a household: that of its members in one week, added up. :raises ValueError: of other weeks."""
    added = list(loads)
    (week,) = {one.week for one in added}
    contacts = tuple(contact for one in added for contact in one.contacts)
    ways = sum((Counter(one.ways) for one in added), Counter[Way]())
    return ContactLoad(week, contacts, ways, sum((Counter(one.authorities) for one in added), Counter[str]()))


def _contact(element: Element) -> Demand | None:
    start = element.valid.start
    if element.kind is not Kind.APPOINTMENT or element.status not in _COUNTS or start is None:
        return None
    return Demand(element, start, _end(start, element.valid.end))


def _end(start: datetime, end: datetime | None) -> datetime:
    return end if end is not None and end > start else start


def _load(week: IsoWeek, meetings: Iterable[tuple[Demand, ...]]) -> ContactLoad:
    told = list(meetings)
    return ContactLoad(
        week,
        tuple(meeting[0].element.id for meeting in told),
        Counter(way_of(meeting[0].element) for meeting in told),
        Counter(authority for meeting in told for authority in sorted({one.element.authority for one in meeting})),
    )
