"""The person register tells of a death, a new number, a protected address: what the hub does, on a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from hub.authority import REGISTER, Changes, Register, RegisterFacts
from hub.clock import now
from hub.consent.reader import Reader
from hub.consent.standing import Lack
from hub.errors import HubError, NotFound, UnknownPerson
from hub.flow.choices import show_choices
from hub.flow.following import catch_up, look_up, take_changes
from hub.flow.link import link_numbers
from hub.flow.register import learn, recheck
from hub.flow.register_tasks import finish_task
from hub.flow.show import find_plan, show_plan
from hub.flow.standing import standings
from hub.flow.standing_shapes import AuthorityStanding
from hub.plan.element import Period
from hub.plan.identifier import Identifier, cpr_identifier
from hub.plan.person import Role
from hub.plan.plan import PlanStatus
from hub.queue.sweeper import Sweeper
from hub.store.circuits import Direction
from hub.store.followed import State
from hub.store.jobs import UNKNOWN_PERSON, Job
from hub.store.register_tables import followed
from hub.store.register_tasks import TaskKind
from hub.store.tables import elements, jobs, outbox, plan_people, plans
from hub.store.transaction import Store
from hub.testing.builders import TEST_CPR, a_consent, a_contribution, an_id
from hub.testing.clock import frozen
from tests.integration.databases import a_store
from tests.integration.flow.test_accept import at_once
from tests.integration.flow.test_erase import is_erased
from tests.integration.policy import a_generous_policy, publish_policy
from tests.integration.registers import People, a_register, follows, protected, rows_of, tasks
from tests.integration.world import COORDINATOR, SOMEBODY, Dies, World, citizen_of

pytestmark = pytest.mark.integration

OLD, NEW, OTHER_BIRTHDAY = TEST_CPR, "0201609996", "0301609995"
CHILD, STRANGER = "2509479989", "1502779995"
YESTERDAY = (now() - timedelta(days=1)).date().isoformat()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with a_register(tmp_path_factory.mktemp("register")) as people:
        yield people


@pytest.fixture
def people(running: People) -> People:
    running.begins_anew()
    return running


def a_shared_plan(world: World, people: People, cpr: str = OLD) -> UUID:
    """Open a plan of which social services hold a goal of the children's, and follow its person."""
    (plan,) = world.opens_plan(cpr).plans
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.accepts(a_contribution("children", f"C-{cpr}").about(cpr).with_draft("g1").build())
    world.drains()
    follows(world, people.register)
    return plan


def goal_of(cpr: str) -> UUID:
    return an_id("children", "g1", f"C-{cpr}")


def person_of(world: World, plan: UUID) -> UUID:
    with world.store.begin(read_only=True) as unit:
        stored = unit.plans.get(plan)
    assert stored is not None
    return stored.plan.person


def found_by(world: World, cpr: str) -> UUID:
    numbers = [cpr_identifier(cpr, "hub")]
    return find_plan(numbers, COORDINATOR, world.store, actor="test", correlation_id="c")


def kinds(world: World) -> list[TaskKind]:
    return [task.kind for task in tasks(world)]


# --- whom the hub follows ---------------------------------------------------------------------------------------------


def test_a_plan_that_opens_has_its_person_followed_under_an_id_that_says_nothing(world: World, people: People) -> None:
    plan = a_shared_plan(world, people)
    ((subscription, number),) = people.subscriptions().items()
    assert number == OLD
    assert UUID(subscription) not in (plan, person_of(world, plan))
    (row,) = rows_of(world)
    assert (str(row.id), row.state, row.version) == (subscription, State.FOLLOWED, 1)


def test_a_plan_that_was_there_before_the_register_is_followed_too(world: World, people: People) -> None:
    world.opens_plan(OLD)
    world.opens_plan(CHILD)
    follows(world, people.register)
    follows(world, people.register)
    assert sorted(people.subscriptions().values()) == sorted([OLD, CHILD])


