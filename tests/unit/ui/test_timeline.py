"""The timeline as a function of a view: what stands in it, once, in which order, and where its picture has it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hub.consent.consent import by_person
from hub.consent.view import view_for
from hub.flow.show import Shown
from hub.plan.element import Kind, Status
from hub.plan.person import Person, Role
from hub.plan.plan import PlanStatus
from hub.testing.builders import PlanBuilder, a_consent_to_one_plan, a_plan, a_reader, the_danish_policy
from hub.ui.timeline import Row, Timeline, timeline
from hub.ui.timeline_picture import AFTER, BEFORE, Mark, picture_of

PERSON = UUID(int=1)
NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)  # 12 o'clock in Denmark
DAY = timedelta(days=1)


def timeline_of(plan: PlanBuilder, language: str = "da") -> Timeline:
    built = plan.build()
    reader = a_reader("coordination", built, role=Role.COORDINATOR, language=language)
    consents = by_person([a_consent_to_one_plan(PERSON).build()])
    view = view_for(built, reader, the_danish_policy(), consents, NOON)
    return timeline(Shown(view, Person(PERSON, (), "Test Testesen"), PlanStatus.ACTIVE, NOON), language)


def titles(rows: tuple[Row, ...]) -> list[str]:
    return [row.card.title for row in rows]


def test_what_comes_stands_soonest_first_and_what_is_over_latest_first() -> None:
    plan = a_plan(PERSON)
    for title, after in (("i går", -1), ("forrige år", -400), ("i morgen", 1), ("om et år", 365)):
        at = NOON + after * DAY
        plan = plan.with_appointment("social", title, at, at + timedelta(hours=1), status=Status.PLANNED)
    found = timeline_of(plan)
    assert titles(found.ahead) == ["i morgen", "om et år"]
    assert titles(found.past) == ["i går", "forrige år"]


def test_a_meeting_of_two_sources_stands_once_also_when_it_is_over_and_says_where_they_differ() -> None:
    plan = a_plan(PERSON)
    for after in (-DAY, DAY):
        at = NOON + after
        plan = plan.with_appointment("social", "Netværk", at, at + timedelta(hours=1), status=Status.PLANNED)
        late = at + timedelta(minutes=30)
        plan = plan.with_appointment("children", "Netværk", late, late + timedelta(hours=1), status=Status.PLANNED)
    found = timeline_of(plan)
    for (row,) in (found.ahead, found.past):
        assert row.authorities == ("Socialområdet", "Børn og familie")
        assert len(row.told) == 2
        assert "12.30" in row.told[1]
    assert [(len(lane.dots), len(lane.bars)) for lane in found.picture.lanes] == [(2, 0), (2, 0)]


def test_what_has_no_time_and_what_is_no_step_of_the_way_is_not_in_it() -> None:
    plan = a_plan(PERSON).with_element("social", Kind.GOAL, "Et mål uden tid").with_element("social", Kind.NOTE, "Note")
    found = timeline_of(plan)
    assert (found.ahead, found.past, found.picture.lanes) == ((), (), ())


def test_the_picture_puts_today_and_every_day_at_its_place() -> None:
    marks = [
        Mark("a", NOON, NOON, is_meeting=True, is_over=False),
        Mark("a", NOON - BEFORE - DAY, NOON - BEFORE - DAY, is_meeting=True, is_over=True),  # outside
        Mark("b", None, None, is_meeting=False, is_over=False),  # as long as the picture
        Mark("b", NOON, NOON + AFTER / 2, is_meeting=False, is_over=False),  # beside it
        Mark("b", NOON + AFTER / 2, None, is_meeting=False, is_over=False),  # after that one, on its line
    ]
    drawn = picture_of(marks, NOON, "en")
    first, second = drawn.lanes
    assert [one.x for one in first.dots] == [drawn.today]
    whole, half, rest = second.bars
    assert (whole.x, whole.width) == (0, 100)
    assert half.y == rest.y != whole.y
    assert rest.x + rest.width == 100
    assert drawn.height > second.bars[-1].y
    assert [name for name, _ in drawn.months] == ["Oct", "Nov", "Dec", "Jan", "Feb", "Mar"]
    assert [x for _, x in drawn.months] == sorted(x for _, x in drawn.months)
