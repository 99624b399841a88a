"""Report month by month on what one plan is for: less for a family to keep up with, and everybody knowing in time.

Whoever evaluates learns of nobody: numbers of all families of the municipality together, none of fewer families than
``HUB_EVALUATION_LEAST``, none that could be reckoned from its siblings. So that no two reports differ by one family, a
month is told whole or not at all, and what was told of it once is told again, whoever was erased since. Nothing is
unsealed for it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from hub.clock import now
from hub.errors import Fault, InvalidRequest
from hub.plan.danish_time import LOCAL, day_of, months_later
from hub.plan.evaluated import consented, corrected, met, objected, speed
from hub.plan.evaluation import families_of
from hub.store.evaluation import Evaluations
from hub.store.told_months import ToldMonths
from hub.store.transaction import Store

#: Months of one report.
MOST_MONTHS = 24
_USUAL = 6
#: A month is told so long after its end: by then most of what was due in it is answered, and has arrived.
SETTLES = timedelta(days=21)
#: In the order in which a report tells them.
MEASURES = (
    "families", "families-of-one-authority", "families-of-two-authorities", "families-of-more-authorities", "contacts",
    "demands", "overlaps", "overlaps-resolved", "overlaps-left", "changes", "seconds-until-half-is-known",
    "seconds-until-nine-in-ten-are-known", "consents-given", "consents-refused", "consents-withdrawn", "objections",
    "objections-answered", "objections-answered-in-time", "corrections",
)  # fmt: skip
Values = Mapping[str, int | None]
Told = Mapping[date, Values]


@dataclass(frozen=True, slots=True)
class Month:
    """One month.

    :ivar begins: its first day.
    :ivar values: by the names of ``MEASURES``; None: of too few to be told, or the month is not whole.
    :ivar is_whole: it has been over for ``SETTLES``, and is told.
    """

    begins: date
    values: Values
    is_whole: bool


def evaluate(first: date, last: date, store: Store, least: int, *, actor: str, correlation_id: str) -> Sequence[Month]:
    """Report on each month from that of ``first`` to that of ``last``.

    :param least: numbers of fewer families, or of things of theirs, are not told, but for none.
    :raises InvalidRequest: they are in the wrong order, too many, or lie ahead.
    """
    months = list(_months(first, last))
    at = now()
    if not months or len(months) > MOST_MONTHS or _begins(months[-1]) > at:
        step = f"Name {MOST_MONTHS} months at most, the first before the last, and none that lies ahead."
        raise InvalidRequest("The period cannot be reported on.", faults=[Fault("from", "See to.", step)])
    whole = [one for one in months if _begins(months_later(one, 1)) + SETTLES <= at]
    with store.begin() as unit:
        unit.audit.record("evaluated", actor, at, correlation_id, months=len(months), first=str(months[0]))
        told = ToldMonths(unit.connection, unit.municipality).of(whole)
    told = told if len(told) == len(whole) else _first_told(whole, told, store, least, at)
    return [Month(one, {name: told.get(one, {}).get(name) for name in MEASURES}, one in told) for one in months]


def latest(at: datetime) -> tuple[date, date]:
    """Return the months that somebody reads who names none: the last six that are over."""
    last = months_later(day_of(at).replace(day=1), -1)
    return months_later(last, 1 - _USUAL), last


def month_of(text: str) -> date:
    """Read a month, such as ``2026-01``; return its first day."""
    return date(int(text[:4]), int(text[5:]), 1)


def as_csv(months: Sequence[Month]) -> str:
    """Return months as a table with a line for each; a number that is not told is an empty cell."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["month", "is-whole", *MEASURES])
    for one in months:
        told = ["" if one.values[name] is None else one.values[name] for name in MEASURES]
        rows.writerow([f"{one.begins:%Y-%m}", "yes" if one.is_whole else "no", *told])
    return text.getvalue()


def _first_told(whole: Sequence[date], told: Told, store: Store, least: int, at: datetime) -> Told:
    """Count months that were never told, and keep what is told of them; return all, as they are told from now on."""
    with store.begin(read_only=True) as unit:
        rows = Evaluations(unit.connection, unit.municipality)
        families = families_of(rows.concerned())
        counted = {one: _counted(one, rows, families, least) for one in whole if one not in told}
    with store.begin() as unit:
        months = ToldMonths(unit.connection, unit.municipality)
        months.keep(counted, at)
        return months.of(whole)


def _counted(month: date, rows: Evaluations, families: Mapping[UUID, UUID], least: int) -> Values:
    begins, ends = _begins(month), _begins(months_later(month, 1))
    return {
        **met(rows.versions(begins, ends), families, least, begins, ends),
        **speed(list(rows.changes(begins, ends)), families, least),
        **consented(rows.consents(begins, ends), families, least),
        **objected(rows.objections(begins, ends), families, least),
        "corrections": corrected(rows.corrections(begins, ends), families, least),
    }


def _months(first: date, last: date) -> Iterator[date]:
    month = first.replace(day=1)
    for _ in range(MOST_MONTHS + 1):
        if month > last:
            return
        yield month
        month = months_later(month, 1)


def _begins(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL)