def test_relatives_who_have_no_plan_are_not_followed(world: World, people: People) -> None:
    world.opens_plan(OLD)
    world.accepts(a_contribution("children").with_relative("h", STRANGER).build())
    follows(world, people.register)
    assert list(people.subscriptions().values()) == [OLD]


def test_a_plan_that_is_deleted_has_its_person_followed_no_more(world: World, people: People) -> None:
    (plan,) = world.opens_plan(OLD, circle=()).plans
    follows(world, people.register)
    people.lets(OLD, died=YESTERDAY)
    follows(world, people.register)
    assert kinds(world) == [TaskKind.DEATH]
    with world.store.begin() as unit:
        for table in (elements, outbox, plan_people):
            unit.connection.execute(table.delete())
        unit.connection.exec_driver_sql("DELETE FROM memberships")
        unit.connection.execute(plans.delete().where(plans.c.id == plan))
    follows(world, people.register)
    assert people.subscriptions() == {}
    assert rows_of(world) == [], "nothing is left of whom it was"
    assert kinds(world) == []


def test_a_plan_that_is_erased_has_its_person_followed_no_more(world: World, people: People) -> None:
    plan = a_shared_plan(world, people)
    people.protects(OLD, until=(now() + timedelta(days=1)).date())
    follows(world, people.register)
    world.drains()
    is_erased(world, plan)
    (row,) = rows_of(world)
    assert (row.version, row.recheck_at) == (0, None), "no more than what the register is to let go of"
    with frozen(now() + timedelta(days=3)):
        recheck(world.store)
    follows(world, people.register)
    assert people.subscriptions() == {}
    assert rows_of(world) == [], "nothing is left of whom it was"


def test_a_person_who_is_erased_and_comes_back_is_followed_under_another_id(world: World, people: People) -> None:
    plan = a_shared_plan(world, people)
    ((before, _),) = people.subscriptions().items()
    is_erased(world, plan)
    world.opens_plan(OLD)
    follows(world, people.register)
    ((after, number),) = people.subscriptions().items()
    assert (number, after != before) == (OLD, True)
    (row,) = rows_of(world)
    assert str(row.id) == after


def test_an_erasure_between_two_looks_at_the_calendar_is_no_fault(world: World, people: People) -> None:
    """It comes after the look has found whose protection has ended, and before anybody is read."""
    plan = a_shared_plan(world, people)
    people.protects(OLD, until=now().date())
    follows(world, people.register)
    is_erased(world, plan)
    (row,) = rows_of(world)
    with world.store.begin() as unit:
        unit.register.people.recheck(row.id, now() - timedelta(hours=1))
    recheck(world.store)
    (row,) = rows_of(world)
    assert row.recheck_at is None, "nobody looks at it again and again"


def test_where_no_register_is_asked_any_more_nothing_is_left_of_an_erased_person(world: World, people: People) -> None:
    plan = a_shared_plan(world, people)
    world.opens_plan(CHILD)
    follows(world, people.register)
    is_erased(world, plan)
    asking = world.settings.model_copy(update={"person_register": {"url": "http://127.0.0.1:9"}})
    Sweeper(world.store, asking).turn()
    assert len(rows_of(world)) == 2, "the register is told first"
    Sweeper(world.store, world.settings).turn()
    (row,) = rows_of(world)
    assert row.state == State.FOLLOWED, "who has a plan is followed on once there is a register again"


def test_a_person_known_by_no_cpr_number_is_asked_about_once_there_is_one(world: World, people: People) -> None:
    (plan,) = world.opens_plan("6201609995", issuer="children").plans
    follows(world, people.register)
    assert [row.state for row in rows_of(world)] == [State.NO_NUMBER]
    assert people.subscriptions() == {}
    numbers = [cpr_identifier(OLD, "hub"), cpr_identifier("6201609995", "children")]
    link_numbers(numbers, world.store, actor="operator", correlation_id="c")
    follows(world, people.register)
    assert people.subscriptions() == {}, "it is asked again after a day"
    with frozen(now() + timedelta(days=1, minutes=1)):
        follows(world, people.register)
    assert list(people.subscriptions().values()) == [OLD]
    assert found_by(world, OLD) == plan


