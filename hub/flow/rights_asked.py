"""What citizens have asked for by right, for an administrator who sees to it that each is answered in time.

    requests(Wanted(only_open=True), store, actor=…, correlation_id=…)

Kinds, times, organisations and the id of the request, by which whoever answers it finds it; of whom or what it is, is
not told (docs/adr/0051). GDPR art. 12(3): within one month of receipt.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from hub.clock import now
from hub.plan.danish_time import day_of, months_later
from hub.store.rights_asked import OPEN, Right, RightAsked, RightsAsked
from hub.store.transaction import Store, Unit

#: Of each kind, and how far back the audit is looked through for reports: days, and rows.
MOST, REPORT_DAYS, _NEWEST_ROWS = 200, 92, 200_000
_MONTHS = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which are asked for. :ivar right: None for every kind."""

    only_open: bool = True
    right: Right | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """One request, and by when it is to be answered.

    :ivar due: the last day, in Denmark; None where there is nothing left to do.
    :ivar waits_for: who has not said that it has deleted.
    :ivar is_held: a legal hold stands in the way.
    """

    asked: RightAsked
    due: date | None = None
    is_overdue: bool = False
    waits_for: tuple[str, ...] = ()
    is_held: bool = False


@dataclass(frozen=True, slots=True)
class Requests:
    """What was found. :ivar is_all: whether there are no more of any kind than are listed."""

    listed: Sequence[Listed]
    is_all: bool


def requests(wanted: Wanted, store: Store, *, actor: str, correlation_id: str) -> Requests:
    """Return what was asked for: open ones first, the oldest of them first; then the newest."""
    with store.begin() as unit:
        found = [one for kind in _each(unit, wanted) for one in kind]
        unit.audit.record("requests-listed", actor, now(), correlation_id, found=len(found))
        told = [_listed(unit, one) for one in found]
        is_all = all(sum(one.right is right for one in found) < MOST for right in Right)
    return Requests(sorted(told, key=_place), is_all)


def _each(unit: Unit, wanted: Wanted) -> Iterator[Sequence[RightAsked]]:
    rights = RightsAsked(unit.connection, unit.municipality)
    if wanted.right in (None, Right.CORRECTION):
        yield rights.corrections(MOST, only_open=wanted.only_open)
    if wanted.right in (None, Right.ERASURE):
        yield rights.erasures(MOST, only_open=wanted.only_open)
    if wanted.only_open:  # a restriction holds at once, and a report is given at once
        return
    if wanted.right in (None, Right.RESTRICTION):
        yield rights.restrictions(MOST)
    if wanted.right in (None, Right.REPORT):
        yield rights.reports(now() - timedelta(days=REPORT_DAYS), _NEWEST_ROWS, MOST)


def _listed(unit: Unit, one: RightAsked) -> Listed:
    if one.stands not in OPEN:
        return Listed(one)
    due = months_later(day_of(one.asked_at), _MONTHS)
    waits_for: tuple[str, ...] = ()
    is_held = False
    if one.plan is not None:
        waits_for = tuple(each.name for each in unit.erasures.recipients(one.plan) if each.holds)
        is_held = unit.erasures.is_held(one.plan)
    return Listed(one, due, day_of(now()) > due, waits_for, is_held)


def _place(one: Listed) -> tuple[bool, float]:
    at = one.asked.asked_at.timestamp()
    return one.due is None, at if one.due is not None else -at
