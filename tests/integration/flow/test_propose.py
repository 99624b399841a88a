"""Another time that is proposed: it reaches its owner and nobody else, once, and where it stands is known."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.authority import PlanUpdate
from hub.clock import now
from hub.consent.reader import Reader
from hub.errors import Conflict, InvalidRequest, NotFound
from hub.flow.propose import answer, cancel, for_authority, of_plan, propose
from hub.flow.proposed import State
from hub.flow.settle import Settled
from hub.plan.element import Kind, Period, Sensitivity, Status
from hub.plan.person import Role
from hub.store.proposal_tables import proposals
from hub.testing.builders import a_consent, a_contribution, an_id
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.flow.feeding import a_world_that_feeds, must_fetch, reads, says
from tests.integration.world import COORDINATOR, SOMEBODY, Dies, World, citizen_of

pytestmark = pytest.mark.integration
MEETING = an_id("children", "a1")
CHILDREN, SOCIAL = (Reader(name, Role.AUTHORITY_SYSTEM) for name in ("children", "social"))
WHY = "Familiebehandleren har kun fri om formiddagen."
HOUR = timedelta(hours=1)
NINE = (now() + timedelta(days=7)).replace(minute=0, second=0, microsecond=0)


def books(world: World, start: datetime = NINE, version: int = 1, **facts: Any) -> None:
    """Children and family services send their case, with one meeting in it."""
    told = {"status": Status.PLANNED, "title": "Familiesamtale", "valid": Period(start, start + HOUR), **facts}
    world.accepts(a_contribution("children").version(version).with_draft("a1", Kind.APPOINTMENT, **told).build())


def a_booked_plan(world: World) -> UUID:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    books(world)
    world.drains()
    return plan


def proposes(world: World, plan: UUID, start: datetime = NINE + 3 * HOUR, reader: Reader = COORDINATOR) -> UUID:
    return propose(plan, MEETING, start, reader, world.store, actor="me", correlation_id="c").proposal.id


def states(world: World, plan: UUID, reader: Reader = COORDINATOR) -> list[State]:
    return [one.state for one in of_plan(plan, reader, world.store, actor="me", correlation_id="c")]


def told(world: World, name: str) -> list[list[UUID]]:
    """Return which proposals each update named that said anything of one, or nothing at all."""
    heard = world.systems[name].heard
    return [[one.id for one in update.proposals] for update in heard if update.proposals or not update.disclosed]


def cancels(world: World, plan: UUID, one: UUID) -> State:
    return cancel(plan, one, COORDINATOR, world.store, actor="me", correlation_id="c").state


def answers(world: World, one: UUID, refusal: str | None = None, reader: Reader = CHILDREN) -> State:
    return answer(one, refusal, reader, world.store, actor="system", correlation_id="c").state


def test_it_reaches_the_owner_with_its_own_case_and_the_two_times_and_nobody_else(world: World) -> None:
    plan = a_booked_plan(world)
    one = proposes(world, plan)
    assert states(world, plan) == [State.REQUESTED]
    world.drains()
    (update,) = [each for each in world.systems["children"].heard if each.proposals]
    (proposed,) = update.proposals
    assert (proposed.id, proposed.case, proposed.element) == (one, "C1", MEETING)
    assert (proposed.stands, proposed.proposed) == (
        Period(NINE, NINE + HOUR), Period(NINE + 3 * HOUR, NINE + 4 * HOUR),
    )  # fmt: skip
    assert not update.disclosed, "nothing of anybody else"
    assert not any(each.proposals for name in ("employment", "social") for each in world.systems[name].heard)
    assert states(world, plan) == [State.RECEIVED]
    world.drains()
    assert told(world, "children") == [[one]], "and it is told once"


def test_a_crash_between_the_send_and_its_settling_makes_no_second_task(world: World) -> None:
    plan = a_booked_plan(world)
    one = proposes(world, plan)
    before = world.systems["children"].sequences.get(plan, 0)

    def dies(_: PlanUpdate) -> None:
        raise Dies

    world.systems["children"].after = dies
    with pytest.raises(Dies):
        world.delivers(plan, "children")
    (shown,) = of_plan(plan, COORDINATOR, world.store, actor="me", correlation_id="c")
    assert (shown.state, shown.proposal.received_at) == (State.REQUESTED, None)
    assert shown.proposal.left_at is not None, "it may have arrived"
    world.systems["children"].after = lambda update: None
    world.drains()
    assert {each for update in told(world, "children") for each in update} == {one}
    sequences = {update.sequence for update in world.systems["children"].heard if update.proposals}
    assert sequences == {before + 1}, "the repeat is the same delivery, which a system drops"
    assert states(world, plan) == [State.RECEIVED]


def test_moved_to_that_time_it_is_done_and_moved_elsewhere_it_is_off(world: World) -> None:
    plan = a_booked_plan(world)
    proposes(world, plan)
    world.drains()
    books(world, NINE + 3 * HOUR, version=2)
    assert states(world, plan) == [State.COMPLETED]
    books(world, NINE + 5 * HOUR, version=3)
    assert states(world, plan) == [State.CANCELLED]
    proposes(world, plan)
    books(world, NINE + 5 * HOUR, version=4, status=Status.CANCELLED)
    assert states(world, plan) == [State.CANCELLED] * 2
    world.drains()
    assert len(told(world, "children")) == 1, "what was overtaken before it left is never sent"


def test_who_works_with_other_subjects_hears_of_no_other_time_and_answers_none(world: World) -> None:
    plan = a_booked_plan(world)
    one, elsewhere = proposes(world, plan), Reader("children", Role.CASEWORKER, kle=frozenset({"32"}))
    assert not world.shows(plan, elsewhere).view.seen, "else this shows nothing"
    assert not for_authority(elsewhere, world.store, actor="x", correlation_id="c")
    for refusal in (None, WHY):
        with pytest.raises(NotFound):
            answers(world, one, refusal, elsewhere)


def test_a_no_tells_why_and_ends_it_and_another_may_be_proposed(world: World) -> None:
    plan = a_booked_plan(world)
    one = proposes(world, plan)
    with pytest.raises(Conflict):
        proposes(world, plan, NINE + 5 * HOUR)
    listed = for_authority(CHILDREN, world.store, actor="system", correlation_id="c")
    assert [each.proposal.id for each in listed] == [one]
    assert answers(world, one) is State.ACCEPTED
    with pytest.raises(InvalidRequest):
        answers(world, one, "nej")
    assert answers(world, one, WHY) is State.REJECTED
    (shown,) = of_plan(plan, COORDINATOR, world.store, actor="me", correlation_id="c")
    assert shown.proposal.answer == WHY
    with world.store.begin(read_only=True) as unit:
        sealed = unit.connection.execute(sa.select(proposals.c.answer)).scalar_one()
    assert b"formiddagen" not in sealed
    with pytest.raises(Conflict):
        answers(world, one)
    assert not for_authority(CHILDREN, world.store, actor="system", correlation_id="c")
    other = proposes(world, plan, NINE + 5 * HOUR)
    world.drains()
    assert told(world, "children") == [[other]], "what was answered is not told to who has answered it"


def test_taken_back_before_it_left_it_never_leaves_and_after_that_its_owner_is_told(world: World) -> None:
    plan = a_booked_plan(world)
    assert cancels(world, plan, proposes(world, plan)) is State.CANCELLED
    world.drains()
    assert told(world, "children") == []
    one = proposes(world, plan)
    world.drains()
    assert cancels(world, plan, one) is State.CANCELLED
    with pytest.raises(Conflict):
        cancels(world, plan, one)
    world.drains()
    assert told(world, "children") == [[one], []], "no longer named, it is off"
    world.drains()
    assert len(told(world, "children")) == 2


def test_taken_back_while_it_may_have_arrived_it_is_told_to_be_off(world: World) -> None:
    plan = a_booked_plan(world)
    one = proposes(world, plan)

    def dies(_: PlanUpdate) -> None:
        raise Dies

    world.systems["children"].after = dies
    with pytest.raises(Dies):
        world.delivers(plan, "children")
    cancels(world, plan, one)
    world.systems["children"].after = lambda update: None
    world.drains()
    assert told(world, "children") == [[one], []]


def test_only_the_plans_coordinator_proposes_and_only_the_owner_answers(world: World) -> None:
    plan = a_booked_plan(world)
    others = (citizen_of(world, plan), CHILDREN, Reader("elsewhere", Role.COORDINATOR))
    for reader in others:
        with pytest.raises(NotFound):
            proposes(world, plan, reader=reader)
    one = proposes(world, plan)
    for reader in (SOCIAL, COORDINATOR, citizen_of(world, plan)):
        with pytest.raises(NotFound):
            answers(world, one, WHY, reader)
    for reader in others[1:]:
        with pytest.raises(NotFound):
            of_plan(plan, reader, world.store, actor="me", correlation_id="c")
    assert states(world, plan, citizen_of(world, plan)) == [State.REQUESTED]
    assert not for_authority(SOCIAL, world.store, actor="system", correlation_id="c")


@pytest.mark.parametrize("start", [NINE, NINE - timedelta(days=30)], ids=["the same", "over"])
def test_a_time_that_is_over_or_the_same_is_refused(world: World, start: datetime) -> None:
    plan = a_booked_plan(world)
    with pytest.raises(InvalidRequest):
        proposes(world, plan, start)
    assert not states(world, plan)


def test_what_the_coordinator_does_not_see_nothing_is_proposed_for_and_nothing_is_told_of(world: World) -> None:
    plan = a_booked_plan(world)
    proposes(world, plan)
    books(world, version=2, category="health", label=Sensitivity.VIP_SAGER)
    with pytest.raises(NotFound):
        proposes(world, plan, NINE + 5 * HOUR)
    assert states(world, plan) == []


def test_an_owner_that_fetches_is_told_to_fetch_it_and_has_it_by_its_receipt(world: World) -> None:
    a_world_that_feeds(world)
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    start = {"status": Status.PLANNED, "valid": Period(NINE, NINE + HOUR)}
    world.accepts(a_contribution("social").with_draft("a1", Kind.APPOINTMENT, **start).build())
    meeting, later = an_id("social", "a1"), NINE + 3 * HOUR
    one = propose(plan, meeting, later, COORDINATOR, world.store, actor="me", correlation_id="c").proposal.id
    assert world.delivers(plan, "social") is Settled.TOLD
    fetched, update = must_fetch(world, reads(world)[-1].delivery)
    assert [each.id for each in update.proposals] == [one]
    assert states(world, plan) == [State.REQUESTED]
    says(world, fetched.attempt)
    assert states(world, plan) == [State.RECEIVED]


def test_once_there_is_no_one_plan_any_more_nobody_is_proposed_anything(world: World) -> None:
    by_the_danish_rules(world)
    opened = world.opens_plan()
    (plan,) = opened.plans
    books(world)
    world.drains()
    proposes(world, plan)
    world.takes_back(opened.consent.id)
    world.drains()
    assert told(world, "children") == []