def test_whom_the_register_does_not_know_is_asked_about_again_after_a_day(world: World, people: People) -> None:
    people.knows_nobody_by(OLD)
    world.opens_plan(OLD)
    follows(world, people.register)
    assert [row.state for row in rows_of(world)] == [State.UNKNOWN]
    people.knows_nobody_by()
    with frozen(now() + timedelta(days=1, minutes=1)):
        follows(world, people.register)
    assert [row.state for row in rows_of(world)] == [State.FOLLOWED]


# --- death ------------------------------------------------------------------------------------------------------------


def test_a_death_takes_back_what_rested_on_a_yes_and_asks_for_the_coordinator(world: World, people: People) -> None:
    plan = a_shared_plan(world, people)
    assert world.systems["social"].holds(plan) == {goal_of(OLD)}
    people.lets(OLD, died=YESTERDAY)
    follows(world, people.register)
    assert world.row(plan, "social").is_urgent
    world.drains()
    assert world.systems["social"].holds(plan) == set()
    (task,) = tasks(world)
    assert (task.plan, task.kind) == (plan, TaskKind.DEATH)
    assert [row["plan_id"] for row in world.audited("register-death")] == [plan]


def test_a_plan_of_the_dead_is_closed_by_nobody_and_shown_as_what_it_is(world: World, people: People) -> None:
    plan = a_shared_plan(world, people)
    people.lets(OLD, died=YESTERDAY)
    follows(world, people.register)
    shown = show_plan(plan, COORDINATOR, world.store, actor="test", correlation_id="c")
    assert (shown.status, shown.view.seen) == (PlanStatus.DISSOLVED, ())
    own = Reader("children", Role.CASEWORKER)
    seen = show_plan(plan, own, world.store, actor="test", correlation_id="c").view.seen
    assert [one.element.id for one in seen] == [goal_of(OLD)], "an authority reads what it wrote"


def test_what_comes_after_a_death_is_taken_in_and_shown_to_nobody_new(world: World, people: People) -> None:
    """An authority closes its case after the death; refused, the plan would keep the open one for good."""
    plan = a_shared_plan(world, people)
    people.lets(OLD, died=YESTERDAY)
    follows(world, people.register)
    late = a_contribution("children", f"C-{OLD}").about(OLD).version(2).with_draft("g2")
    assert world.accepts(late.build()).outcome["taken_in"] == 1
    world.drains()
    assert world.systems["social"].holds(plan) == set()


def test_no_yes_written_down_after_a_death_counts_and_the_list_says_what_is_missing(
    world: World, people: People
) -> None:
    plan = a_shared_plan(world, people)
    people.lets(OLD, died=YESTERDAY)
    follows(world, people.register)
    world.says(a_consent(SOMEBODY).to("social", "employment").build(), plan)
    world.drains()
    assert world.systems["employment"].holds(plan) == set()
    found = show_choices(plan, COORDINATOR, world.store, world.settings, actor="test", correlation_id="c")
    assert {lack for one in found for lack in one.lacking} == {Lack.LIFE}
    assert [one for each in found for one in each.renewals] == [], "nobody is asked anew"


def test_a_death_told_again_and_again_is_one_death(world: World, people: People) -> None:
    plan = a_shared_plan(world, people)
    people.lets(OLD, died=YESTERDAY)
    follows(world, people.register)
    world.drains()
    heard, version = len(world.systems["social"].heard), world.row(plan, "social").sequence
    for _ in range(3):
        people.tells_again(OLD)
        follows(world, people.register)
        world.drains()
    assert (len(world.systems["social"].heard), world.row(plan, "social").sequence) == (heard, version)
    assert len(world.audited("register-death")) == 1
    assert kinds(world) == [TaskKind.DEATH]


