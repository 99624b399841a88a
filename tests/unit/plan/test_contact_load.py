"""What authorities ask of a person in a week, each meeting counted once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.plan.contact_load import ContactLoad, contact_load, together
from hub.plan.danish_time import LOCAL, IsoWeek, months_later
from hub.plan.demands import Way
from hub.plan.element import Element, Kind, Period, Status
from hub.testing.builders import a_plan

MONDAY = datetime(2026, 12, 28, tzinfo=LOCAL)  # of week 53
WEEK = IsoWeek(2026, 53)


def appointments(*asked: tuple[str, str, float | None, dict[str, Any]]) -> list[Element]:
    """Make appointments: authority, title, hours after Monday, fields."""
    plan = a_plan()
    for authority, title, hours, facts in asked:
        start = None if hours is None else MONDAY + timedelta(hours=hours)
        end = start and start + timedelta(hours=1)
        told = {"status": Status.PLANNED, "valid": Period(start, end), **facts}
        plan = plan.with_element(authority, Kind.APPOINTMENT, title=title, source_id=f"{title}{hours}", **told)
    return list(plan.build().elements.values())


def load(*asked: tuple[str, str, float | None, dict[str, Any]]) -> ContactLoad:
    (found,) = contact_load(appointments(*asked), WEEK, 1)
    return found


def test_contacts_are_counted_by_authority_and_by_way() -> None:
    found = load(
        ("social", "A", 9, {}),
        ("social", "B", 33, {"details": {"contact": "phone"}}),
        ("children", "C", 60, {"details": {"contact": "letter"}}),
    )
    assert (found.total, found.ways, found.authorities) == (
        3,
        {Way.IN_PERSON: 1, Way.PHONE: 1, Way.LETTER: 1},
        {"social": 2, "children": 1},
    )


def test_a_joint_meeting_is_one_contact_and_a_share_of_each_who_takes_part() -> None:
    found = load(("social", "Netværksmøde", 9, {}), ("children", "Netværksmøde", 9, {}))
    assert (found.total, found.authorities) == (1, {"social": 1, "children": 1})


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.ENTERED_IN_ERROR, Status.PROPOSED, Status.UNKNOWN])
def test_what_asks_for_nothing_is_not_counted(status: Status) -> None:
    assert load(("social", "A", 9, {"status": status})).total == 0


def test_what_was_held_counts_and_so_does_what_names_no_end() -> None:
    start = Period(MONDAY + timedelta(hours=9))
    assert load(("social", "A", 9, {"status": Status.COMPLETED}), ("children", "B", 9, {"valid": start})).total == 2
    assert load(("social", "A", None, {})).total == 0


def test_a_week_is_danish_and_ends_with_sunday() -> None:
    asked = appointments(("social", "A", 0, {}), ("social", "B", 7 * 24 - 0.5, {}), ("social", "C", 7 * 24, {}))
    before, week, after = contact_load(asked, IsoWeek(2026, 52), 3)
    assert [one.week for one in (before, week, after)] == [IsoWeek(2026, 52), WEEK, IsoWeek(2027, 1)]
    assert [one.total for one in (before, week, after)] == [0, 2, 1]


def test_a_households_load_is_that_of_its_members() -> None:
    found = together([load(("social", "A", 9, {})), load(("social", "A", 9, {}), ("children", "B", 9, {}))])
    assert (found.week, found.total, found.authorities) == (WEEK, 3, {"social": 2, "children": 1})
    with pytest.raises(ValueError, match="unpack"):
        together([])


def test_months_end_where_the_month_does() -> None:
    day = datetime(2026, 11, 30, tzinfo=LOCAL).date()
    assert [months_later(day, months).isoformat() for months in (0, 1, 3, 13)] == [
        "2026-11-30",
        "2026-12-30",
        "2027-02-28",
        "2027-12-30",
    ]
