"""Does one plan help? Numbers for each month, of all families together and of nobody in particular.

Made of what is known of elements in the clear (whose, what sort, when, since when), so no plan is opened for it. Which
of the numbers may be told is the business of ``hub.plan.telling``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import combinations
from uuid import UUID

from hub.plan.element import Kind, Status
from hub.plan.telling import Tally

#: What takes place, or took place, as far as its authority says.
_ON = frozenset({Status.PLANNED, Status.ACTIVE, Status.COMPLETED})
_UNDER_WAY = frozenset({Status.PLANNED, Status.ACTIVE})
#: What takes so long names a day and no hours.
_ALL_DAY = timedelta(hours=20)
#: From so many on, authorities of one family are counted together.
MANY = 3


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an appointment or an activity, in the clear.

    :ivar start: valid time, and ``end``.
    :ivar since: when the hub took it in. :ivar until: when another took its place.
    """

    element: UUID
    authority: str
    kind: Kind
    status: Status
    start: datetime | None
    end: datetime | None
    since: datetime
    until: datetime | None

    def is_known_at(self, at: datetime) -> bool:
        """Tell whether it is what the hub knows at an instant."""
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class OfPlan:
    """What one plan adds to a month.

    :ivar contacts: meetings that begin in it, as they were known when they began.
    :ivar demands: activities that ask something of the person in it.
    :ivar authorities: whose they are.
    :ivar overlaps: meetings of two authorities that were to begin in it and once overlapped.
    :ivar resolved: those of which one was moved or called off in time.
    """

    contacts: int = 0
    demands: int = 0
    authorities: frozenset[str] = frozenset()
    overlaps: int = 0
    resolved: int = 0


@dataclass(frozen=True, slots=True)
class Change:
    """Something that made deliveries due.

    :ivar plan: one of those that it was about.
    :ivar took: how long it took until all had it who were to; None: some have it not yet.
    """

    plan: UUID
    took: timedelta | None


class Word(StrEnum):
    """What a version of a consent says."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    #: A no that counts no more.
    TAKEN_BACK = "taken-back"
    #: Written down before it was kept in the clear whether it is a yes or a no.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Said:
    """A version of a consent. :ivar person: whose data it is about."""

    person: UUID
    word: Word


@dataclass(frozen=True, slots=True)
class Objection:
    """A disagreement or a question. :ivar in_time: it was answered by when it was due."""

    plan: UUID
    is_answered: bool
    in_time: bool


def of_plan(versions: Sequence[Version], begins: datetime, ends: datetime) -> OfPlan:
    """Return what one plan adds to the month from ``begins`` to before ``ends``."""
    meetings = [one for one in versions if one.kind is Kind.APPOINTMENT]
    held = [one for one in meetings if _begins_in(one, begins, ends) and _is_held(one)]
    asked = [one for one in versions if one.kind is Kind.ACTIVITY and _asks_in(one, begins, ends)]
    asked = list({one.element: one for one in asked}.values())
    found = [pair for pair in _pairs(meetings) if begins <= _first_start(pair) < ends]
    resolved = {_key(pair) for pair in found} - {_key(pair) for pair in found if all(_is_held(one) for one in pair)}
    return OfPlan(
        len({one.element for one in held}),
        len(asked),
        frozenset(one.authority for one in (*held, *asked)),
        len({_key(pair) for pair in found}),
        len(resolved),
    )


def families_of(concerned: Iterable[tuple[UUID, UUID]]) -> Mapping[UUID, UUID]:
    """Return of each plan, and of each person, the family: plans that concern one person are of one.

    :param concerned: plans, each with a person whom it concerns.
    """
    above: dict[UUID, UUID] = {}

    def top(one: UUID) -> UUID:
        while (higher := above.setdefault(one, one)) != one:
            above[one] = above[higher]
            one = above[one]
        return one

    for plan, person in concerned:
        above[top(person)] = top(plan)
    return {one: top(one) for one in list(above)}


def by_number_of_authorities(authorities: Mapping[UUID, frozenset[str]]) -> Mapping[int, Tally]:
    """Return the families that have to do with one authority, with two, and with ``MANY`` or more.

    :param authorities: of each family those that it has to do with.
    """
    found = {number: Tally() for number in range(1, MANY + 1)}
    for family, names in authorities.items():
        if names:
            found[min(len(names), MANY)][family] += 1
    return found


def quantile(times: Sequence[timedelta], share: float) -> timedelta | None:
    """Return the time within which a share of several lies; None: there are none."""
    in_order = sorted(times)
    return in_order[min(int(len(in_order) * share), len(in_order) - 1)] if in_order else None


def _begins_in(one: Version, begins: datetime, ends: datetime) -> bool:
    return one.start is not None and begins <= one.start < ends


def _is_held(one: Version) -> bool:
    """Tell whether a meeting was, when it began, as this version says."""
    return one.start is not None and one.status in _ON and one.is_known_at(one.start)


def _asks_in(one: Version, begins: datetime, ends: datetime) -> bool:
    is_then = (one.start is None or one.start < ends) and (one.end is None or one.end > begins)
    is_known = one.since < ends and (one.until is None or one.until > begins)
    return is_then and is_known and one.status in _UNDER_WAY


def _pairs(meetings: Sequence[Version]) -> Iterator[tuple[Version, Version]]:
    """Yield the meetings of two authorities that overlapped, as the hub knew both before the first of them began."""
    timed = [one for one in meetings if one.status in _ON and one.start and one.end and one.end - one.start < _ALL_DAY]
    for pair in combinations(timed, 2):
        one, other = pair
        if one.authority != other.authority and _overlap(one, other):
            known_from = max(one.since, other.since)
            if known_from < _first_start(pair) and all(each.is_known_at(known_from) for each in pair):
                yield pair


def _overlap(one: Version, other: Version) -> bool:
    if one.start is None or one.end is None or other.start is None or other.end is None:
        return False
    return one.start < other.end and other.start < one.end


def _first_start(pair: tuple[Version, Version]) -> datetime:
    return min(one.start for one in pair if one.start is not None)


def _key(pair: tuple[Version, Version]) -> frozenset[UUID]:
    return frozenset(one.element for one in pair)