def test_a_death_that_was_a_mistake_lets_consents_speak_again(world: World, people: People) -> None:
    plan = a_shared_plan(world, people)
    people.lets(OLD, died=YESTERDAY)
    follows(world, people.register)
    world.drains()
    people.lets(OLD, alive=True)
    follows(world, people.register)
    world.drains()
    assert world.systems["social"].holds(plan) == {goal_of(OLD)}
    assert kinds(world) == [TaskKind.DEATH, TaskKind.DEATH_TAKEN_BACK]


def test_a_death_reaches_other_plans_that_rest_on_the_persons_yes(world: World, people: People) -> None:
    a_shared_plan(world, people)
    (childs,) = world.opens_plan(CHILD).plans
    world.says(a_consent(SOMEBODY).to("social").build(), childs)
    world.accepts(a_contribution("children", "K").about(CHILD).with_relative("mother", OLD).build())
    world.drains()
    mother = an_id("children", "mother", "K")
    assert mother in world.systems["social"].holds(childs), "both have said yes"
    people.lets(OLD, died=YESTERDAY)
    follows(world, people.register)
    world.drains()
    assert mother not in world.systems["social"].holds(childs)


# --- a new number -----------------------------------------------------------------------------------------------------


def test_either_number_finds_the_plan_once_the_register_has_told_of_the_new_one(world: World, people: People) -> None:
    plan = a_shared_plan(world, people)
    with pytest.raises(NotFound):
        found_by(world, NEW)
    people.lets(OLD, new_cpr=NEW)
    follows(world, people.register)
    assert found_by(world, NEW) == found_by(world, OLD) == plan
    (row,) = world.audited("number-linked")
    assert (row["actor"], row["plan_id"]) == (REGISTER, plan)
    assert kinds(world) == []


def test_messages_under_the_old_and_the_new_number_go_into_one_plan(world: World, people: People) -> None:
    plan = a_shared_plan(world, people)
    under_the_new = a_contribution("social", "S").about(NEW).with_draft("s1").build()
    with pytest.raises(UnknownPerson):
        world.accepts(under_the_new)
    people.lets(OLD, new_cpr=NEW)
    follows(world, people.register)
    world.accepts(under_the_new)
    world.accepts(a_contribution("employment", "E").about(OLD).with_draft("e1").build())
    assert world.count(plans) == 1
    with world.store.begin(read_only=True) as unit:
        stored = unit.plans.get(plan)
    assert stored is not None
    assert {element.authority for element in stored.plan.elements.values()} == {"children", "social", "employment"}


def test_a_fetch_that_waited_for_the_new_number_is_tried_again(world: World, people: People) -> None:
    a_shared_plan(world, people)
    with world.store.begin() as unit:
        unit.jobs.add_fetches("social", ["r1"], now(), "c")
    with world.store.begin() as unit:
        job = unit.jobs.lease(now(), 60, ["social"])
        assert job is not None
        unit.jobs.park(job, now(), UNKNOWN_PERSON)
    people.lets(OLD, new_cpr=NEW)
    follows(world, people.register)
    with world.store.begin() as unit:
        assert unit.jobs.lease(now(), 60, ["social"]) is not None


def test_the_register_may_change_a_birthday_for_that_is_what_it_is_for(world: World, people: People) -> None:
    plan = a_shared_plan(world, people)
    people.lets(OLD, new_cpr=OTHER_BIRTHDAY)
    follows(world, people.register)
    assert found_by(world, OTHER_BIRTHDAY) == plan
    with world.store.begin(read_only=True) as unit:
        assert unit.people.get(person_of(world, plan)).born == date(1960, 1, 3)


def test_the_subscription_goes_on_under_the_new_number(world: World, people: People) -> None:
    a_shared_plan(world, people)
    people.lets(OLD, new_cpr=NEW)
    follows(world, people.register)
    people.lets(NEW, died=YESTERDAY)
    follows(world, people.register)
    assert kinds(world) == [TaskKind.DEATH]
    assert list(people.subscriptions().values()) == [NEW]


