"""What is written at the hub itself: the citizen's own goals, and joint goals; an element as any other."""

from __future__ import annotations

from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest

from hub.consent.reader import Reader
from hub.consent.view import Seen
from hub.errors import Conflict, InvalidRequest, NotFound
from hub.flow.correct import ask, for_authority, refuse
from hub.flow.hold import hold_back
from hub.flow.statements import Says, answer, say
from hub.flow.write_own import add, change, end, mine, own_of
from hub.plan.element import Kind, Sensitivity, Status
from hub.plan.own import CITIZEN, OwnWords
from hub.plan.person import Role
from hub.testing.builders import a_consent, a_contribution, an_id
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.world import COORDINATOR, SOMEBODY, World, citizen_of

pytestmark = pytest.mark.integration
TITLE = "Jeg vil arbejde i en butik"
JOINT = "Ro om eftermiddagen"
CASEWORKER = Reader("children", Role.CASEWORKER)


def a_plan_that_is_shared(world: World) -> UUID:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    return plan


def writes(world: World, plan: UUID, reader: Reader | None = None, title: str = TITLE, **facts: Any) -> Seen:
    words = OwnWords(**{"kind": Kind.GOAL, "title": title, **facts})
    return add(plan, words, reader or citizen_of(world, plan), world.store, actor="me", correlation_id="c")


def rewrites(world: World, seen: Seen, version: int, reader: Reader, title: str, plan: UUID, **facts: Any) -> Seen:
    words = OwnWords(**{"kind": seen.element.kind, "title": title, **facts})
    return change(plan, seen.element.id, version, words, reader, world.store, actor="me", correlation_id="c")


def finishes(world: World, plan: UUID, seen: Seen, version: int, reader: Reader, status: Status) -> Seen:
    return end(plan, seen.element.id, version, status, reader, world.store, actor="me", correlation_id="c")


def titles(world: World, name: str) -> list[str]:
    return [item.element.title for update in world.systems[name].heard for item in update.disclosed]


def test_the_citizens_goal_is_in_the_plan_and_reaches_whom_the_citizen_said_yes_to(world: World) -> None:
    plan = a_plan_that_is_shared(world)
    seen = writes(world, plan)
    element = seen.element
    assert (element.authority, element.kind, element.order.version) == (CITIZEN, Kind.GOAL, 1)
    assert world.shows(plan).view.element(element.id) is not None, "the coordinator sees it"
    world.drains()
    assert titles(world, "employment") == titles(world, "social") == [TITLE]


def test_a_joint_goal_is_the_coordinators_and_everybody_elses_to_see_by_consent(world: World) -> None:
    plan = a_plan_that_is_shared(world)
    goal = writes(world, plan, COORDINATOR, JOINT)
    step = writes(world, plan, COORDINATOR, "Fælles møde", kind=Kind.ACTIVITY, part_of=goal.element.id)
    assert (goal.element.authority, step.element.part_of) == ("coordination", goal.element.id)
    assert world.shows(plan, citizen_of(world, plan)).view.element(goal.element.id) is not None
    world.drains()
    assert sorted(titles(world, "social")) == sorted([JOINT, "Fælles møde"])


def test_without_a_yes_nobody_but_citizen_and_coordinator_gets_it(world: World) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    writes(world, plan)
    writes(world, plan, COORDINATOR, JOINT)
    world.drains()
    assert titles(world, "employment") == titles(world, "social") == titles(world, "children") == []
    assert not world.shows(plan, CASEWORKER).view.seen


def test_sensitive_words_reach_the_coordinator_by_consent_alone(world: World) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    seen = writes(world, plan, is_sensitive=True)
    assert seen.element.label is Sensitivity.FOELSOMME_PERSONOPLYSNINGER
    assert world.shows(plan).view.element(seen.element.id) is None
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    assert world.shows(plan).view.element(seen.element.id) is not None


def test_a_coordinator_writes_nothing_they_could_not_see(world: World) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    with pytest.raises(Conflict):
        writes(world, plan, COORDINATOR, JOINT, is_sensitive=True)
    with world.store.begin(read_only=True) as unit:
        stored = unit.plans.get(plan)
    assert stored is not None
    assert not stored.plan.elements


def test_a_changed_goal_replaces_the_old_wherever_it_is_held_and_an_ended_one_says_so(world: World) -> None:
    plan = a_plan_that_is_shared(world)
    me = citizen_of(world, plan)
    first = writes(world, plan)
    world.drains()
    second = rewrites(world, first, 1, me, "Jeg vil arbejde i et køkken", plan)
    last = finishes(world, plan, second, 2, me, Status.COMPLETED)
    world.drains()
    assert (last.element.order.version, last.element.status) == (3, Status.COMPLETED)
    heard = world.systems["social"].heard[-1].disclosed
    assert [(one.element.title, one.element.status) for one in heard] == [
        ("Jeg vil arbejde i et køkken", Status.COMPLETED)
    ]
    with pytest.raises(Conflict):
        rewrites(world, last, 3, me, "Og igen", plan)


