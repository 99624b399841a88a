"""A citizen agrees, does not, or asks: who is told, who answers, by when, and who never hears of it."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.clock import now
from hub.consent.reader import Reader
from hub.consent.subjects import KLE
from hub.errors import Conflict, InvalidRequest, NotFound
from hub.flow.hold import hold_back
from hub.flow.statements import Says, ShownStatement, State, answer, for_authority, of_plan, say
from hub.flow.today import show_today
from hub.flow.write_own import add
from hub.plan.danish_time import day_of
from hub.plan.element import Code, Kind, Sensitivity
from hub.plan.own import OwnWords
from hub.plan.person import Role
from hub.plan.working_days import end_of_working_day
from hub.store.statement_tables import statements
from hub.testing.builders import a_consent, a_contribution, an_id
from hub.testing.clock import frozen
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.world import COORDINATOR, SOMEBODY, World, citizen_of

pytestmark = pytest.mark.integration
WORDS = "Jeg vil hellere danse end svømme"
GOAL = an_id("children", "g1")
CASEWORKER = Reader("children", Role.CASEWORKER)
DAYS = 10


def a_shared_plan(world: World) -> UUID:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    world.accepts(a_contribution("children").with_draft("g1", title="Svømning").build())
    return plan


def says(
    world: World, plan: UUID, what: Says = Says.DISAGREE, words: str = WORDS, reader: Reader | None = None,
    element: UUID = GOAL,
) -> ShownStatement:  # fmt: skip
    who = reader or citizen_of(world, plan)
    return say(plan, element, what, words, who, world.store, DAYS, actor="me", correlation_id="c")


def told(world: World, plan: UUID, reader: Reader | None = None) -> list[ShownStatement]:
    who = reader or citizen_of(world, plan)
    return list(of_plan(plan, who, world.store, actor="me", correlation_id="c"))


def listed(world: World, reader: Reader = CASEWORKER) -> list[str]:
    return [one.statement.words for one in for_authority(reader, world.store, actor="x", correlation_id="c")]


def answers(
    world: World, one: ShownStatement, reader: Reader = CASEWORKER, words: str = "Så finder vi et hold"
) -> None:
    answer(one.statement.id, words, reader, world.store, actor="x", correlation_id="c")


def test_a_disagreement_is_sent_then_answered_and_its_due_day_is_the_tenth_working_day(world: World) -> None:
    plan = a_shared_plan(world)
    one = says(world, plan)
    assert one.state is State.SENT
    assert one.statement.due_at == end_of_working_day(one.statement.said_at, DAYS)
    assert day_of(one.statement.due_at) - day_of(now()) > timedelta(days=DAYS)
    assert listed(world) == listed(world, Reader("children", Role.AUTHORITY_SYSTEM)) == [WORDS]
    answers(world, one)
    for reader in (citizen_of(world, plan), COORDINATOR):
        (shown,) = told(world, plan, reader)
        assert (shown.state, shown.statement.words, shown.statement.answer) == (
            State.ANSWERED, WORDS, "Så finder vi et hold",
        )  # fmt: skip
        assert shown.statement.answered_at is not None
    assert not listed(world)
    assert says(world, plan, Says.ASK).state is State.SENT, "and the citizen may go on"


def test_an_agreement_needs_no_words_and_no_answer(world: World) -> None:
    plan = a_shared_plan(world)
    one = says(world, plan, Says.AGREE, "")
    assert (one.state, one.statement.due_at) == (State.NOTED, None)
    assert not listed(world)
    with pytest.raises(Conflict):
        answers(world, one)
    with pytest.raises(Conflict):
        says(world, plan, Says.AGREE, "")


def test_agreeing_with_what_has_changed_since_is_told(world: World) -> None:
    plan = a_shared_plan(world)
    says(world, plan, Says.AGREE, "")
    assert not told(world, plan)[0].has_changed
    world.accepts(a_contribution("children").version(2).with_draft("g1", title="Dans").build())
    assert told(world, plan)[0].has_changed
    assert told(world, plan, COORDINATOR)[0].has_changed


@pytest.mark.parametrize("words", ["", " \n ", "?", "1234", "x" * 1_201, "for\x0bkert"])
def test_a_disagreement_says_something_that_can_be_answered(world: World, words: str) -> None:
    plan = a_shared_plan(world)
    with pytest.raises(InvalidRequest):
        says(world, plan, words=words)
    assert not told(world, plan)


def test_twice_is_a_conflict_while_the_first_waits(world: World) -> None:
    plan = a_shared_plan(world)
    says(world, plan)
    for what in Says:
        with pytest.raises(Conflict):
            says(world, plan, what)
        with pytest.raises(Conflict):
            says(world, plan, what, reader=COORDINATOR)


def test_who_has_not_answered_in_time_is_overdue_and_an_alarm_for_the_coordinator(world: World) -> None:
    plan = a_shared_plan(world)
    one = says(world, plan)
    due = one.statement.due_at
    assert due is not None

    def today() -> list[str]:
        found, _ = show_today(COORDINATOR, world.store, timedelta(days=1), None, actor="k", correlation_id="c")
        return [each.authority for each in found[0].unanswered if each.due_at <= now()]

    with frozen(due - timedelta(seconds=1)):
        assert told(world, plan)[0].state is State.SENT
        assert not today()
    with frozen(due):
        assert told(world, plan)[0].state is told(world, plan, COORDINATOR)[0].state is State.OVERDUE
        assert today() == ["children"]
        answers(world, one)
        assert told(world, plan)[0].state is State.ANSWERED, "late, and answered"
        assert not today()


def test_nobody_else_answers_or_hears_of_it(world: World) -> None:
    plan = a_shared_plan(world)
    one = says(world, plan)
    others = [
        Reader("social", Role.CASEWORKER), Reader("social", Role.AUTHORITY_SYSTEM), Reader("children", Role.PARTNER),
        COORDINATOR, Reader("children", Role.COORDINATOR), citizen_of(world, plan),
    ]  # fmt: skip
    for reader in others:
        assert not listed(world, reader), reader
        with pytest.raises(NotFound):
            answers(world, one, reader)
    for reader in (Reader("social", Role.CASEWORKER), CASEWORKER, Reader("citizen", Role.CITIZEN, person=UUID(int=3))):
        with pytest.raises(NotFound):
            told(world, plan, reader)
        with pytest.raises(NotFound):
            says(world, plan, reader=reader)


def test_of_two_who_answer_at_once_one_does_and_the_other_is_told(world: World) -> None:
    one = says(world, a_shared_plan(world))
    ready, said = Barrier(2), []

    def replies(words: str) -> None:
        ready.wait()
        try:
            answers(world, one, words=words)
            said.append(words)
        except Conflict:
            said.append("")

    threads = [Thread(target=replies, args=[words]) for words in ("Vi ringer", "Vi skriver")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = [words for words in said if words]
    assert told(world, one.statement.plan)[0].statement.answer == winner
    assert len(world.audited("statement-answered")) == 1


def test_of_what_one_does_not_see_nothing_is_said_and_nothing_is_told(world: World) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.accepts(a_contribution("social").with_draft("h1", Kind.NOTE, category="health").build())
    hidden = an_id("social", "h1")
    with pytest.raises(NotFound):
        says(world, plan, reader=COORDINATOR, element=hidden)
    says(world, plan, element=hidden)
    assert not told(world, plan, COORDINATOR)
    found, _ = show_today(COORDINATOR, world.store, timedelta(days=1), None, actor="k", correlation_id="c")
    assert not found[0].unanswered
    assert told(world, plan), "the citizen's own"


def test_a_third_partys_element_is_nothing_to_speak_of(world: World) -> None:
    plan = a_shared_plan(world)
    world.accepts(a_contribution("children").version(2).with_relative("m1", "0101700001", name="Far").build())
    with pytest.raises(NotFound):
        says(world, plan, element=an_id("children", "m1"))


def test_of_a_held_plan_the_citizen_is_told_nothing_as_if_there_were_nothing(world: World) -> None:
    plan = a_shared_plan(world)
    says(world, plan)
    hold_back(plan, "Der frygtes en konflikt", CASEWORKER, world.store, actor="x", correlation_id="c")
    assert told(world, plan) == []
    with pytest.raises(NotFound):
        says(world, plan, Says.ASK)
    assert told(world, plan, COORDINATOR)


def test_what_is_withdrawn_from_the_coordinator_takes_its_statement_along(world: World) -> None:
    plan = a_shared_plan(world)
    says(world, plan)
    assert told(world, plan, COORDINATOR)
    secret = a_contribution("children").version(2).with_draft("g1", title="Dans", label=Sensitivity.VIP_SAGER).build()
    world.accepts(secret)
    assert not told(world, plan, COORDINATOR)
    assert told(world, plan)


def test_the_words_lie_sealed_and_the_audit_has_none(world: World) -> None:
    plan = a_shared_plan(world)
    answers(world, says(world, plan))
    with world.store.begin(read_only=True) as unit:
        (row,) = unit.connection.execute(sa.select(statements))
    assert b"danse" not in bytes(row.words)
    assert b"hold" not in bytes(row.answer)
    told_of = [world.audited(action)[0]["details"] for action in ("statement-made", "statement-answered")]
    assert not any("danse" in one or "hold" in one for one in told_of)


def test_who_works_with_other_subjects_hears_of_nothing_and_answers_nothing(world: World) -> None:
    plan = a_shared_plan(world)
    about = (Code(KLE, "27.24.00", "Støtte"),)
    world.accepts(a_contribution("children").version(2).with_draft("g1", title="Svømning", codes=about).build())
    one = says(world, plan)
    elsewhere, within = (Reader("children", Role.CASEWORKER, kle=frozenset({kle})) for kle in ("32", "27.24"))
    assert not world.shows(plan, elsewhere).view.seen, "else this shows nothing"
    assert not listed(world, elsewhere)
    with pytest.raises(NotFound):
        answers(world, one, elsewhere)
    assert listed(world, within) == [WORDS]
    answers(world, one, within)


def test_what_is_said_of_a_joint_goal_goes_with_it_when_the_consent_is_taken_back(world: World) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    yes = world.says(a_consent(SOMEBODY).to("*").build(), plan)
    words = OwnWords(kind=Kind.GOAL, title="Mindre uro", is_sensitive=True)
    goal = add(plan, words, COORDINATOR, world.store, actor="k", correlation_id="c").element.id
    one = says(world, plan, element=goal)
    assert listed(world, COORDINATOR) == [WORDS]
    world.takes_back(yes.id)
    assert not told(world, plan, COORDINATOR), "else this shows nothing"
    assert not listed(world, COORDINATOR)
    with pytest.raises(NotFound):
        answers(world, one, COORDINATOR)
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    answers(world, one, COORDINATOR)


def test_what_is_said_of_something_that_is_gone_is_still_its_authoritys_to_answer(world: World) -> None:
    plan = a_shared_plan(world)
    one = says(world, plan)
    world.accepts(a_contribution("children").version(2).removing("g1").build())
    assert listed(world) == listed(world, Reader("children", Role.AUTHORITY_SYSTEM)) == [WORDS]
    assert not listed(world, Reader("children", Role.CASEWORKER, kle=frozenset({"27"})))
    answers(world, one)