def test_a_number_of_another_with_a_plan_is_never_taken_from_them(world: World, people: People) -> None:
    plan = a_shared_plan(world, people)
    (others,) = world.opens_plan(NEW).plans
    people.lets(OLD, new_cpr=NEW)
    follows(world, people.register)
    assert (found_by(world, OLD), found_by(world, NEW)) == (plan, others)
    assert {(task.plan, task.kind) for task in tasks(world)} >= {(plan, TaskKind.NUMBER_TAKEN)}
    assert plan in [row["plan_id"] for row in world.audited("register-number-taken")]


def test_a_number_of_a_mere_relative_is_not_taken_either(world: World, people: People) -> None:
    plan = a_shared_plan(world, people)
    world.opens_plan(CHILD)
    world.accepts(a_contribution("children", "K").about(CHILD).with_relative("h", NEW).build())
    people.lets(OLD, new_cpr=NEW)
    follows(world, people.register)
    assert kinds(world) == [TaskKind.NUMBER_TAKEN]
    with pytest.raises(NotFound):
        found_by(world, NEW)
    link_numbers([cpr_identifier(NEW, "hub"), cpr_identifier(OLD, "hub")], world.store, actor="op", correlation_id="c")
    assert found_by(world, NEW) == plan, "an operator has looked"


def test_what_else_the_register_says_holds_though_the_number_is_taken(world: World, people: People) -> None:
    a_shared_plan(world, people)
    world.opens_plan(NEW)
    people.lets(OLD, new_cpr=NEW, died=YESTERDAY)
    follows(world, people.register)
    assert set(kinds(world)) >= {TaskKind.DEATH, TaskKind.NUMBER_TAKEN}


def test_earlier_numbers_that_nobody_here_has_used_are_not_remembered(world: World, people: People) -> None:
    """They may tell of a change of legal gender, long ago."""
    people.sandbox.ask("POST", "/sandbox/people", {"cpr": NEW})
    people.lets(NEW, new_cpr=OLD)
    plan = a_shared_plan(world, people)
    with world.store.begin(read_only=True) as unit:
        known = unit.people.get(person_of(world, plan))
    assert [number.value for number in known.identifiers] == [OLD]


# --- a protected address ----------------------------------------------------------------------------------------------


def told_last(world: World) -> bool:
    return world.systems["social"].heard[-1].has_protected_address


def test_a_protected_address_is_told_to_recipients_at_once(world: World, people: People) -> None:
    plan = a_shared_plan(world, people)
    people.protects(OLD)
    follows(world, people.register)
    assert world.row(plan, "social").is_urgent
    world.drains()
    assert told_last(world) is True
    assert world.shows(plan).has_protected_address
    people.lets(OLD, protections=[])
    follows(world, people.register)
    world.drains()
    assert told_last(world) is False
    assert [row["details"] for row in world.audited("register-protection")] == ['{"is_on":true}', '{"is_on":false}']


def test_an_authority_that_says_protected_is_believed_when_the_register_does_not(world: World, people: People) -> None:
    plan = a_shared_plan(world, people)
    told = a_contribution("children", f"C-{OLD}").about(OLD).version(2).with_protected_address().with_draft("g1")
    world.accepts(told.build())
    people.protects(OLD)
    follows(world, people.register)
    people.lets(OLD, protections=[])
    follows(world, people.register)
    assert world.shows(plan).has_protected_address


def with_cpr28(world: World) -> None:
    """Publish rules by which an address that is protected is shown to no citizen."""
    document = a_generous_policy()
    rule = {
        **document["rule"][0],
        "id": "CPR28",
        "effect": "prohibit",
        "roles": ["citizen"],
        "label": "IKKE_FORTROLIGE_DATA",
        "conditions": ["protected-address"],
    }
    publish_policy({**document, "rule": [*document["rule"], rule]}, world.store, actor="t", correlation_id="c")


