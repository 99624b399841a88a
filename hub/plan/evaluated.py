"""The numbers of one month, such as may be told: all families together, none of them to be known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from hub.plan.evaluation import Change, Objection, Said, Version, Word, by_number_of_authorities, of_plan, quantile
from hub.plan.telling import Tally, told, whole_and_parts_told

#: By plan and by person (``families_of``).
Families = Mapping[UUID, UUID]
#: By measure; None: of too few to be told, or not known.
Told = dict[str, int | None]
_BY_NUMBER = ("families-of-one-authority", "families-of-two-authorities", "families-of-more-authorities")


def met(
    plans: Iterable[tuple[UUID, Sequence[Version]]], families: Families, least: int, begins: datetime, ends: datetime
) -> Told:
    """Return what was asked of families; of a month with too few of them, nothing."""
    contacts, demands, resolved, left = Tally(), Tally(), Tally(), Tally()
    authorities: dict[UUID, frozenset[str]] = {}
    for plan, versions in plans:
        found, family = of_plan(versions, begins, ends), families.get(plan, plan)
        contacts[family] += found.contacts
        demands[family] += found.demands
        resolved[family] += found.resolved
        left[family] += found.overlaps - found.resolved
        authorities[family] = authorities.get(family, frozenset()) | found.authorities
    by_number = by_number_of_authorities(authorities)
    parts = {name: by_number[number] for number, name in enumerate(_BY_NUMBER, start=1)}
    whole, of_families = whole_and_parts_told(parts, least)
    overlaps, of_overlaps = whole_and_parts_told({"overlaps-resolved": resolved, "overlaps-left": left}, least)
    things = {"contacts": told(contacts, least), "demands": told(demands, least), "overlaps": overlaps, **of_overlaps}
    return {"families": whole, **of_families, **(dict.fromkeys(things) if whole is None else things)}


def speed(changes: Sequence[Change], families: Families, least: int) -> Told:
    """Return how long changes took until all had them who were to; what some have not yet counts as endless."""
    count = told(_tally((one.plan for one in changes), families), least)
    times = [one.took if one.took is not None else timedelta.max for one in changes]

    def seconds(time: timedelta | None) -> int | None:
        return int(time.total_seconds()) if count is not None and time is not None and time != timedelta.max else None

    return {
        "changes": count,
        "seconds-until-half-is-known": seconds(quantile(times, 0.5)),
        "seconds-until-nine-in-ten-are-known": seconds(quantile(times, 0.9)),
    }


def consented(said: Iterable[Said], families: Families, least: int) -> Told:
    """Return what was said of consents, version by version; where one may be a yes or a no, nothing."""
    tallies = {word: Tally() for word in Word}
    for one in said:
        tallies[one.word][families.get(one.person, one.person)] += 1
    is_known = not tallies[Word.UNKNOWN]
    words = (Word.GIVEN, Word.REFUSED, Word.WITHDRAWN)
    return {f"consents-{word}": told(tallies[word], least) if is_known else None for word in words}


def objected(objections: Iterable[Objection], families: Families, least: int) -> Told:
    """Return what citizens disagreed with or asked about, and what of it is answered."""
    parts = {"in-time": Tally(), "late": Tally(), "open": Tally()}
    for one in objections:
        part = "in-time" if one.in_time else "late" if one.is_answered else "open"
        parts[part][families.get(one.plan, one.plan)] += 1
    whole, safe = whole_and_parts_told(parts, least)
    in_time, late = safe["in-time"], safe["late"]
    return {
        "objections": whole,
        "objections-answered": None if in_time is None or late is None else in_time + late,
        "objections-answered-in-time": in_time,
    }


def corrected(plans: Iterable[UUID], families: Families, least: int) -> int | None:
    """Return how many corrections were asked for. :param plans: of each the plan."""
    return told(_tally(plans, families), least)


def _tally(plans: Iterable[UUID], families: Families) -> Tally:
    return Tally(families.get(plan, plan) for plan in plans)
