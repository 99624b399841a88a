"""The numbers by which one plan is judged: counted as they should be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.plan.element import Kind, Status
from hub.plan.evaluation import (
    Version,
    by_number_of_authorities,
    families_of,
    of_plan,
    quantile,
)

MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


def at(day: int, hour: int = 9, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


def a_meeting(
    element: int, start: datetime, authority: str = "children", *, hours: int = 1, status: Status = Status.PLANNED,
    since: datetime = MARCH, until: datetime | None = None,
) -> Version:  # fmt: skip
    end = start + timedelta(hours=hours)
    return Version(UUID(int=element), authority, Kind.APPOINTMENT, status, start, end, since, until)


def an_activity(element: int, since: datetime, until: datetime | None = None, *, authority: str = "social") -> Version:
    return Version(UUID(int=element), authority, Kind.ACTIVITY, Status.ACTIVE, since, None, since, until)


def test_a_contact_is_a_meeting_as_it_was_known_when_it_began() -> None:
    moved = a_meeting(1, at(3), until=at(2))
    stands = a_meeting(1, at(5), since=at(2))
    called_off = a_meeting(2, at(9), status=Status.CANCELLED)
    learnt_of_too_late = a_meeting(3, at(4), since=at(6))
    of_april = a_meeting(4, at(2, month=4))
    found = of_plan([moved, stands, called_off, learnt_of_too_late, of_april], MARCH, APRIL)
    assert (found.contacts, found.authorities) == (1, frozenset({"children"}))


def test_a_demand_is_counted_once_in_each_month_that_it_asks_in() -> None:
    versions = [an_activity(1, at(3), at(10)), an_activity(1, at(10)), an_activity(2, at(3, month=4))]
    assert of_plan(versions, MARCH, APRIL).demands == 1
    assert of_plan(versions, APRIL, at(1, month=5)).demands == 2


@pytest.mark.parametrize(
    ("other", "overlaps", "resolved"),
    [
        ([a_meeting(2, at(10, 9), "social")], 1, 0),
        ([a_meeting(2, at(10, 10), "social")], 0, 0),
        ([a_meeting(2, at(10, 9), "children")], 0, 0),  # an authority's own diary is its own business
        ([a_meeting(2, at(10, 9), "social", until=at(8)), a_meeting(2, at(11), "social", since=at(8))], 1, 1),
        (
            [
                a_meeting(2, at(10), "social", until=at(8)),
                a_meeting(2, at(10), "social", since=at(8), status=Status.CANCELLED),
            ],
            1,
            1,
        ),
        # Moved, and still over the other.
        (
            [a_meeting(2, at(10, 9), "social", until=at(8)), a_meeting(2, at(10, 9), "social", since=at(8), hours=2)],
            1,
            0,
        ),
        # Nobody knew in time.
        ([a_meeting(2, at(10, 9), "social", since=at(11))], 0, 0),
        ([a_meeting(2, at(10, 0), "social", hours=24)], 0, 0),
    ],
)
def test_an_overlap_is_found_and_resolved_as_it_was_known(other: list[Version], overlaps: int, resolved: int) -> None:
    found = of_plan([a_meeting(1, at(10, 9)), *other], MARCH, APRIL)
    assert (found.overlaps, found.resolved) == (overlaps, resolved)


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(10, 16)), max_size=25))
def test_plans_that_concern_one_person_are_of_one_family_and_no_others(pairs: list[tuple[int, int]]) -> None:
    found = families_of((UUID(int=plan), UUID(int=person)) for plan, person in pairs)
    groups: list[set[int]] = []  # written another way: join what has a person in common until nothing has
    for plan, person in pairs:
        mine = {plan, person}
        mine |= {one for group in groups if group & mine for one in group}
        groups = [group for group in groups if not group & mine] + [mine]
    for plan, _ in pairs:
        for other, _ in pairs:
            is_one = any({plan, other} <= group for group in groups)
            assert (found[UUID(int=plan)] == found[UUID(int=other)]) == is_one
    assert all(found[UUID(int=plan)] == found[UUID(int=person)] for plan, person in pairs)


def test_families_are_counted_by_how_many_authorities_they_have() -> None:
    names: tuple[list[str], ...] = ([], ["a"], ["a", "b"], ["b", "c"], ["a", "b", "c"], ["a", "b", "c", "d"])
    found = by_number_of_authorities({UUID(int=number): frozenset(one) for number, one in enumerate(names)})
    assert {number: sorted(family.int for family in tally) for number, tally in found.items()} == {
        1: [1],
        2: [2, 3],
        3: [4, 5],
    }


def test_a_quantile_is_a_time_that_was_taken() -> None:
    times = [timedelta(seconds=second) for second in (9, 1, 3)]
    assert quantile([], 0.5) is None
    assert quantile(times, 0.5) == timedelta(seconds=3)
    assert quantile(times, 0.9) == timedelta(seconds=9)
