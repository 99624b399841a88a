"""Emergency access: what it opens and what it never does, how it ends, and who is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from hub.clock import now
from hub.consent.decision import Reason
from hub.consent.reader import Reader
from hub.errors import Conflict, InvalidRequest, NotAllowed, NotFound, Refused
from hub.flow.emergency import ShownEmergency, review, show_emergencies, to_inform
from hub.flow.hold import hold_back
from hub.flow.show import show_plan
from hub.plan.person import Role
from hub.store.emergencies import Outcome, Review
from hub.store.occasion_tables import emergencies
from hub.testing.builders import a_contribution, an_id
from hub.testing.clock import frozen
from tests.integration.flow.emergencies import (
    ANOTHER_CPR,
    CASEWORKER,
    ELEMENT,
    LIFTED,
    NEVER_LIFTED,
    STRANGER,
    WHY,
    Withheld,
    a_plan_of,
    at_ten,
    breaks_glass,
    by_the_danish_rules,
    everything_read,
    sees,
    why_not,
)
from tests.integration.policy import a_generous_policy, publish_policy
from tests.integration.world import AUTHORITIES, COORDINATOR, World, citizen_of

pytestmark = pytest.mark.integration
SECOND = Reader("social", Role.CASEWORKER)
HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
TICK = timedelta(microseconds=1)


def reviews(
    world: World, opened: ShownEmergency, outcome: Outcome, reader: Reader = SECOND, client: str = "second"
) -> ShownEmergency:
    return review(opened.access.id, outcome, reader, world.store, actor=client, correlation_id="c")


def shown(world: World, plan: UUID, reader: Reader, client: str = "somebody") -> list[ShownEmergency]:
    return list(show_emergencies(plan, reader, world.store, actor=client, correlation_id="c"))


def of_a_reason(cases: tuple[Withheld, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[case.reason.value for case in cases])


# --- what it opens ------------------------------------------------------------------------------------------------


@of_a_reason(LIFTED)
def test_it_shows_what_is_withheld_for_want_of_consent_and_nothing_does_without_it(
    world: World, case: Withheld
) -> None:
    with frozen(at_ten()) as clock:
        plan = case.opens(world)
        assert why_not(world, plan, case.reader) is case.reason
        before = everything_read(world, plan, case.reader)
        assert not sees(world, plan, case.reader)
        opened = breaks_glass(world, plan, case.reader)
        assert why_not(world, plan, case.reader, "me") is Reason.EMERGENCY
        assert sees(world, plan, case.reader)
        assert everything_read(world, plan, case.reader, "another") == before
        assert everything_read(world, plan, replace(case.reader, role=Role.AUTHORITY_SYSTEM)) == before
        clock.move_to(opened.access.until - TICK)
        assert sees(world, plan, case.reader)
        clock.move_to(opened.access.until)
        assert everything_read(world, plan, case.reader) == before


@of_a_reason(NEVER_LIFTED)
def test_it_never_lifts_what_the_law_or_the_door_withholds(world: World, case: Withheld) -> None:
    plan = case.opens(world)
    assert why_not(world, plan, case.reader) is case.reason
    before = everything_read(world, plan, case.reader)
    breaks_glass(world, plan, case.reader)
    assert everything_read(world, plan, case.reader) == before
    assert not sees(world, plan, case.reader)


def test_it_makes_nobody_a_member(world: World) -> None:
    plan = STRANGER.opens(world)
    before = everything_read(world, plan, STRANGER.reader)
    assert why_not(world, plan, STRANGER.reader) is STRANGER.reason
    with pytest.raises(NotFound):
        breaks_glass(world, plan, STRANGER.reader)
    assert everything_read(world, plan, STRANGER.reader) == before


def test_it_opens_one_plan(world: World) -> None:
    plan = a_plan_of(world)
    (other,) = world.opens_plan(ANOTHER_CPR).plans
    breaks_glass(world, other)
    assert not sees(world, plan)
    breaks_glass(world, plan)
    assert sees(world, plan)


def test_a_held_family_is_shown_nothing_by_it(world: World) -> None:
    plan = a_plan_of(world)
    breaks_glass(world, plan)
    hold_back(plan, "Frygt for en konflikt", CASEWORKER, world.store, actor="me", correlation_id="c")
    assert not sees(world, plan, citizen_of(world, plan))
    assert sees(world, plan)


def test_no_system_is_sent_anything_on_its_strength(world: World) -> None:
    plan = a_plan_of(world)
    world.drains()
    breaks_glass(world, plan)
    breaks_glass(world, plan, COORDINATOR, "the coordinator")
    world.accepts(a_contribution("social").version(2).with_draft("e2").build())
    world.drains()
    assert all(system.holds(plan) == set() for system in world.systems.values())


def test_whoever_belongs_to_the_plan_as_a_partner_opens_none(world: World) -> None:
    plan = a_plan_of(world)
    with world.store.begin() as unit:
        unit.memberships.ensure(plan, "school", Role.PARTNER, now())
    for role in (Role.PARTNER, Role.CASEWORKER):
        with pytest.raises(NotFound):
            breaks_glass(world, plan, Reader("school", role))


@pytest.mark.parametrize(
    "reader",
    [
        Reader("children", Role.AUTHORITY_SYSTEM),
        Reader("children", Role.OPERATOR),
        Reader("elsewhere", Role.COORDINATOR),
    ],
    ids=["system", "operator", "coordinator of other plans"],
)
def test_whoever_the_policy_does_not_name_opens_none(world: World, reader: Reader) -> None:
    plan = a_plan_of(world)
    with pytest.raises(NotFound):
        breaks_glass(world, plan, reader)
    with pytest.raises(NotFound):
        breaks_glass(world, plan, citizen_of(world, plan))
    assert world.count(emergencies) == 0


def test_where_the_policy_has_none_there_is_none(world: World) -> None:
    plan = a_plan_of(world)
    opened = breaks_glass(world, plan)
    publish_policy(a_generous_policy(), world.store, actor="test", correlation_id="c")
    assert opened.access.is_open(now())
    assert not sees(world, plan)
    with pytest.raises(NotFound):
        breaks_glass(world, plan, client="another")


# --- what it asks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("why", ["", "  " * 30, "a" * 60, "For kort en grund"])
def test_it_asks_for_a_reason_and_writes_down_that_there_was_none(world: World, why: str) -> None:
    plan = a_plan_of(world)
    with pytest.raises(InvalidRequest):
        breaks_glass(world, plan, why=why)
    assert orjson.loads(world.audited("refused")[-1]["details"]) == {"asked": str(plan), "code": "invalid-request"}
    assert not sees(world, plan)


@pytest.mark.parametrize("minutes", [0, -5, 31])
def test_it_lasts_no_longer_than_the_policy_says(world: World, minutes: int) -> None:
    plan = a_plan_of(world)
    by_the_danish_rules(world, minutes=30)
    with pytest.raises(InvalidRequest):
        breaks_glass(world, plan, minutes=minutes)
    assert breaks_glass(world, plan, minutes=30).access.until <= now() + timedelta(minutes=30)


def test_the_reason_lies_sealed_and_stands_nowhere_else(world: World) -> None:
    plan = a_plan_of(world)
    breaks_glass(world, plan)
    with world.store.begin(read_only=True) as unit:
        (row,) = unit.connection.execute(sa.select(emergencies))
        audited = [str(one) for one in unit.audit.of_plan(plan)]
    assert WHY.encode() not in bytes(row.reason)
    assert not any("alene hjemme" in one for one in audited)


# --- a second person ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", [SECOND, COORDINATOR, CASEWORKER], ids=["other authority", "coordinator", "own"])
def test_a_second_person_approves_it_and_it_goes_on(world: World, reader: Reader) -> None:
    plan = a_plan_of(world)
    opened = breaks_glass(world, plan)
    approved = reviews(world, opened, Outcome.APPROVED, reader)
    assert (approved.access.review(now()), approved.reason) == (Review.APPROVED, WHY)
    assert sees(world, plan)


def test_nobody_approves_their_own(world: World) -> None:
    plan = a_plan_of(world)
    opened = breaks_glass(world, plan)
    for outcome in Outcome:
        with pytest.raises(NotAllowed):
            reviews(world, opened, outcome, CASEWORKER, client="me")


def test_a_rejection_ends_it_at_once(world: World) -> None:
    plan = a_plan_of(world)
    before = everything_read(world, plan, CASEWORKER)
    opened = breaks_glass(world, plan)
    assert sees(world, plan)
    rejected = reviews(world, opened, Outcome.REJECTED)
    assert everything_read(world, plan, CASEWORKER) == before
    assert rejected.access.ended_at == rejected.access.reviewed_at


def test_it_is_reviewed_once(world: World) -> None:
    plan = a_plan_of(world)
    opened = breaks_glass(world, plan)
    reviews(world, opened, Outcome.REJECTED)
    for outcome in Outcome:
        with pytest.raises(Conflict):
            reviews(world, opened, outcome, COORDINATOR, "third")
    assert not sees(world, plan)


@pytest.mark.parametrize(
    "reader",
    [Reader("elsewhere", Role.CASEWORKER), Reader("social", Role.AUTHORITY_SYSTEM), Reader("social", Role.OPERATOR)],
    ids=["stranger", "system", "operator"],
)
def test_whoever_does_not_work_with_the_plan_reviews_nothing(world: World, reader: Reader) -> None:
    plan = a_plan_of(world)
    opened = breaks_glass(world, plan)
    with pytest.raises(NotFound) as theirs:
        reviews(world, opened, Outcome.APPROVED, reader)
    with pytest.raises(NotFound) as nobodys:
        review(ELEMENT, Outcome.APPROVED, SECOND, world.store, actor="second", correlation_id="c")
    assert theirs.value.diagnostics() == nobodys.value.diagnostics()
    with pytest.raises(NotFound):
        reviews(world, opened, Outcome.APPROVED, citizen_of(world, plan))


def test_not_approved_in_time_it_is_red_and_its_client_opens_no_other_until_it_is_reviewed(world: World) -> None:
    with frozen(at_ten()) as clock:
        plan = a_plan_of(world)
        (other,) = world.opens_plan(ANOTHER_CPR).plans
        opened = breaks_glass(world, plan)
        clock.advance(DAY - TICK)
        assert opened.access.review(clock()) is Review.AWAITED
        breaks_glass(world, other, client="me", minutes=1)  # another plan, while there is still time
        clock.advance(TICK)
        assert opened.access.review(clock()) is Review.OVERDUE
        with pytest.raises(Conflict):
            breaks_glass(world, other)
        breaks_glass(world, other, client="another")
        late = reviews(world, opened, Outcome.APPROVED)
        assert late.access.review(clock()) is Review.APPROVED
        assert orjson.loads(world.audited("emergency-approved")[-1]["details"])["is_late"] is True
        assert not sees(world, plan)  # its hour was over long ago
        breaks_glass(world, plan)
        assert sees(world, plan)


def test_nobody_prolongs_it_by_opening_it_again(world: World) -> None:
    with frozen(at_ten()) as clock:
        plan = a_plan_of(world)
        opened = breaks_glass(world, plan)
        clock.advance(HOUR / 2)
        with pytest.raises(Conflict):
            breaks_glass(world, plan)
        reviews(world, opened, Outcome.APPROVED)
        with pytest.raises(Conflict):
            breaks_glass(world, plan)
        clock.advance(HOUR / 2)
        assert breaks_glass(world, plan).access.is_open(clock())


def test_a_rejection_stands_in_the_way_for_a_day(world: World) -> None:
    with frozen(at_ten()) as clock:
        plan = a_plan_of(world)
        reviews(world, breaks_glass(world, plan), Outcome.REJECTED)
        clock.advance(DAY - TICK)
        with pytest.raises(Conflict):
            breaks_glass(world, plan)
        assert not sees(world, plan)
        clock.advance(TICK)
        breaks_glass(world, plan)
        assert sees(world, plan)


def test_where_the_policy_gives_no_time_it_opens_once_somebody_has_approved_it(world: World) -> None:
    plan = a_plan_of(world)
    by_the_danish_rules(world, approval_hours=0)
    opened = breaks_glass(world, plan)
    assert not sees(world, plan)
    reviews(world, opened, Outcome.APPROVED)
    assert sees(world, plan)


def test_an_attempt_to_open_one_that_is_refused_is_written_down(world: World) -> None:
    plan = a_plan_of(world)
    breaks_glass(world, plan)
    with pytest.raises(Refused):
        breaks_glass(world, plan)
    assert orjson.loads(world.audited("refused")[-1]["details"]) == {"asked": str(plan), "code": "conflict"}


# --- who is told --------------------------------------------------------------------------------------------------


def test_each_read_under_it_is_written_down_in_red(world: World) -> None:
    plan = a_plan_of(world)
    everything_read(world, plan, CASEWORKER)
    opened = breaks_glass(world, plan)
    reads = everything_read(world, plan, CASEWORKER)
    rows = [orjson.loads(row["details"]) for row in (*world.audited("read"), *world.audited("explained"))]
    red = [row for row in rows if "is_red" in row]
    assert len(red) == len(reads) == 3
    assert {row["emergency"] for row in red} == {str(opened.access.id)}
    assert [row["emergency_categories"] for row in red if "elements" not in row or row["elements"]] == [["goals"]] * 3
    assert all(row["is_red"] is True for row in red)


def test_the_citizen_is_told_no_category_of_what_the_citizen_may_not_see(world: World) -> None:
    plan, hidden = a_plan_that_names_the_father(world)
    opened = breaks_glass(world, plan)
    read = show_plan(plan, CASEWORKER, world.store, actor="me", correlation_id="c").view.element(hidden)
    assert read is not None
    assert read.decision.reason is Reason.EMERGENCY, "else this shows nothing"
    assert [one.categories for one in shown(world, plan, citizen_of(world, plan))] == [("goals",)]
    assert [one.categories for one in shown(world, plan, CASEWORKER, "me")] == [("goals", "household")]
    assert opened.access.client == "me"


@pytest.mark.parametrize("by_it", [("household",), ("goals", "household")], ids=str)
def test_nor_by_a_row_that_an_earlier_release_wrote(world: World, by_it: tuple[str, ...]) -> None:
    plan, hidden = a_plan_that_names_the_father(world)
    opened, both = breaks_glass(world, plan), [str(ELEMENT), str(hidden)]
    row = {"is_red": True, "emergency": opened.access.id, "emergency_categories": by_it, "elements": both}
    with world.store.begin() as unit:
        unit.audit.record("read", "me", opened.access.opened_at, "c", plan, **row)
    told = tuple(one for one in by_it if one == "goals")
    assert [one.categories for one in shown(world, plan, citizen_of(world, plan))] == [told]


def a_plan_that_names_the_father(world: World) -> tuple[UUID, UUID]:
    """A plan with a goal, and something that is about the father too, which the citizen may not see."""
    plan = a_plan_of(world)
    world.accepts(a_contribution("social", "C2").with_relative("father", ANOTHER_CPR, name="Far Faresen").build())
    hidden = an_id("social", "father", "C2")
    assert not world.shows(plan, citizen_of(world, plan)).view.element(hidden), "else this shows nothing"
    return plan, hidden


@pytest.mark.parametrize("action", ["emergency-opened", "emergency-approved", "emergency-rejected"])
def test_each_step_is_written_down_in_red(world: World, action: str) -> None:
    plan = a_plan_of(world)
    opened = breaks_glass(world, plan)
    if action != "emergency-opened":
        reviews(world, opened, Outcome(action.removeprefix("emergency-")))
    (row,) = world.audited(action)
    details = orjson.loads(row["details"])
    assert (row["plan_id"], details["emergency"], details["is_red"]) == (plan, str(opened.access.id), True)


def test_the_citizen_is_told_who_why_when_and_what_was_read(world: World) -> None:
    plan = a_plan_of(world)
    citizen = citizen_of(world, plan)
    assert shown(world, plan, citizen) == []
    opened = breaks_glass(world, plan)
    (nothing_yet,) = shown(world, plan, citizen)
    assert nothing_yet.categories == ()
    sees(world, plan)
    (told,) = shown(world, plan, citizen)
    assert (told.reason, told.categories, told.client) == (WHY, ("goals",), None)
    assert told.access == opened.access
    assert told.access.informed_at is None


def test_what_was_read_before_it_or_by_another_is_none_of_it(world: World) -> None:
    plan = a_plan_of(world)
    world.accepts(a_contribution("children").with_draft("own").build())
    opened = breaks_glass(world, plan, minutes=60)
    sees(world, plan, client="another")
    (told,) = shown(world, plan, citizen_of(world, plan))
    assert told.access.id == opened.access.id
    assert told.categories == ()


def test_whoever_may_review_it_reads_the_reason_and_not_what_is_withheld_from_them(world: World) -> None:
    plan = a_plan_of(world)
    opened = breaks_glass(world, plan)
    sees(world, plan)
    for reader in (COORDINATOR, SECOND):
        (told,) = shown(world, plan, reader)
        assert (told.reason, told.categories, told.client) == (WHY, None, "me")
    (own,) = shown(world, plan, CASEWORKER, "me")
    assert own.categories == ("goals",)
    reviews(world, opened, Outcome.APPROVED)
    assert [one.reason for one in shown(world, plan, Reader("employment", Role.CASEWORKER), "third")] == [None]
    assert [one.reason for one in shown(world, plan, SECOND, "second")] == [WHY]
    assert [one.reason for one in shown(world, plan, COORDINATOR, "third")] == [WHY]


@pytest.mark.parametrize("organisation", [*AUTHORITIES, "elsewhere", "citizen"])
def test_nobody_else_is_told(world: World, organisation: str) -> None:
    plan = a_plan_of(world)
    breaks_glass(world, plan)
    for role in (Role.AUTHORITY_SYSTEM, Role.OPERATOR, Role.PARTNER):
        with pytest.raises(NotFound):
            shown(world, plan, Reader(organisation, role))
    another = Reader("citizen", Role.CITIZEN, "citizen-access", person=UUID(int=9))
    with pytest.raises(NotFound):
        shown(world, plan, another)


def test_word_to_the_citizen_waits_for_whoever_sends_letters_and_for_a_hold_to_be_lifted(world: World) -> None:
    plan = a_plan_of(world)
    opened = breaks_glass(world, plan)
    with world.store.begin(read_only=True) as unit:
        assert [one.id for one in to_inform(unit)] == [opened.access.id]
    hold_back(plan, "Frygt for en konflikt", CASEWORKER, world.store, actor="me", correlation_id="c")
    with world.store.begin(read_only=True) as unit:
        assert to_inform(unit) == []
    assert shown(world, plan, citizen_of(world, plan)) == []
    assert len(shown(world, plan, COORDINATOR)) == 1
