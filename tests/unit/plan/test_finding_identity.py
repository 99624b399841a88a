"""Which finding it is: laws that hold for any appointments, and what makes each kind another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.plan.deadlines import RULES, FollowUpDue
from hub.plan.element import Element, Period, Status
from hub.plan.finding_identity import identity
from hub.plan.findings import OppositeDemands, findings
from hub.plan.severity import Severity, severity_of
from hub.testing.builders import THEN, a_plan

TRAVEL = timedelta(minutes=30)
Meetings = list[tuple[str, datetime, int]]
AUTHORITIES = ("children", "employment", "social")
hours = st.integers(1, 60).map(lambda quarter: THEN + timedelta(minutes=15 * quarter))
meetings = st.lists(st.tuples(st.sampled_from(AUTHORITIES), hours, st.integers(1, 8)), min_size=2, max_size=6)


def booked(meant: Sequence[tuple[str, datetime, int]]) -> list[Element]:
    """Make appointments of authorities that begin at an instant and last so many quarters of an hour."""
    plan = a_plan()
    for number, (authority, start, length) in enumerate(meant):
        end = start + timedelta(minutes=15 * length)
        plan = plan.with_appointment(authority, f"Nr. {number}", start, end, status=Status.PLANNED)
    return list(plan.build().elements.values())


def ids(elements: Sequence[Element]) -> dict[UUID, tuple[UUID, ...]]:
    """Return the elements of each finding, by its identity."""
    return {identity(found, elements): found.elements for found in findings(elements, THEN, TRAVEL)}


@given(meetings, st.randoms(use_true_random=False))
def test_the_order_in_which_they_come_does_not_matter_and_no_two_are_one(meant: Meetings, shuffled: Random) -> None:
    elements = booked(meant)
    before = ids(elements)
    assert len(before) == len(findings(elements, THEN, TRAVEL))
    shuffled.shuffle(elements)
    assert ids(elements).keys() == before.keys()


@given(meetings)
def test_what_else_an_element_says_and_what_else_is_in_the_plan_change_nothing(meant: Meetings) -> None:
    elements = booked(meant)
    written = [
        replace(one, text="Husk legitimation", registered_at=THEN + timedelta(days=1), part_of=UUID(int=7))
        for one in elements
    ]
    (goal,) = a_plan().with_goal("social").build().elements.values()
    assert ids([*written, replace(goal, id=UUID(int=8))]).keys() == ids(elements).keys()


@given(meetings, st.integers(1, 30), st.booleans())
def test_whoever_moves_either_side_makes_another_finding(meant: Meetings, minutes: int, earlier: bool) -> None:
    elements = booked(meant)
    before = ids(elements)
    by = timedelta(minutes=-minutes if earlier else minutes)
    for moved in elements:
        period = Period(moved.valid.start + by, moved.valid.end + by) if moved.valid.start and moved.valid.end else None
        after = ids([replace(one, valid=period) if one is moved and period else one for one in elements])
        gone = {one for one, about in before.items() if moved.id in about}
        assert not gone & after.keys()


def test_an_hour_is_the_same_hour_in_every_zone() -> None:
    elements = booked([("social", THEN + timedelta(hours=1), 4), ("children", THEN + timedelta(hours=1), 4)])
    there = timezone(timedelta(hours=9))
    abroad = [
        replace(one, valid=Period(one.valid.start.astimezone(there), one.valid.end.astimezone(there)))
        for one in elements
        if one.valid.start and one.valid.end
    ]
    assert ids(elements) == ids(abroad)


def test_more_hours_a_week_are_another_finding() -> None:
    plan = a_plan()
    elements = list(plan.with_goal("social").with_goal("children").build().elements.values())
    about = tuple(one.id for one in elements)
    told = {identity(OppositeDemands(about, hours), elements) for hours in (None, 40, 60)}
    assert len(told) == 3


def test_that_a_day_has_passed_makes_it_no_other_finding_but_a_more_pressing_one() -> None:
    (measure,) = a_plan().with_goal("children").build().elements.values()
    near, over = (FollowUpDue((measure.id,), THEN.date(), RULES[0], is_over) for is_over in (False, True))
    assert identity(near, [measure]) == identity(over, [measure])
    assert (severity_of(near), severity_of(over)) == (Severity.WORTH_A_LOOK, Severity.SERIOUS)


@pytest.mark.parametrize(("apart", "severity"), [(0, Severity.SERIOUS), (75, Severity.WORTH_A_LOOK)])
def test_what_cannot_be_done_is_more_pressing_than_what_hardly_can(apart: int, severity: Severity) -> None:
    start = THEN + timedelta(hours=1)
    elements = booked([("social", start, 4), ("children", start + timedelta(minutes=apart), 4)])
    assert [severity_of(found) for found in findings(elements, THEN, TRAVEL)] == [severity]


def test_a_finding_has_the_id_that_it_always_had() -> None:
    """Words on findings are remembered by it: an id that changes by a change of code would forget them all."""
    start = datetime(2026, 9, 8, 7, tzinfo=UTC)
    first, second = booked([("social", start, 4), ("children", start, 4)])
    elements = [replace(first, id=UUID(int=1)), replace(second, id=UUID(int=2))]
    assert list(ids(elements)) == [UUID("46b7dbd2-93bb-52eb-8572-2a1ba0452a40")]
