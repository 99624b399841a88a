"""Follow-ups that a law sets a time for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from hub.plan.danish_time import day_of, months_later
from hub.plan.element import Detail, Element, Kind, Status

#: So long before its day a follow-up that nobody has planned is worth a look.
AHEAD = timedelta(days=30)
_GOES_ON = frozenset({Status.PLANNED, Status.ACTIVE, Status.ON_HOLD})
_TAKEN_BACK = frozenset({Status.CANCELLED, Status.ENTERED_IN_ERROR})


@dataclass(frozen=True, slots=True)
class FollowUpRule:
    """A law's word on when a measure is first followed up.

    :ivar measures: codes of the measures it speaks of, as a pattern for the whole code (``BL-32-1-3``).
    :ivar months: after the measure has begun, at the latest.
    """

    id: str
    citation: str
    measures: re.Pattern[str]
    months: int


#: Barnets lov § 95 stk. 2: the first follow-up at the latest three months after a supporting measure (§ 32) or a
#: placement (§§ 46 and 47) has begun. VEJ 9471/2024.
RULES = (FollowUpRule("BL-95", "Barnets lov § 95", re.compile(r"BL-(32|46|47)(-.*)?"), 3),)


@dataclass(frozen=True, slots=True)
class FollowUpDue:
    """A measure whose first follow-up nobody has planned or held in time, as far as the reader sees.

    :ivar elements: the measure alone.
    :ivar by: the last day that the law allows.
    """

    elements: tuple[UUID]
    by: date
    rule: FollowUpRule
    is_over: bool


def follow_ups_due(elements: Iterable[Element], at: datetime) -> tuple[FollowUpDue, ...]:
    """Find the measures without a follow-up in their time, by the day on which it is due."""
    known, today = list(elements), day_of(at)
    follow_ups = [one for one in known if one.kind is Kind.APPOINTMENT and _is_follow_up(one)]
    measures = [one for one in known if one.kind is Kind.ACTIVITY and one.status in _GOES_ON]
    due = [
        FollowUpDue((measure.id,), by, rule, by < today)
        for rule in RULES
        for measure in measures
        if measure.valid.start is not None and _falls_under(measure, rule)
        for by in [months_later(day_of(measure.valid.start), rule.months)]
        if by <= today + AHEAD and not any(_follows_up(one, measure, by) for one in follow_ups)
    ]
    return tuple(sorted(due, key=lambda one: (one.by, one.elements)))


def _falls_under(measure: Element, rule: FollowUpRule) -> bool:
    return any(rule.measures.fullmatch(code.code) for code in measure.codes)


def _is_follow_up(appointment: Element) -> bool:
    return appointment.details.get(Detail.TYPE) == "follow-up" and appointment.status not in _TAKEN_BACK


def _follows_up(element: Element, measure: Element, by: date) -> bool:
    if element.valid.start is None or measure.valid.start is None:
        return False
    is_theirs = (element.authority, element.provenance.case) == (measure.authority, measure.provenance.case)
    return is_theirs and day_of(measure.valid.start) <= day_of(element.valid.start) <= by
