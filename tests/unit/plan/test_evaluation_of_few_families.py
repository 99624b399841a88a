"""However much there is of a few families, it is not told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hub.plan.element import Kind, Status
from hub.plan.evaluated import consented, corrected, met, objected, speed
from hub.plan.evaluation import Change, Objection, Said, Version, Word

MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
LEAST = 5
ONE = UUID(int=1)
NOT_MET = {"overlaps": None, "overlaps-resolved": None, "overlaps-left": None}


def a_family(number: int, *, meetings: int = 1, collisions: int = 0) -> tuple[UUID, list[Version]]:
    """Return a plan with as many meetings of one authority, and another's at the time of so many of them."""

    def meeting(element: int, authority: str, day: int) -> Version:
        start = MARCH + timedelta(days=day, hours=9)
        end = start + timedelta(hours=1)
        ids = UUID(int=1_000 * number + element)
        return Version(ids, authority, Kind.APPOINTMENT, Status.PLANNED, start, end, MARCH, None)

    ours = [meeting(day, "children", day) for day in range(1, meetings + 1)]
    return UUID(int=number), ours + [meeting(100 + day, "social", day) for day in range(1, collisions + 1)]


def march(*plans: tuple[UUID, list[Version]], least: int = LEAST) -> dict[str, int | None]:
    return met(plans, {}, least, MARCH, APRIL)


def overlaps(found: dict[str, int | None]) -> dict[str, int | None]:
    return {name: found[name] for name in NOT_MET}


def test_collisions_of_a_month_with_one_family_are_not_told() -> None:
    found = march(a_family(1, meetings=6, collisions=6))
    assert set(found.values()) == {None}
    assert march(a_family(1, meetings=6, collisions=6), least=1)["overlaps"] == 6


def test_collisions_of_one_family_among_many_are_not_told() -> None:
    families = [a_family(number) for number in range(2, 12)]
    found = march(a_family(1, meetings=6, collisions=6), *families)
    assert (found["families"], overlaps(found)) == (11, NOT_MET)


def test_meetings_of_one_family_among_many_are_not_told() -> None:
    asked = [
        (plan, [replace(one, kind=Kind.ACTIVITY) for one in versions])
        for plan, versions in (a_family(number) for number in range(2, 12))
    ]
    found = march(a_family(1, meetings=30), *asked)
    assert (found["families"], found["contacts"], found["demands"]) == (11, None, 10)


def test_collisions_of_enough_families_are_told_and_none_is_told() -> None:
    found = march(*(a_family(number, collisions=1) for number in range(5)))
    assert overlaps(found) == {"overlaps": 5, "overlaps-resolved": 0, "overlaps-left": 5}
    assert overlaps(march(*(a_family(number) for number in range(5)))) == dict.fromkeys(NOT_MET, 0)


def of_one(number: int) -> Sequence[UUID]:
    return [ONE] * number


def of_many(number: int) -> Sequence[UUID]:
    return [UUID(int=one) for one in range(number)]


def test_what_one_family_has_said_six_times_is_not_told_as_six() -> None:
    for whose, said in ((of_one(6), None), (of_many(6), 6)):
        assert consented([Said(one, Word.GIVEN) for one in whose], {}, LEAST)["consents-given"] == said
        assert consented([Said(one, Word.REFUSED) for one in whose], {}, LEAST)["consents-refused"] == said
        assert consented([Said(one, Word.WITHDRAWN) for one in whose], {}, LEAST)["consents-withdrawn"] == said
        assert objected([Objection(one, False, False) for one in whose], {}, LEAST)["objections"] == said
        assert corrected(whose, {}, LEAST) == said
        changes = [Change(one, timedelta(seconds=3)) for one in whose]
        assert speed(changes, {}, LEAST)["changes"] == said
        assert speed(changes, {}, LEAST)["seconds-until-half-is-known"] == (said and 3)


def test_people_of_one_family_are_no_six_families() -> None:
    family = dict.fromkeys(of_many(6), ONE)
    assert consented([Said(one, Word.GIVEN) for one in family], family, LEAST)["consents-given"] is None
    assert corrected(family, family, LEAST) is None


def test_a_no_that_is_taken_back_is_no_consent_that_is_withdrawn() -> None:
    said = consented([Said(one, Word.TAKEN_BACK) for one in of_many(6)], {}, LEAST)
    assert set(said.values()) == {0}


def test_where_it_is_not_known_what_a_version_says_no_number_of_them_is_told() -> None:
    said = [Said(one, word) for word in (Word.GIVEN, Word.WITHDRAWN) for one in of_many(6)]
    assert set(consented([*said, Said(ONE, Word.UNKNOWN)], {}, LEAST).values()) == {None}


def test_answers_are_told_where_nothing_can_be_reckoned_from_them() -> None:
    timely = [Objection(one, True, True) for one in of_many(6)]
    late = [Objection(UUID(int=100 + one), True, False) for one in range(5)]
    few_open = [Objection(UUID(int=200), False, False)]
    told = objected([*timely, *late], {}, LEAST)
    assert list(told.values()) == [11, 11, 6]
    told = objected([*timely, *late, *few_open], {}, LEAST)
    assert list(told.values()) == [12, None, None], "twelve less eleven would be the one that is open"
