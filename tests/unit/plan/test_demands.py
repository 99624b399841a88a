"""One meeting that two authorities tell of, days with too many demands, and demands that rule each other out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.plan.danish_time import LOCAL
from hub.plan.demands import told_twice
from hub.plan.element import Category, Code, Element, Kind, Period, Status
from hub.plan.findings import (
    AskedTwice,
    BusyDay,
    OppositeDemands,
    asked_twice,
    busy_days,
    findings,
    opposite_demands,
    overlapping_demands,
)
from hub.testing.builders import PlanBuilder, a_plan

MONDAY = datetime(2026, 12, 7, 8, tzinfo=LOCAL)
WAY = timedelta(minutes=30)


def at(hour: float, days: int = 0) -> datetime:
    return MONDAY.replace(hour=0) + timedelta(days=days, hours=hour)


def elements_of(plan: PlanBuilder) -> list[Element]:
    return list(plan.build().elements.values())


def meetings(*asked: tuple[str, str, float, float, dict[str, str]]) -> list[Element]:
    """Make appointments: authority, title, from, to, details."""
    plan = a_plan()
    for authority, title, start, end, details in asked:
        plan = plan.with_appointment(
            authority, title, at(start), at(end), details=details, status=Status.PLANNED, source_id=f"{start}{title}"
        )
    return elements_of(plan)


# --- one meeting, told twice --------------------------------------------------------------------------------------


def test_a_meeting_that_two_tell_of_is_one_meeting_and_no_collision() -> None:
    both = meetings(("social", "Netværksmøde", 9, 10, {}), ("children", " netværksMØDE ", 9, 10, {}))
    (joint,) = told_twice(both, MONDAY)
    assert (set(joint.elements), joint.agrees) == ({one.id for one in both}, True)
    assert findings(both, MONDAY, WAY) == ()


def test_where_two_disagree_on_the_hours_both_are_shown() -> None:
    (joint,) = told_twice(meetings(("social", "Møde", 9, 10, {}), ("children", "Møde", 9.5, 10.5, {})), MONDAY)
    assert joint.agrees is False


def test_titles_may_differ_where_both_say_that_others_take_part() -> None:
    said = {"with-more-authorities": "yes"}
    one = meetings(("social", "Hos os", 9, 10, said), ("children", "Fælles møde", 9, 10, said))
    assert len(told_twice(one, MONDAY)) == 1
    two = meetings(("social", "Hos os", 9, 10, said), ("children", "Fælles møde", 9, 10, {}))
    assert told_twice(two, MONDAY) == ()
    assert len(overlapping_demands(two, MONDAY, WAY)) == 1


def test_the_same_title_at_another_hour_or_of_the_same_authority_is_another_meeting() -> None:
    assert told_twice(meetings(("social", "Møde", 9, 10, {}), ("children", "Møde", 13, 14, {})), MONDAY) == ()
    assert told_twice(meetings(("social", "Møde", 9, 10, {}), ("social", "Møde", 9, 11, {})), MONDAY) == ()
    assert told_twice(meetings(("social", "", 9, 10, {}), ("children", "", 9, 10, {})), MONDAY) == ()


def test_three_that_tell_of_one_meeting_are_one() -> None:
    three = meetings(*((name, "Møde", 9, 10, {}) for name in ("social", "children", "employment")))
    (joint,) = told_twice(three, MONDAY)
    assert len(joint.elements) == 3


# --- days and ways ------------------------------------------------------------------------------------------------


def test_a_day_on_which_two_authorities_ask_one_to_come_is_found_once() -> None:
    three = meetings(("social", "A", 9, 10, {}), ("children", "B", 12, 13, {}), ("children", "C", 15, 16, {}))
    (found,) = busy_days(three, MONDAY)
    assert found == BusyDay(tuple(one.id for one in sorted(three, key=lambda one: one.title)), MONDAY.date())


def test_calls_and_one_authority_alone_make_no_busy_day() -> None:
    assert (
        busy_days(meetings(("social", "A", 9, 10, {"contact": "phone"}), ("children", "B", 12, 13, {})), MONDAY) == ()
    )
    assert busy_days(meetings(("social", "A", 9, 10, {}), ("social", "B", 12, 13, {})), MONDAY) == ()
    same = meetings(("social", "A", 9, 10, {}), ("children", "A", 9, 10, {}))
    assert busy_days(same, MONDAY) == (), "one joint meeting"


def test_the_day_is_the_danish_one() -> None:
    late = meetings(("social", "A", 9, 10, {}), ("children", "B", 23.5, 24.5, {}), ("employment", "C", 25, 26, {}))
    (found,) = busy_days(late, MONDAY)
    assert len(found.elements) == 2, "half past eleven is Monday still, one o'clock is not"


def test_two_meetings_that_overlap_are_told_of_once() -> None:
    both = meetings(("social", "A", 9, 10, {}), ("children", "B", 9.5, 10.5, {}))
    assert [type(one).__name__ for one in findings(both, MONDAY, WAY)] == ["OverlappingDemands"]


def test_to_a_call_there_is_no_way_to_go() -> None:
    call = meetings(("social", "A", 9, 10, {}), ("children", "B", 10.25, 11, {"contact": "phone"}))
    assert overlapping_demands(call, MONDAY, WAY) == ()
    strange = meetings(("social", "A", 9, 10, {}), ("children", "B", 10.25, 11, {"contact": "by pigeon"}))
    assert len(overlapping_demands(strange, MONDAY, WAY)) == 1, "what nobody knows is in person"


# --- opposite demands ---------------------------------------------------------------------------------------------


def activities(*asked: tuple[str, str, str | None, Period]) -> list[Element]:
    """Make activities: authority, hours a week, category, period."""
    plan = a_plan()
    for number, (authority, hours, category, valid) in enumerate(asked):
        details = {"hours-per-week": hours} if hours else {}
        plan = plan.with_element(
            authority, Kind.ACTIVITY, category, title=f"{number}", valid=valid, details=details, source_id=f"{number}"
        )
    return elements_of(plan)


AUTUMN, SPRING = Period(at(0), at(0, 60)), Period(at(0, 90), at(0, 120))


def test_more_hours_than_a_week_has_are_found_with_their_sum() -> None:
    both = activities(("employment", "30", None, AUTUMN), ("social", "20", None, AUTUMN))
    (found,) = opposite_demands(both, MONDAY)
    assert (set(found.elements), found.hours) == ({one.id for one in both}, 50)


@pytest.mark.parametrize(
    "other",
    [
        ("social", "7", None, AUTUMN),
        ("social", "20", None, SPRING),
        ("employment", "20", None, AUTUMN),
        ("social", "many", None, AUTUMN),
        ("social", "²", None, AUTUMN),
    ],
    ids=["fits", "at another time", "of one authority", "unreadable", "no plain digit"],
)
def test_what_fits_or_meets_nothing_is_no_finding(other: tuple[str, str, str | None, Period]) -> None:
    assert opposite_demands(activities(("employment", "30", None, AUTUMN), other), MONDAY) == ()


def test_one_overload_is_one_finding_with_all_that_makes_it() -> None:
    later = Period(at(0, 10), at(0, 50))
    three = activities(("employment", "30", None, AUTUMN), ("social", "20", None, later), ("youth", "10", None, later))
    (found,) = opposite_demands(three, MONDAY)
    assert (len(found.elements), found.hours) == (3, 60)


def test_full_time_stands_against_anothers_treatment() -> None:
    work, care = activities(("employment", "30", None, AUTUMN), ("social", "", Category.HEALTH, AUTUMN))
    if work.authority != "employment":
        work, care = care, work
    assert opposite_demands([work, care], MONDAY) == (OppositeDemands((work.id, care.id), None),)
    half = activities(("employment", "20", None, AUTUMN), ("social", "", Category.HEALTH, AUTUMN))
    assert opposite_demands(half, MONDAY) == ()
    after = activities(("employment", "30", None, AUTUMN), ("social", "", Category.HEALTH, SPRING))
    assert opposite_demands(after, MONDAY) == ()


def test_what_has_ended_asks_for_nothing_any_more() -> None:
    both = activities(("employment", "30", None, AUTUMN), ("social", "20", None, AUTUMN))
    assert opposite_demands(both, at(0, 61)) == ()


# --- assessments --------------------------------------------------------------------------------------------------


def assessments(*made: tuple[str, str, int, dict[str, Any]]) -> list[Element]:
    """Make assessments: authority, title, day, fields."""
    plan = a_plan()
    for authority, title, day, facts in made:
        valid = Period(at(9, day))
        plan = plan.with_element(authority, Kind.NOTE, Category.ASSESSMENTS, title=title, valid=valid, **facts)
    return elements_of(plan)


def test_the_same_assessment_by_two_is_found_the_earlier_first() -> None:
    later, earlier = assessments(("social", "Arbejdsevne", 30, {}), ("employment", "arbejdsevne", 0, {}))
    if later.authority != "social":
        later, earlier = earlier, later
    assert asked_twice([later, earlier]) == (AskedTwice((earlier.id, later.id)),)


def test_one_code_is_enough_and_half_a_year_is_the_limit() -> None:
    code = {"codes": (Code("urn:x", "7", ""),)}
    assert len(asked_twice(assessments(("social", "A", 0, code), ("employment", "B", 182, code)))) == 1
    assert asked_twice(assessments(("social", "A", 0, code), ("employment", "B", 183, code))) == ()
    assert asked_twice(assessments(("social", "A", 0, code), ("employment", "B", 0, {}))) == ()
    gone = {**code, "status": Status.CANCELLED}
    assert asked_twice(assessments(("social", "A", 0, code), ("employment", "B", 0, gone))) == ()


# --- laws ---------------------------------------------------------------------------------------------------------

authorities = st.sampled_from(("social", "children", "employment"))
times = st.integers(0, 40).map(lambda quarter: 8 + quarter / 4)
asked = st.lists(st.tuples(authorities, st.sampled_from("AB"), times, times), max_size=7)


@given(asked, st.randoms())
def test_the_order_in_which_elements_come_changes_nothing(
    made: list[tuple[str, str, float, float]], any_order: Any
) -> None:
    elements = meetings(*((name, title, min(one, two), max(one, two), {}) for name, title, one, two in made))
    before = findings(elements, at(0), WAY), told_twice(elements, at(0))
    any_order.shuffle(elements)
    assert (findings(elements, at(0), WAY), told_twice(elements, at(0))) == before


@given(asked)
def test_no_two_of_one_joint_meeting_collide(made: list[tuple[str, str, float, float]]) -> None:
    elements = meetings(*((name, title, min(one, two), max(one, two), {}) for name, title, one, two in made))
    joint = [set(one.elements) for one in told_twice(elements, at(0))]
    assert not [
        found for found in overlapping_demands(elements, at(0), WAY) for one in joint if one >= {*found.elements}
    ]
