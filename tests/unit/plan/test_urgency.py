from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.plan.element import Element, Kind, Period, Status
from hub.plan.plan import Plan
from hub.plan.urgency import is_pressing
from hub.testing.builders import a_plan
from hub.testing.clock import THEN as NOW

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def a_plan_with(*elements: Element) -> Plan:
    return replace(a_plan().build(), elements={element.id: element for element in elements})


def an_appointment(start: datetime | None, end: datetime | None = None, **changed: Any) -> Element:
    made = next(iter(a_plan().with_goal("children").build().elements.values()))
    return replace(made, **{"kind": Kind.APPOINTMENT, "valid": Period(start, end), **changed})


@pytest.mark.parametrize(
    ("begins_in", "is_soon"),
    [
        (timedelta(0), True),
        (SECOND, True),
        (24 * HOUR, True),
        (24 * HOUR + SECOND, False),
        (-SECOND, False),
        (30 * 24 * HOUR, False),
    ],
)
def test_an_appointment_is_pressing_from_24_hours_before_until_it_begins(begins_in: timedelta, is_soon: bool) -> None:
    with_it, without = a_plan_with(an_appointment(NOW + begins_in)), a_plan_with()
    assert is_pressing(without, with_it, NOW) is is_soon, "added"
    assert is_pressing(with_it, without, NOW) is is_soon, "gone"
    cancelled = a_plan_with(an_appointment(NOW + begins_in, status=Status.CANCELLED))
    assert is_pressing(with_it, cancelled, NOW) is is_soon, "cancelled"


def test_one_that_is_under_way_is_pressing_until_it_ends() -> None:
    start, end = NOW - HOUR, NOW + HOUR
    with_it = a_plan_with(an_appointment(start, end))
    assert is_pressing(a_plan_with(), with_it, end - SECOND)
    assert not is_pressing(a_plan_with(), with_it, end)


@pytest.mark.parametrize(("was", "becomes"), [(2 * HOUR, 700 * HOUR), (700 * HOUR, 2 * HOUR), (2 * HOUR, -HOUR)])
def test_one_that_is_moved_is_pressing_if_it_was_soon_or_is_soon_now(was: timedelta, becomes: timedelta) -> None:
    moved = a_plan_with(an_appointment(NOW + was)), a_plan_with(an_appointment(NOW + becomes))
    assert is_pressing(*moved, NOW)


def test_nothing_that_stays_as_it_is_is_pressing() -> None:
    plan = a_plan_with(an_appointment(NOW + HOUR))
    assert not is_pressing(plan, plan, NOW)
    goal = an_appointment(None, kind=Kind.GOAL)
    another = replace(goal, id=type(goal.id)(int=7))
    assert not is_pressing(plan, a_plan_with(*plan.elements.values(), another), NOW)


def test_a_newer_message_that_says_the_same_is_not_pressing() -> None:
    said = an_appointment(NOW + HOUR)
    newer = replace(said.order, version=said.order.version + 1, message_id="m2")
    again = replace(said, order=newer, registered_at=NOW, provenance=replace(said.provenance, message_id="m2"))
    assert again != said
    assert not is_pressing(a_plan_with(said), a_plan_with(again), NOW)
    assert is_pressing(a_plan_with(said), a_plan_with(replace(again, title="Et andet sted")), NOW)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.APPOINTMENT])
def test_nothing_else_is_pressing_however_soon_it_begins(kind: Kind) -> None:
    assert not is_pressing(a_plan_with(), a_plan_with(an_appointment(NOW + HOUR, kind=kind)), NOW)


def test_an_appointment_without_a_time_is_not_pressing() -> None:
    assert not is_pressing(a_plan_with(), a_plan_with(an_appointment(None)), NOW)
