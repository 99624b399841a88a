"""Report month by month on what one plan is for: less for a family to keep up with, and everybody knowing in time.

Whoever evaluates learns of nobody: numbers of all families of the municipality together, none of fewer families than
``HUB_EVALUATION_LEAST``, none that could be reckoned from its siblings, and months alone, so that no two periods differ
by one person. Nothing is unsealed for it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from hub.clock import now
from hub.errors import Fault, InvalidRequest
from hub.plan.danish_time import LOCAL, day_of, months_later
from hub.plan.evaluated import consented, corrected, met, objected, speed
from hub.plan.evaluation import families_of
from hub.store.evaluation import Evaluations
from hub.store.transaction import Store

#: Months of one report.
MOST_MONTHS = 24
_USUAL = 6
#: In the order in which a report tells them.
MEASURES = (
    "families", "families-of-one-authority", "families-of-two-authorities", "families-of-more-authorities", "contacts",
    "demands", "overlaps", "overlaps-resolved", "overlaps-left", "changes", "seconds-until-half-is-known",
    "seconds-until-nine-in-ten-are-known", "consents-given", "consents-withdrawn", "objections", "objections-answered",
    "objections-answered-in-time", "corrections",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Month:
    """One month.

    :ivar begins: its first day.
    :ivar values: by the names of ``MEASURES``; None: of too few to be told.
    :ivar is_whole: it is over.
    """

    begins: date
    values: Mapping[str, int | None]
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
    with store.begin() as unit:
        unit.audit.record("evaluated", actor, at, correlation_id, months=len(months), first=str(months[0]))
    with store.begin(read_only=True) as unit:
        rows = Evaluations(unit.connection, unit.municipality)
        families = families_of(rows.concerned())
        return [_month(one, rows, families, least, at) for one in months]


def latest(at: datetime) -> tuple[date, date]:
    """Return the months that somebody reads who names none: this one, and the five before it."""
    last = day_of(at).replace(day=1)
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


def _month(begins_on: date, rows: Evaluations, families: Mapping[UUID, UUID], least: int, at: datetime) -> Month:
    begins, ends = _begins(begins_on), _begins(months_later(begins_on, 1))
    values = {
        **met(rows.versions(begins, ends), families, least, begins, ends),
        **speed(list(rows.changes(begins, ends)), families, least),
        **consented(rows.consents(begins, ends), families, least),
        **objected(rows.objections(begins, ends), families, least),
        "corrections": corrected(rows.corrections(begins, ends), families, least),
    }
    return Month(begins_on, {name: values[name] for name in MEASURES}, ends <= at)


def _months(first: date, last: date) -> Iterator[date]:
    month = first.replace(day=1)
    for _ in range(MOST_MONTHS + 1):
        if month > last:
            return
        yield month
        month = months_later(month, 1)


def _begins(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL)