def a_childs_plan_that_names_her(world: World) -> UUID:
    (childs,) = world.opens_plan(CHILD).plans
    world.says(a_consent(SOMEBODY).to("*").build(), childs)
    world.accepts(a_contribution("children", "K").about(CHILD).with_relative("mother", OLD).with_draft("g").build())
    return childs


def test_another_parents_address_is_not_given_away_in_the_childs_plan(world: World, people: People) -> None:
    mothers = a_shared_plan(world, people)
    world.says(a_consent(SOMEBODY).to("*").build(), mothers)
    with_cpr28(world)
    childs = a_childs_plan_that_names_her(world)
    child = replace(citizen_of(world, childs), purpose="one-plan")
    mother = an_id("children", "mother", "K")
    assert world.shows(childs, child).view.element(mother) is not None
    people.protects(OLD)
    follows(world, people.register)
    assert world.shows(childs, child).view.element(mother) is None
    assert not world.shows(childs, child).has_protected_address, "the child's own is not"
    people.lets(OLD, protections=[])
    follows(world, people.register)
    assert world.shows(childs, child).view.element(mother) is not None


def test_a_plan_that_names_her_only_afterwards_protects_her_too(world: World, people: People) -> None:
    mothers = a_shared_plan(world, people)
    people.protects(OLD)
    follows(world, people.register)
    childs = a_childs_plan_that_names_her(world)
    assert protected(world, childs) == {person_of(world, mothers)}


def test_a_plan_that_names_her_again_goes_by_what_holds_then(world: World, people: People) -> None:
    mothers = a_shared_plan(world, people)
    people.protects(OLD)
    follows(world, people.register)
    childs = a_childs_plan_that_names_her(world)
    world.opens_plan(STRANGER)
    another = a_contribution("children", "K").about(STRANGER).version(2)
    world.accepts(another.with_draft("g").build())  # the authority corrects whose case it is
    assert protected(world, childs) == frozenset()
    people.lets(OLD, protections=[])
    follows(world, people.register)
    world.accepts(a_contribution("children", "L").about(CHILD).with_relative("mother", OLD).build())
    assert protected(world, childs) == frozenset()
    assert not protected(world, mothers)


def test_a_protection_ends_by_the_calendar_though_the_register_says_nothing(world: World, people: People) -> None:
    with frozen(datetime(2026, 11, 28, 9, tzinfo=UTC)) as clock:
        plan = a_shared_plan(world, people)
        people.protects(OLD, until=date(2026, 11, 30))
        follows(world, people.register)
        clock.move_to(datetime(2026, 11, 30, 22, 59, tzinfo=UTC))  # a minute to midnight in Denmark
        recheck(world.store)
        assert protected(world, plan)
        clock.move_to(datetime(2026, 11, 30, 23, 0, tzinfo=UTC))
        recheck(world.store)
        assert not protected(world, plan)
        assert not world.shows(plan).has_protected_address
        version = world.row(plan, "social").mark
        recheck(world.store)
        assert world.row(plan, "social").mark == version, "once"


def test_a_protection_that_is_prolonged_does_not_end(world: World, people: People) -> None:
    with frozen(datetime(2026, 11, 28, 9, tzinfo=UTC)) as clock:
        plan = a_shared_plan(world, people)
        people.protects(OLD, until=date(2026, 11, 30))
        follows(world, people.register)
        people.protects(OLD, until=date(2027, 11, 30))
        follows(world, people.register)
        clock.move_to(datetime(2026, 12, 1, 9, tzinfo=UTC))
        recheck(world.store)
        assert protected(world, plan)


# --- order, repetition, crashes, outages ------------------------------------------------------------------------------


def facts_of(cpr: str, version: int, **facts: Any) -> RegisterFacts:
    return RegisterFacts(version, Identifier("urn:oid:1.2.208.176.1.2", cpr), **facts)


