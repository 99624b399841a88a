"""Overlapping demands on a person's time: examples that say what counts, and laws that hold for any appointments."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.plan.element import Element, Kind, Period, Status
from hub.plan.findings import OverlappingDemands, overlapping_demands
from hub.testing.builders import THEN, a_plan

NO_TIME, HALF_AN_HOUR = timedelta(), timedelta(minutes=30)


def at(hour: float) -> datetime:
    return THEN + timedelta(hours=hour)


def demands(*, kind: Kind = Kind.APPOINTMENT, **of: tuple[float, float, dict[str, Any]]) -> list[Element]:
    """Make an appointment of each authority, by name: from, to, and fields of a draft."""
    plan = a_plan()
    for authority, (start, end, facts) in of.items():
        valid = Period(at(start), at(end))
        told = {"status": Status.PLANNED, "title": f"Of {authority}", **facts}
        plan = plan.with_element(authority, kind, valid=valid, **told)
    return list(plan.build().elements.values())


def found(elements: list[Element], travel: timedelta = HALF_AN_HOUR, when: datetime = THEN) -> list[bool]:
    return [one.is_at_once for one in overlapping_demands(elements, when, travel)]


def test_two_authorities_at_once_are_found_and_the_earlier_is_named_first() -> None:
    children, employment = demands(children=(9, 10, {}), employment=(9.5, 10.5, {}))
    expected = (OverlappingDemands((children.id, employment.id), is_at_once=True),)
    assert overlapping_demands([employment, children], THEN, HALF_AN_HOUR) == expected


def test_two_of_one_authority_are_its_own_affair() -> None:
    plan = a_plan().with_appointment("children", start=at(9), end=at(10))
    assert found(list(plan.with_appointment("children", start=at(9), end=at(10)).build().elements.values())) == []


def test_too_short_a_way_between_two_places_is_found_and_is_not_at_once() -> None:
    too_close = demands(children=(9, 10, {}), employment=(10.25, 11, {}))
    assert (found(too_close), found(too_close, travel=NO_TIME)) == ([False], [])
    assert found(demands(children=(9, 10, {}), employment=(10.5, 11, {}))) == []


def test_between_two_at_the_same_place_there_is_no_way_but_at_once_stays_at_once() -> None:
    here, there = {"details": {"place": "Rådhuset"}}, {"details": {"place": "Familiehuset"}}
    assert found(demands(children=(9, 10, here), employment=(10, 11, here))) == []
    assert found(demands(children=(9, 10, here), employment=(10, 11, there))) == [False]
    assert found(demands(children=(9, 10, here), employment=(9, 11, here))) == [True]


@pytest.mark.parametrize(
    "facts",
    [
        {"status": Status.CANCELLED},
        {"status": Status.COMPLETED},
        {"status": Status.PROPOSED},
        {"details": {"all-day": "yes"}},
        {"valid": Period(at(9))},
    ],
    ids=["cancelled", "completed", "proposed", "all day", "without an end"],
)
def test_what_asks_for_no_hour_collides_with_nothing(facts: dict[str, Any]) -> None:
    valid = facts.get("valid", Period(at(9), at(10)))
    plan = a_plan().with_appointment("employment", start=at(9), end=at(10))
    other = {"status": Status.PLANNED, "title": "Another", **facts, "valid": valid}
    elements = plan.with_element("children", Kind.APPOINTMENT, **other).build().elements.values()
    assert found(list(elements)) == []


def test_an_activity_that_lasts_asks_for_no_hour() -> None:
    assert found(demands(kind=Kind.ACTIVITY, children=(9, 10, {}), employment=(9, 10, {}))) == []


def test_what_is_over_is_no_finding_any_more() -> None:
    both = demands(children=(9, 10, {}), employment=(9, 10, {}))
    assert (found(both, when=at(9.5)), found(both, when=at(10))) == ([True], [])


quarters = st.integers(0, 24).map(lambda quarter: quarter / 4)
authorities, places = st.sampled_from(("children", "social", "employment")), st.sampled_from(("", "A", "B"))
appointments = st.lists(st.tuples(authorities, quarters, quarters, places), max_size=6)
ways = st.integers(0, 4).map(lambda quarter: timedelta(minutes=15 * quarter))


def plan_of(asked: list[tuple[str, float, float, str]]) -> list[Element]:
    plan = a_plan()
    for authority, start, length, place in asked:
        details = {"place": place} if place else {}
        plan = plan.with_appointment(authority, authority, start=at(start), end=at(start + length), details=details)
    return list(plan.build().elements.values())


def collide(one: Element, other: Element, travel: timedelta) -> bool:
    """Say the same in other words: walk the minutes."""
    here, there = one.details.get("place"), other.details.get("place")
    way = timedelta() if here and here == there else travel

    def taken(element: Element, longer: timedelta) -> set[int]:
        assert element.valid.start
        assert element.valid.end
        first = (element.valid.start - THEN) // timedelta(minutes=1)
        last = (element.valid.end + longer - THEN) // timedelta(minutes=1)
        return set(range(first, max(last, first + 1)))

    return one.authority != other.authority and bool(
        taken(one, way) & taken(other, NO_TIME) or taken(one, NO_TIME) & taken(other, way)
    )


@given(appointments, ways, st.randoms())
def test_what_is_found_is_what_collides_minute_by_minute_in_any_order(
    asked: list[tuple[str, float, float, str]], travel: timedelta, any_order: Any
) -> None:
    elements = plan_of(asked)
    still = [one for one in elements if one.valid.end and one.valid.end > THEN]
    expected = {
        frozenset({one.id, other.id})
        for number, one in enumerate(still)
        for other in still[number + 1 :]
        if collide(one, other, travel)
    }
    in_order = overlapping_demands(elements, THEN, travel)
    assert {frozenset(one.elements) for one in in_order} == expected
    any_order.shuffle(elements)
    assert overlapping_demands(elements, THEN, travel) == in_order


@given(appointments, ways, st.integers(0, 5))
def test_what_a_view_leaves_out_shows_in_no_finding(
    asked: list[tuple[str, float, float, str]], travel: timedelta, left_out: int
) -> None:
    elements = plan_of(asked)
    seen = [one for number, one in enumerate(elements) if number != left_out]
    known = {one.id for one in seen}
    whole = overlapping_demands(elements, THEN, travel)
    assert overlapping_demands(seen, THEN, travel) == tuple(one for one in whole if known.issuperset(one.elements))
