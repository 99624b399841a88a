"""Periods, ages and households."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from hub.plan.element import Element, Kind, Period, Status
from hub.plan.person import age_at, household_of
from hub.testing.builders import THEN, PlanBuilder, a_plan

MOTHER, FATHER = UUID(int=1), UUID(int=2)
TICK = timedelta(microseconds=1)
END = THEN + timedelta(days=1)


@pytest.mark.parametrize(
    ("period", "at", "covered"),
    [
        (Period(THEN, END), THEN - TICK, False),
        (Period(THEN, END), THEN, True),
        (Period(THEN, END), END - TICK, True),
        (Period(THEN, END), END, False),
        (Period(None, END), datetime.min.replace(tzinfo=UTC), True),
        (Period(THEN, None), datetime.max.replace(tzinfo=UTC), True),
        (Period(), THEN, True),
        (Period(THEN, THEN), THEN, False),
        (Period(END, THEN), THEN, False),
    ],
)
def test_a_period_covers_its_start_and_not_its_end(period: Period, at: datetime, covered: bool) -> None:
    assert period.covers(at) is covered


@pytest.mark.parametrize("edges", [{"start": THEN.replace(tzinfo=None)}, {"end": THEN.replace(tzinfo=None)}])
def test_a_period_needs_aware_times(edges: dict[str, datetime]) -> None:
    with pytest.raises(ValueError, match="aware"):
        Period(**edges)


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2010, 5, 17), date(2026, 5, 16), 15),
        (date(2010, 5, 17), date(2026, 5, 17), 16),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
        (date(2026, 1, 1), date(2026, 1, 1), 0),
    ],
)
def test_an_age_is_in_whole_years(born: date, day: date, age: int) -> None:
    assert age_at(born, day) == age


def _elements(plan: PlanBuilder) -> list[Element]:
    return list(plan.build().elements.values())


def test_a_household_is_read_from_its_elements_whatever_their_order() -> None:
    elements = _elements(
        a_plan()
        .with_household_member("children", MOTHER, "mother", has_custody=True)
        .with_household_member("children", FATHER, "father")
        .with_goal("children")
    )
    household = household_of(elements)
    assert {(member.person, member.relation) for member in household.members} == {
        (MOTHER, "mother"),
        (FATHER, "father"),
    }
    assert household == household_of(reversed(elements))
    assert {member.person for member in household.members if member.has_custody} == {MOTHER}


def test_custody_ends_when_its_element_does() -> None:
    elements = _elements(
        a_plan().with_household_member("children", MOTHER, "mother", has_custody=True, valid=Period(None, END))
    )
    (mother,) = household_of(elements).members
    assert [mother.period.covers(at) for at in (END - TICK, END)] == [True, False]


def test_a_household_member_entered_in_error_is_none() -> None:
    elements = _elements(
        a_plan().with_household_member("children", MOTHER, "mother", has_custody=True, status=Status.ENTERED_IN_ERROR)
    )
    assert household_of(elements).members == ()


def test_a_plan_concerns_its_person_and_all_whom_its_elements_name() -> None:
    plan = a_plan().with_element("children", Kind.NOTE, concerns=(MOTHER,)).with_goal("social").build()
    assert plan.people() == {plan.person, MOTHER}
