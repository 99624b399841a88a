"""Report month by month on what one plan is for: less for a family to keep up with, and everybody knowing in time.

Whoever evaluates learns of nobody: numbers of all families of the municipality together, none of fewer than
``HUB_EVALUATION_LEAST``, none that could be reckoned from its siblings, and months alone, so that no two periods differ
by one person. Nothing is unsealed for it.
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
from hub.plan.evaluation import by_number_of_authorities, families_of, of_plan, parts_told, quantile, told
from hub.store.evaluation import Counts, Evaluations
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
    :ivar values: by the names of ``MEASURES``; None: too small a number to be told.
    :ivar is_whole: it is over.
    """

    begins: date
    values: Mapping[str, int | None]
    is_whole: bool


def evaluate(first: date, last: date, store: Store, least: int, *, actor: str, correlation_id: str) -> Sequence[Month]:
    """Report on each month from that of ``first`` to that of ``last``.

    :param least: numbers of people, or of things of theirs, below it are not told, but for none.
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
    contacts = demands = overlaps = resolved = 0
    authorities: dict[UUID, frozenset[str]] = {}
    for plan, versions in rows.versions(begins, ends):
        found = of_plan(versions, begins, ends)
        contacts, demands = contacts + found.contacts, demands + found.demands
        overlaps, resolved = overlaps + found.overlaps, resolved + found.resolved
        family = families.get(plan, plan)
        authorities[family] = authorities.get(family, frozenset()) | found.authorities
    by_number = by_number_of_authorities(authorities.values())
    parts = {"one": by_number[1], "two": by_number[2], "more": by_number[3]}
    how_many = sum(parts.values())
    of_families = {f"families-of-{name}-authorities": one for name, one in parts_told(parts, least).items()}
    of_families["families-of-one-authority"] = of_families.pop("families-of-one-authorities")
    met = parts_told({"overlaps-resolved": resolved, "overlaps-left": overlaps - resolved}, least)
    are_few = 0 < how_many < least  # then their meetings tell of them, however many those are
    values = {
        "families": told(how_many, least),
        **of_families,
        "contacts": None if are_few else told(contacts, least),
        "demands": None if are_few else told(demands, least),
        "overlaps": told(overlaps, least),
        **met,
        **_speed(list(rows.times(begins, ends)), least),
        **_said(rows.counts(begins, ends), least),
    }
    return Month(begins_on, {name: values[name] for name in MEASURES}, ends <= at)


def _speed(times: Sequence[timedelta | None], least: int) -> dict[str, int | None]:
    """Return how long changes took until all had them who were to; what some have not yet counts as endless."""
    known = [one if one is not None else timedelta.max for one in times]
    half, nine = quantile(known, 0.5), quantile(known, 0.9)
    is_told = len(times) >= least

    def seconds(time: timedelta | None) -> int | None:
        return int(time.total_seconds()) if is_told and time is not None and time != timedelta.max else None

    return {
        "changes": told(len(times), least),
        "seconds-until-half-is-known": seconds(half),
        "seconds-until-nine-in-ten-are-known": seconds(nine),
    }


def _said(counts: Counts, least: int) -> dict[str, int | None]:
    answers = {
        "in-time": counts.in_time, "late": counts.answered - counts.in_time,
        "open": counts.objections - counts.answered,
    }  # fmt: skip
    safe = parts_told(answers, least)
    is_whole = None not in safe.values()
    return {
        "consents-given": told(counts.consents_given, least),
        "consents-withdrawn": told(counts.consents_withdrawn, least),
        "objections": told(counts.objections, least),
        "objections-answered": told(counts.answered, least) if is_whole else None,
        "objections-answered-in-time": safe["in-time"],
        "corrections": told(counts.corrections, least),
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