def test_an_older_answer_that_comes_late_changes_nothing(world: World, people: People) -> None:
    plan = a_shared_plan(world, people)
    (row,) = rows_of(world)
    for version, died in ((9, None), (8, date(2026, 11, 1)), (9, date(2026, 11, 1))):
        with world.store.begin() as unit:
            known = unit.register.people.get(row.id)
            assert known is not None
            learn(unit, known, facts_of(OLD, version, died=died), "c")
    assert kinds(world) == []
    assert world.shows(plan).status is PlanStatus.ACTIVE
    assert [row.version for row in rows_of(world)] == [9]


def test_changes_in_any_order_come_to_the_same(world: World, people: People) -> None:
    a_shared_plan(world, people)
    (row,) = rows_of(world)
    people.lets(OLD, new_cpr=NEW)
    people.lets(NEW, died=YESTERDAY)
    people.lets(NEW, alive=True)
    page = people.register.changes("")
    backwards = Changes(tuple(reversed((*page.subscriptions, row.id))), page.cursor, has_more=False)
    take_changes(backwards, a_poll(world), world.store, now())
    follows(world, people.register)
    assert kinds(world) == []
    assert found_by(world, NEW) == found_by(world, OLD)


def a_poll(world: World) -> Job:
    with world.store.begin() as unit:
        unit.connection.execute(jobs.update().where(jobs.c.kind == "poll").values(due_at=now()))
        job = unit.jobs.lease(now(), 60, [REGISTER])
    assert job is not None
    return job


def test_of_whom_is_not_followed_nothing_is_kept(world: World, people: People) -> None:
    a_shared_plan(world, people)
    people.sandbox.ask("POST", "/sandbox/people", {"cpr": STRANGER})
    another_hubs = "9f0c3c0e-9f4b-4a53-8a25-3b9a3a0a7b99"
    people.register.subscribe(UUID(another_hubs), cpr_identifier(STRANGER, "hub"))
    before = len(rows_of(world, jobs))
    people.lets(STRANGER, died=YESTERDAY)
    assert people.register.changes("").subscriptions[-1] == UUID(another_hubs)
    follows(world, people.register)
    kept = rows_of(world, jobs)
    assert len(kept) == before
    assert another_hubs not in str([tuple(row) for row in kept])
    assert kinds(world) == []


def test_the_cursor_and_what_the_page_named_are_kept_together(world: World, people: People) -> None:
    """The process dies after the page, and before anybody is asked about: another goes on from there."""
    a_shared_plan(world, people)
    people.lets(OLD, died=YESTERDAY)
    job = a_poll(world)
    take_changes(people.register.changes(job.cursor), job, world.store, now() + timedelta(hours=1))
    (poll,) = [row for row in rows_of(world, jobs) if row.kind == "poll"]
    assert poll.cursor != "", "the page has been passed"
    assert kinds(world) == []
    follows(world, people.register)
    assert kinds(world) == [TaskKind.DEATH]


class DiesAfterwards:
    """A register whose asker dies with the answer in hand."""

    ask_every = 60.0

    def __init__(self, register: Register) -> None:
        self._register = register

    def __getattr__(self, name: str) -> Any:
        return getattr(self._register, name)

    def facts(self, number: Identifier) -> RegisterFacts | None:
        self._register.facts(number)
        raise Dies


def test_who_dies_with_the_answer_in_hand_is_asked_again(world: World, people: People) -> None:
    a_shared_plan(world, people)
    people.lets(OLD, died=YESTERDAY)
    job = a_poll(world)
    take_changes(people.register.changes(job.cursor), job, world.store, now() + timedelta(hours=1))
    with world.store.begin() as unit:
        fetch = unit.jobs.lease(now(), 60, [REGISTER])
    assert fetch is not None
    dying: Any = DiesAfterwards(people.register)
    with pytest.raises(Dies):
        look_up(fetch, dying, world.store)
    assert kinds(world) == []
    with frozen(now() + timedelta(minutes=2)):  # its lease has run out
        follows(world, people.register)
    assert kinds(world) == [TaskKind.DEATH]


