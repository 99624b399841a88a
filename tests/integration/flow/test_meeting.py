"""Meetings of the SSD cooperation: what they show, to whom, until when, and how many there may be."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from importlib.resources import files
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from hub.consent.decision import Reason
from hub.consent.reader import Reader
from hub.errors import Conflict, InvalidRequest, NotFound
from hub.flow.hold import hold_back
from hub.flow.meeting import ShownMeeting, Wanted, close_meeting, open_meeting, show_meetings
from hub.plan.person import Role
from hub.store.occasion_tables import meetings
from hub.testing.builders import a_consent, a_contribution, an_id
from hub.testing.clock import frozen
from tests.integration.flow.emergencies import at_ten, by_the_danish_rules
from tests.integration.policy import publish_policy
from tests.integration.world import COORDINATOR, SOMEBODY, World, citizen_of

pytestmark = pytest.mark.integration
CIRCLE: Mapping[str, Role] = {
    "children": Role.AUTHORITY_SYSTEM,
    "social": Role.AUTHORITY_SYSTEM,
    "employment": Role.AUTHORITY_SYSTEM,
    "youth": Role.AUTHORITY_SYSTEM,
    "school": Role.PARTNER,
    "coordination": Role.COORDINATOR,
}
CONVENES = Reader("children", Role.CASEWORKER)
MEETS = Reader("social", Role.CASEWORKER, purpose="ssd")
GOAL = an_id("children", "g1")
WHY = "Barnet er begyndt at blive væk fra skolen."
DAY = timedelta(hours=24)
TICK = timedelta(microseconds=1)


def a_childs_plan(world: World) -> UUID:
    """A goal of children and family services, of which the citizen says yes to all for every purpose."""
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.accepts(a_contribution("children").with_draft("g1").build())
    world.says(a_consent(SOMEBODY).to("*").for_purposes("*").build(), plan)
    return plan


def meets(
    world: World,
    plan: UUID,
    organisations: Sequence[str] = ("children", "social"),
    why: str = "",
    reader: Reader = CONVENES,
    purpose: str = "ssd",
) -> ShownMeeting:
    wanted = Wanted(plan, purpose, organisations, why)
    return open_meeting(wanted, reader, CIRCLE, world.store, actor="me", correlation_id="c")


def closes(world: World, opened: ShownMeeting, reader: Reader = CONVENES) -> ShownMeeting:
    return close_meeting(opened.meeting.id, reader, world.store, actor="me", correlation_id="c")


def told(world: World, plan: UUID, reader: Reader) -> list[ShownMeeting]:
    return list(show_meetings(plan, reader, world.store, actor="me", correlation_id="c"))


def sees(world: World, plan: UUID, reader: Reader = MEETS) -> bool:
    return world.shows(plan, reader).view.element(GOAL) is not None


# --- what a meeting shows -----------------------------------------------------------------------------------------


def test_nothing_is_shown_for_the_purpose_outside_a_meeting(world: World) -> None:
    plan = a_childs_plan(world)
    for reader in (MEETS, Reader("social", Role.AUTHORITY_SYSTEM, purpose="ssd")):
        assert not world.shows(plan, reader).view.seen
    opened = meets(world, plan)
    (seen,) = world.shows(plan, MEETS).view.seen
    assert (seen.decision.reason, seen.decision.rule_ids) == (Reason.CONSENT, ("CON-SSD",))
    written = [orjson.loads(row["details"]) for row in world.audited("read")]
    assert [one.get("citizen_to_inform") for one in written][-1] == ["goals"], "the rule says so"
    closes(world, opened)
    assert not world.shows(plan, MEETS).view.seen


def test_a_meeting_ends_by_itself(world: World) -> None:
    with frozen(at_ten()) as clock:
        plan = a_childs_plan(world)
        opened = meets(world, plan)
        assert opened.meeting.until == clock() + DAY
        clock.advance(DAY - TICK)
        assert sees(world, plan)
        clock.advance(TICK)
        assert not sees(world, plan)


def test_only_who_was_named_belongs_to_the_plan_and_reads_for_the_purpose_is_shown_it(world: World) -> None:
    plan = a_childs_plan(world)
    closes(world, meets(world, plan, ("children", "coordination")))
    meets(world, plan, ("children", "school", "social"), WHY)
    assert sees(world, plan)
    with pytest.raises(NotFound):  # named, and no member
        world.shows(plan, Reader("school", Role.PARTNER, purpose="ssd"))
    assert not sees(world, plan, Reader("employment", Role.CASEWORKER, purpose="ssd"))
    before = world.shows(plan, Reader("social", Role.CASEWORKER)).view.seen
    assert "CON-SSD" not in {rule for one in before for rule in one.decision.rule_ids}


def test_whoever_was_not_named_is_shown_nothing(world: World) -> None:
    plan = a_childs_plan(world)
    meets(world, plan, ("children", "coordination"))
    assert not sees(world, plan)


def test_a_meeting_about_one_plan_shows_nothing_of_another(world: World) -> None:
    plan = a_childs_plan(world)
    (other,) = world.opens_plan("0301609995").plans
    meets(world, other)
    assert not sees(world, plan)


def test_a_meeting_without_the_citizens_yes_shows_nothing(world: World) -> None:
    plan = a_childs_plan(world)
    meets(world, plan)
    world.says(a_consent(SOMEBODY).to("social").for_purposes("ssd").denying().build(), plan)
    assert not sees(world, plan)


def test_nothing_is_sent_because_of_a_meeting(world: World) -> None:
    plan = a_childs_plan(world)
    by_a_rule_of_meetings_for_one_plan(world)
    world.drains()
    assert world.systems["social"].holds(plan) == set()
    meets(world, plan, purpose="one-plan")
    assert sees(world, plan, Reader("social", Role.CASEWORKER))
    world.accepts(a_contribution("children").version(2).with_draft("g2").build())
    world.drains()
    assert world.systems["social"].holds(plan) == set()


def by_a_rule_of_meetings_for_one_plan(world: World) -> None:
    """Publish rules by which one plan itself is met for, as a municipality might write them."""
    rules = tomllib.loads((files("hub.consent") / "danish_rules.toml").read_text("utf-8"))
    (ssd,) = rules["meeting"]
    rules["meeting"].append({**ssd, "purpose": "one-plan"})
    (rule,) = [one for one in rules["rule"] if one["id"] == "CON-SSD"]
    rules["rule"] = [{**rule, "purposes": ["one-plan"]}]
    publish_policy(rules, world.store, actor="test", correlation_id="c")


# --- how many, and of whom ----------------------------------------------------------------------------------------


def test_there_is_one_meeting_and_with_a_reason_one_follow_up_and_no_more(world: World) -> None:
    plan = a_childs_plan(world)
    assert closes(world, meets(world, plan)).meeting.number == 1
    with pytest.raises(InvalidRequest) as asked:
        meets(world, plan)
    assert [fault.field for fault in asked.value.faults] == ["reason"]
    follow_up = closes(world, meets(world, plan, why=WHY))
    assert (follow_up.meeting.number, follow_up.reason) == (2, WHY)
    with pytest.raises(Conflict) as refused:
        meets(world, plan, why=WHY)
    assert "SSD-samarbejdet: one meeting about a concrete case" in refused.value.sentence
    assert "consent" in refused.value.next_step
    assert world.count(meetings) == 2


def test_meetings_are_counted_however_they_ended_and_whoever_opened_them(world: World) -> None:
    with frozen(at_ten()) as clock:
        plan = a_childs_plan(world)
        meets(world, plan)
        clock.advance(DAY)
        meets(world, plan, why=WHY, reader=COORDINATOR)
        clock.advance(DAY * 400)
        with pytest.raises(Conflict):
            meets(world, plan, why=WHY)
        assert not sees(world, plan)


def test_meetings_of_another_plan_are_not_counted(world: World) -> None:
    plan = a_childs_plan(world)
    (other,) = world.opens_plan("0301609995").plans
    meets(world, other)
    assert meets(world, plan).meeting.number == 1


def test_two_are_not_open_at_once(world: World) -> None:
    plan = a_childs_plan(world)
    meets(world, plan)
    with pytest.raises(Conflict):
        meets(world, plan, why=WHY)
    assert world.count(meetings) == 1


@pytest.mark.parametrize(
    ("organisation", "rule"), [("employment", "LAW-P-SSD"), ("youth", "LAW-P-SSD-YOUTH"), ("nobody", "")]
)
def test_whoever_a_prohibition_keeps_out_and_whoever_is_not_there_is_refused(
    world: World, organisation: str, rule: str
) -> None:
    plan = a_childs_plan(world)
    with pytest.raises(InvalidRequest) as refused:
        meets(world, plan, ("children", organisation))
    (fault,) = refused.value.faults
    assert fault.field == "organisations.1"
    assert rule in fault.next_step
    assert world.count(meetings) == 0


def test_whoever_is_kept_out_opens_none_for_others(world: World) -> None:
    plan = a_childs_plan(world)
    with pytest.raises(NotFound):
        meets(world, plan, ("children", "social"), reader=Reader("employment", Role.CASEWORKER))
    assert told(world, plan, COORDINATOR) == []


def test_nobody_meets_for_a_purpose_that_the_rules_do_not_count(world: World) -> None:
    plan = a_childs_plan(world)
    for purpose in ("one-plan", "gossip"):
        with pytest.raises(InvalidRequest) as refused:
            meets(world, plan, purpose=purpose)
        assert [fault.field for fault in refused.value.faults] == ["purpose"]


def test_whoever_does_not_work_with_the_plan_opens_and_closes_none(world: World) -> None:
    plan = a_childs_plan(world)
    opened = meets(world, plan)
    for reader in (
        Reader("children", Role.AUTHORITY_SYSTEM),
        Reader("elsewhere", Role.CASEWORKER),
        Reader("elsewhere", Role.COORDINATOR),
        Reader("children", Role.OPERATOR),
        citizen_of(world, plan),
    ):
        with pytest.raises(NotFound):
            meets(world, plan, reader=reader)
        with pytest.raises(NotFound):
            closes(world, opened, reader)
    with pytest.raises(NotFound):  # works with the plan, and has no part in the meeting
        closes(world, opened, Reader("employment", Role.CASEWORKER))
    assert sees(world, plan)


def test_a_meeting_ends_once(world: World) -> None:
    plan = a_childs_plan(world)
    opened = meets(world, plan)
    closed = closes(world, opened, COORDINATOR)
    assert closed.meeting.ended_at == closed.at < opened.meeting.until
    with pytest.raises(Conflict):
        closes(world, opened)


# --- who is told --------------------------------------------------------------------------------------------------


def test_the_citizen_is_told_of_every_meeting_and_others_of_theirs(world: World) -> None:
    plan = a_childs_plan(world)
    citizen = citizen_of(world, plan)
    assert told(world, plan, citizen) == []
    closes(world, meets(world, plan, ("children", "school")))
    meets(world, plan, ("children", "social"), WHY)
    for reader in (citizen, COORDINATOR, CONVENES):
        found = told(world, plan, reader)
        assert [one.meeting.organisations for one in found] == [("children", "school"), ("children", "social")]
        assert [one.reason for one in found] == ["", WHY]
    assert [one.meeting.number for one in told(world, plan, MEETS)] == [2]
    assert told(world, plan, Reader("employment", Role.CASEWORKER)) == []
    with pytest.raises(NotFound):
        told(world, plan, Reader("citizen", Role.CITIZEN, "citizen-access", person=UUID(int=9)))


def test_of_a_held_plan_the_citizen_is_told_of_no_meeting(world: World) -> None:
    plan = a_childs_plan(world)
    meets(world, plan)
    hold_back(plan, "Frygt for en konflikt", CONVENES, world.store, actor="me", correlation_id="c")
    assert told(world, plan, citizen_of(world, plan)) == []
    assert len(told(world, plan, COORDINATOR)) == 1


def test_meetings_are_written_down_and_why_lies_sealed(world: World) -> None:
    plan = a_childs_plan(world)
    closes(world, meets(world, plan))
    follow_up = closes(world, meets(world, plan, why=WHY))
    first, second = (orjson.loads(row["details"]) for row in world.audited("meeting-opened"))
    assert first == {**second, "number": 1, "meeting": first["meeting"]}
    assert second == {
        "meeting": str(follow_up.meeting.id),
        "purpose": "ssd",
        "number": 2,
        "organisations": ["children", "social"],
    }
    assert len(world.audited("meeting-closed")) == 2
    with world.store.begin(read_only=True) as unit:
        rows = unit.connection.execute(sa.select(meetings.c.reason)).scalars().all()
        audited = str(unit.audit.of_plan(plan))
    assert not any(WHY.encode() in bytes(row or b"") for row in rows)
    assert WHY not in audited
