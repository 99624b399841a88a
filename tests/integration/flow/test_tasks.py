"""What is asked of an authority reaches it over its own wire, and that it has arrived follows from what it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

import pytest

from hub.authority import PlanUpdate
from hub.consent.consent import Consent
from hub.consent.reader import Reader
from hub.errors import NotAllowed, RuleBroken
from hub.flow.history import show_history
from hub.flow.wishes import Became, Sight, Wish
from hub.flow.write_many import Written, write_many
from hub.plan.element import Detail, Element, Kind
from hub.plan.own import OwnWords
from hub.plan.person import Role
from hub.plan.task import STATUS_OF, Asked, TaskState, asked_of
from hub.testing.builders import a_consent
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.world import COORDINATOR, SOMEBODY, Dies, World, citizen_of

pytestmark = pytest.mark.integration
CHILDREN, EMPLOYMENT, SOCIAL = (Reader(name, Role.AUTHORITY_SYSTEM) for name in ("children", "employment", "social"))
TITLE = "Find en mentor"


def a_plan_that_is_shared(world: World) -> tuple[UUID, Consent]:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    return plan, world.says(a_consent(SOMEBODY).to("*").build(), plan)


def writes(world: World, wish: Wish, reader: Reader) -> Written:
    (one,) = write_many([wish], reader, world.store, world.authorities, actor="system", correlation_id="c")
    return one


def asks(world: World, plan: UUID, reader: Reader = EMPLOYMENT, owner: str = "children") -> UUID:
    """Ask an authority for something."""
    person = world.shows(plan).person.id
    return writes(world, Wish(Kind.ACTIVITY, lambda _: words(owner), whose=person), reader).element


def words(owner: str = "children", state: TaskState = TaskState.REQUESTED, title: str = TITLE) -> OwnWords:
    asked = Asked(owner, state)
    return OwnWords(Kind.ACTIVITY, title, status=STATUS_OF[state], details=asked.details)


def moves(world: World, task: UUID, state: TaskState, reader: Reader) -> Became:
    def says(sight: Sight) -> OwnWords:
        assert sight.was is not None
        seen = sight.was.element
        asked = Asked("children", state)
        return OwnWords(Kind.ACTIVITY, seen.title, valid=seen.valid, status=STATUS_OF[state], details=asked.details)

    return writes(world, Wish(Kind.ACTIVITY, says, element=task), reader).became


def seen(world: World, plan: UUID, task: UUID, reader: Reader = EMPLOYMENT) -> Element:
    found = world.shows(plan, reader).view.element(task)
    assert found is not None
    return found.element


def state(world: World, plan: UUID, task: UUID, reader: Reader = EMPLOYMENT) -> TaskState:
    asked = asked_of(seen(world, plan, task, reader))
    assert asked is not None
    return asked.state


def told(world: World, name: str, task: UUID) -> list[tuple[str, str]]:
    """Return what each update has told a system of a Task: whose it is, and where it stands."""
    items = [item.element for update in world.systems[name].heard for item in update.disclosed]
    return [(one.details[Detail.OWNER], one.details[Detail.TASK_STATE]) for one in items if one.id == task]


def test_it_reaches_its_owner_with_who_is_to_do_it_and_is_received_once_it_has(world: World) -> None:
    plan, _ = a_plan_that_is_shared(world)
    task = asks(world, plan)
    assert state(world, plan, task) is TaskState.REQUESTED
    before = seen(world, plan, task).registered_at
    world.drains()
    assert told(world, "children", task) == told(world, "social", task) == [("children", "requested")]
    assert told(world, "employment", task) == [], "who has written it has it"
    for reader in (EMPLOYMENT, CHILDREN, SOCIAL, COORDINATOR, citizen_of(world, plan)):
        assert state(world, plan, task, reader) is TaskState.RECEIVED
    assert seen(world, plan, task).registered_at > before
    world.drains()
    assert len(told(world, "children", task)) == 1, "and to be received is nothing to deliver"


def test_whether_it_has_arrived_is_not_known_until_the_delivery_is_settled(world: World) -> None:
    plan, _ = a_plan_that_is_shared(world)
    task = asks(world, plan)

    def dies(_: PlanUpdate) -> None:
        raise Dies

    world.systems["children"].after = dies
    with pytest.raises(Dies):
        world.delivers(plan, "children")
    assert state(world, plan, task) is TaskState.REQUESTED
    world.systems["children"].after = lambda update: None
    world.drains()
    assert state(world, plan, task) is TaskState.RECEIVED


def test_an_answer_stands_whatever_is_delivered_and_reaches_the_others(world: World) -> None:
    plan, _ = a_plan_that_is_shared(world)
    task = asks(world, plan)
    assert moves(world, task, TaskState.ACCEPTED, CHILDREN) is Became.CHANGED
    world.drains()
    assert state(world, plan, task) is TaskState.ACCEPTED
    assert moves(world, task, TaskState.ACCEPTED, CHILDREN) is Became.AS_IT_WAS
    assert moves(world, task, TaskState.IN_PROGRESS, CHILDREN) is Became.CHANGED
    world.drains()
    assert told(world, "social", task) == [("children", "accepted"), ("children", "in-progress")]
    with pytest.raises(RuleBroken):
        moves(world, task, TaskState.COMPLETED, EMPLOYMENT)
    with pytest.raises(NotAllowed):
        moves(world, task, TaskState.COMPLETED, SOCIAL)


def test_a_received_task_that_is_sent_back_as_it_was_read_is_no_new_version(world: World) -> None:
    plan, _ = a_plan_that_is_shared(world)
    task = asks(world, plan)
    world.drains()
    assert moves(world, task, TaskState.RECEIVED, CHILDREN) is Became.AS_IT_WAS
    found = show_history(plan, task, CHILDREN, world.store, actor="me", correlation_id="c")
    assert len(found.versions) == 1


def test_a_consent_that_is_withdrawn_takes_the_task_from_its_owner(world: World) -> None:
    plan, consent = a_plan_that_is_shared(world)
    task = asks(world, plan)
    world.drains()
    world.takes_back(consent.id)
    world.drains()
    assert task not in world.systems["children"].holds(plan)
    assert world.shows(plan, CHILDREN).view.element(task) is None
    assert state(world, plan, task) is TaskState.REQUESTED, "its owner does not have it any more"
    with pytest.raises(RuleBroken, match="may not know"):
        asks(world, plan)
    assert moves(world, task, TaskState.CANCELLED, EMPLOYMENT) is Became.CHANGED


def test_what_its_requesters_system_calls_it_leaves_the_hub_on_no_wire(world: World) -> None:
    plan, _ = a_plan_that_is_shared(world)
    named = words()
    named = replace(named, details={**named.details, Detail.IDENTIFIERS: '[["urn:x:y","7",""]]'})
    person = world.shows(plan).person.id
    task = writes(world, Wish(Kind.ACTIVITY, lambda _: named, whose=person), EMPLOYMENT).element
    world.drains()
    for reader, is_told in (
        (EMPLOYMENT, True),
        (COORDINATOR, True),
        (CHILDREN, False),
        (citizen_of(world, plan), False),
    ):
        assert (Detail.IDENTIFIERS in seen(world, plan, task, reader).details) is is_told
    sent = [
        item.element
        for name in ("children", "social")
        for update in world.systems[name].heard
        for item in update.disclosed
    ]
    assert [Detail.IDENTIFIERS in one.details for one in sent] == [False, False]
    moves(world, task, TaskState.ACCEPTED, CHILDREN)
    assert Detail.IDENTIFIERS in seen(world, plan, task).details, "who does not see it does not take it away"


def test_nothing_new_is_written_once_there_is_no_one_plan(world: World) -> None:
    by_the_danish_rules(world)
    opened = world.opens_plan()
    (plan,) = opened.plans
    goal = OwnWords(Kind.GOAL, "Ro om aftenen")
    person = world.shows(plan).person.id
    assert writes(world, Wish(Kind.GOAL, lambda _: goal, whose=person), EMPLOYMENT).became is Became.CREATED
    world.takes_back(opened.consent.id)
    with pytest.raises(RuleBroken, match="no one plan"):
        writes(world, Wish(Kind.GOAL, lambda _: goal, whose=person), EMPLOYMENT)


def test_when_it_was_asked_for_stays_whatever_becomes_of_it(world: World) -> None:
    plan, _ = a_plan_that_is_shared(world)
    task = asks(world, plan)
    asked_at = datetime.fromisoformat(seen(world, plan, task).details[Detail.ASKED_AT])
    moves(world, task, TaskState.ACCEPTED, CHILDREN)
    later = seen(world, plan, task)
    assert datetime.fromisoformat(later.details[Detail.ASKED_AT]) == asked_at < later.registered_at