def test_a_register_that_does_not_answer_is_left_alone_and_nothing_is_lost(world: World, people: People) -> None:
    a_shared_plan(world, people)
    people.lets(OLD, died=YESTERDAY)
    people.behaves(status=503)
    with frozen(now()):
        follows(world, people.register)
        assert standing(world)["state"] == "open"
    assert standing(world)["last_result"] == "source-down"
    assert kinds(world) == []
    people.behaves()
    follows(world, people.register)
    assert kinds(world) == [TaskKind.DEATH]
    assert standing(world)["state"] == "closed"
    assert standing(world)["last_success_at"] is not None


@pytest.mark.parametrize("how", ["garbage", "refuse"])
def test_an_answer_that_is_none_is_the_registers_trouble_and_nobody_elses(
    world: World, people: People, how: str
) -> None:
    plan = a_shared_plan(world, people)
    people.lets(OLD, died=YESTERDAY)
    people.behaves(broken=how)
    follows(world, people.register)
    assert world.shows(plan).status is PlanStatus.ACTIVE
    people.behaves()
    follows(world, people.register)
    assert kinds(world) == [TaskKind.DEATH]


def standing(world: World) -> AuthorityStanding:
    settings = world.settings.model_copy(update={"person_register": {"url": "set"}})
    rows = [row for row in standings([], world.store, settings) if row["authority"] == REGISTER]
    assert [row["direction"] for row in rows] == [Direction.SOURCE], "nothing is delivered to a register"
    return rows[0]


def test_a_register_is_listed_with_the_authorities_before_it_was_ever_asked(world: World) -> None:
    assert standing(world)["state"] == "closed"
    assert standing(world)["last_success_at"] is None


def test_a_protection_races_with_a_message_that_names_the_person_in_another_plan(
    world: World, people: People, url: str
) -> None:
    """Whoever comes first, the plan that names her knows that she is protected."""
    mothers = a_shared_plan(world, people)
    mother = person_of(world, mothers)
    (row,) = rows_of(world)
    for number in range(6):
        (childs,) = world.opens_plan(f"25094799{number}9").plans
        named = a_contribution("children", f"K{number}").about(f"25094799{number}9").with_relative("m", OLD).build()
        period = (Period(None, None),) if number % 2 == 0 else ()
        with closing(a_store(url)) as another:
            said = facts_of(OLD, 100 + number, protections=period)
            at_once(partial(world.accepts, named), partial(said_by_the_register, another, row.id, said))
        assert (mother in protected(world, childs)) is bool(period), number


def said_by_the_register(store: Store, subscription: UUID, facts: RegisterFacts) -> None:
    for _ in range(20):
        try:
            with store.begin() as unit:
                known = unit.register.people.get(subscription)
                assert known is not None
                learn(unit, known, facts, "c")
            return
        except HubError:
            continue
    raise AssertionError("it never came through")


# --- tasks ------------------------------------------------------------------------------------------------------------


def test_a_task_is_done_by_the_plans_coordinator_alone(world: World, people: People) -> None:
    a_shared_plan(world, people)
    people.lets(OLD, died=YESTERDAY)
    follows(world, people.register)
    (task,) = tasks(world)
    for stranger in (Reader("elsewhere", Role.COORDINATOR), Reader("children", Role.CASEWORKER)):
        with pytest.raises(NotFound):
            finish_task(task.id, stranger, world.store, actor="t", correlation_id="c")
    assert tasks(world, Reader("elsewhere", Role.COORDINATOR)) == []
    for _ in range(2):
        finish_task(task.id, COORDINATOR, world.store, actor="t", correlation_id="c")
    assert tasks(world) == []
    assert len(world.audited("register-task-done")) == 1


def test_following_costs_nothing_where_nothing_changes(world: World, people: People) -> None:
    a_shared_plan(world, people)
    follows(world, people.register)
    before = [tuple(row) for row in rows_of(world, followed)]
    catch_up(world.store)
    follows(world, people.register)
    assert [tuple(row) for row in rows_of(world, followed)] == before
