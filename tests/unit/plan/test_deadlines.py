"""Barnets lov § 95: the first follow-up at the latest three months after a measure has begun."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from hub.plan.danish_time import LOCAL
from hub.plan.deadlines import FollowUpDue, follow_ups_due
from hub.plan.element import Code, Element, Kind, Period, Status
from hub.testing.builders import PlanBuilder, a_plan

BEGAN = datetime(2026, 9, 7, tzinfo=LOCAL)
LAST_DAY = date(2026, 12, 7)


def measure(code: str = "BL-32-1-3", **facts: Any) -> PlanBuilder:
    told = {"status": Status.ACTIVE, "valid": Period(BEGAN), "codes": (Code("urn:law", code, ""),), **facts}
    return a_plan().with_element("children", Kind.ACTIVITY, **told)


def with_follow_up(plan: PlanBuilder, day: date, authority: str = "children", **facts: Any) -> PlanBuilder:
    start = datetime(day.year, day.month, day.day, tzinfo=LOCAL)
    told = {"status": Status.PLANNED, "details": {"type": "follow-up", "all-day": "yes"}, **facts}
    return plan.with_appointment(authority, start=start, end=start + timedelta(days=1), **told)


def due(plan: PlanBuilder, today: date = LAST_DAY) -> tuple[FollowUpDue, ...]:
    elements: list[Element] = list(plan.build().elements.values())
    return follow_ups_due(elements, datetime(today.year, today.month, today.day, 12, tzinfo=LOCAL))


def test_a_follow_up_that_nobody_has_planned_is_found_a_month_ahead_and_turns_overdue() -> None:
    assert due(measure(), LAST_DAY - timedelta(days=31)) == ()
    (ahead,), (last,), (late,) = (due(measure(), LAST_DAY + timedelta(days=days)) for days in (-30, 0, 1))
    assert (ahead.by, ahead.is_over, last.is_over, late.is_over) == (LAST_DAY, False, False, True)
    assert ahead.rule.citation == "Barnets lov § 95"


@pytest.mark.parametrize("code", ["BL-32", "BL-46-1", "BL-47-2"])
def test_support_and_placement_fall_under_it(code: str) -> None:
    assert len(due(measure(code))) == 1


@pytest.mark.parametrize("code", ["BL-320", "BL-33", "SEL-32", "32"])
def test_other_measures_do_not(code: str) -> None:
    assert due(measure(code)) == ()


def test_one_in_time_is_enough_planned_or_held() -> None:
    assert due(with_follow_up(measure(), LAST_DAY)) == ()
    assert due(with_follow_up(measure(), BEGAN.date(), status=Status.COMPLETED), LAST_DAY + timedelta(days=200)) == ()


@pytest.mark.parametrize(
    "facts",
    [
        {"day": LAST_DAY + timedelta(days=1)},
        {"day": BEGAN.date() - timedelta(days=1)},
        {"status": Status.CANCELLED},
        {"details": {"type": "home-visit"}},
        {"authority": "social"},
        {"case": "C2"},
    ],
    ids=["too late", "before it began", "cancelled", "another sort", "another's", "of another case"],
)
def test_one_that_does_not_follow_it_up_in_time_changes_nothing(facts: dict[str, Any]) -> None:
    assert len(due(with_follow_up(measure(), **{"day": LAST_DAY, **facts}))) == 1


@pytest.mark.parametrize("facts", [{"status": Status.COMPLETED}, {"status": Status.PROPOSED}, {"valid": Period()}])
def test_a_measure_that_is_over_or_has_not_begun_needs_none(facts: dict[str, Any]) -> None:
    assert due(measure(**facts)) == ()