def test_who_has_read_an_earlier_version_overwrites_nothing(world: World) -> None:
    plan = a_plan_that_is_shared(world)
    joint = writes(world, plan, COORDINATOR, JOINT)
    rewrites(world, joint, 1, COORDINATOR, "Ro om morgenen", plan)
    for version in (0, 1, 3):
        with pytest.raises(Conflict):
            rewrites(world, joint, version, COORDINATOR, "Ro om natten", plan)
        with pytest.raises(Conflict):
            finishes(world, plan, joint, version, COORDINATOR, Status.CANCELLED)
    shown = world.shows(plan).view.element(joint.element.id)
    assert shown is not None
    assert (shown.element.title, shown.element.order.version) == ("Ro om morgenen", 2)


def test_of_two_who_change_one_version_at_once_one_does(world: World) -> None:
    plan = a_plan_that_is_shared(world)
    joint = writes(world, plan, COORDINATOR, JOINT)
    ready, said = Barrier(2), []

    def rewords(title: str) -> None:
        ready.wait()
        try:
            rewrites(world, joint, 1, COORDINATOR, title, plan)
            said.append(title)
        except Conflict:
            pass

    threads = [Thread(target=rewords, args=[title]) for title in ("Ro hver dag", "Ro i weekenden")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shown = world.shows(plan).view.element(joint.element.id)
    assert shown is not None
    assert [shown.element.title] == said


def test_nobody_changes_what_another_has_written(world: World) -> None:
    plan = a_plan_that_is_shared(world)
    world.accepts(a_contribution("children").with_draft("g1", title="Svømning").build())
    theirs = world.shows(plan).view.element(an_id("children", "g1"))
    me, own = citizen_of(world, plan), writes(world, plan)
    joint = writes(world, plan, COORDINATOR, JOINT)
    assert theirs is not None
    for seen, reader in (
        (theirs, me), (theirs, COORDINATOR), (own, COORDINATOR), (joint, me), (own, CASEWORKER), (joint, CASEWORKER),
        (joint, Reader("elsewhere", Role.COORDINATOR)), (own, Reader(CITIZEN, Role.CITIZEN, person=UUID(int=3))),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            rewrites(world, seen, 1, reader, "Noget andet", plan)
    shown = own_of(plan, me, world.store, actor="me", correlation_id="c")
    assert [one.element.id for one in mine(shown)] == [own.element.id]


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"title": " 1 "}, "title"), ({"title": "x" * 201}, "title"), ({"text": "y" * 1_201}, "text"),
        ({"kind": Kind.APPOINTMENT}, "kind"), ({"kind": Kind.ACTIVITY}, "kind"), ({"part_of": UUID(int=5)}, "part_of"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_its_field(world: World, facts: dict[str, Any], field: str) -> None:
    plan = a_plan_that_is_shared(world)
    with pytest.raises(InvalidRequest) as refused:
        writes(world, plan, **facts)
    assert [fault.field for fault in refused.value.faults] == [field]


def test_of_a_held_plan_the_citizen_has_their_own_words_and_nothing_else(world: World) -> None:
    plan = a_plan_that_is_shared(world)
    me = citizen_of(world, plan)
    world.accepts(a_contribution("children").with_draft("g1", title="Svømning").build())
    before = writes(world, plan)
    hold_back(plan, "Der frygtes en konflikt", CASEWORKER, world.store, actor="x", correlation_id="c")
    after = writes(world, plan, title="Jeg vil cykle")
    assert {one.element.id for one in world.shows(plan, me).view.seen} == {before.element.id, after.element.id}
    rewrites(world, before, 1, me, "Jeg vil gå", plan)


def test_a_joint_goal_is_its_coordinators_to_answer_for(world: World) -> None:
    plan = a_plan_that_is_shared(world)
    me, joint = citizen_of(world, plan), writes(world, plan, COORDINATOR, JOINT)
    said = say(plan, joint.element.id, Says.ASK, "Hvorfor?", me, world.store, 10, actor="me", correlation_id="c")
    answer(said.statement.id, "At ingen ringer", COORDINATOR, world.store, actor="k", correlation_id="c")
    ask(plan, joint.element.id, "Det har vi ikke aftalt", me, world.store, actor="me", correlation_id="c")
    (task,) = for_authority(COORDINATOR, world.store, actor="k", correlation_id="c")
    refuse(task.correction.id, "Vi aftalte det i går", COORDINATOR, world.store, actor="k", correlation_id="c")


def test_a_citizen_answers_for_their_own_words_to_nobody(world: World) -> None:
    plan = a_plan_that_is_shared(world)
    seen = writes(world, plan)
    for reader in (citizen_of(world, plan), COORDINATOR):
        with pytest.raises(InvalidRequest):
            say(plan, seen.element.id, Says.AGREE, "", reader, world.store, 10, actor="me", correlation_id="c")


def test_the_audit_has_no_word_of_it(world: World) -> None:
    plan = a_plan_that_is_shared(world)
    writes(world, plan)
    (row,) = world.audited("own-written")
    assert "butik" not in row["details"]
