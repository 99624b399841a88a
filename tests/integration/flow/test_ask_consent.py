"""A coordinator asks for a consent, the citizen answers, and a question by itself shares nothing."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.consent.reader import Reader
from hub.errors import Conflict, InvalidRequest, NotFound
from hub.flow.ask_consent import ask, say, show_requests
from hub.flow.hold import hold_back, lift
from hub.plan.person import Role
from hub.store.consent_request_tables import consent_requests
from hub.store.consent_requests import Answer, ConsentRequest
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.world import COORDINATOR, World, citizen_of

pytestmark = pytest.mark.integration
WHY = "Så møderne ikke falder samtidig"


def a_plan(world: World) -> UUID:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    return plan


def asks(world: World, plan: UUID, recipient: str = "social", category: str = "goals") -> ConsentRequest:
    return ask(plan, recipient, category, WHY, COORDINATOR, world.store, actor="c", correlation_id="c")


def answers(world: World, one: ConsentRequest, answer: Answer, reader: Reader) -> ConsentRequest:
    return say(one.id, answer, reader, world.store, actor="me", correlation_id="c")


def asked(world: World, plan: UUID, reader: Reader) -> list[tuple[str, Answer | None]]:
    found = show_requests(plan, reader, world.store, actor="me", correlation_id="c")
    return [(one.purpose, one.answer) for one in found]


def test_the_citizen_reads_why_and_the_answer_reaches_who_asked(world: World) -> None:
    plan = a_plan(world)
    world.drains()
    one = asks(world, plan)
    assert asked(world, plan, citizen_of(world, plan)) == [(WHY, None)]
    answers(world, one, Answer.NOT_NOW, citizen_of(world, plan))
    assert answers(world, one, Answer.NO, citizen_of(world, plan)).answered_at
    assert asked(world, plan, COORDINATOR) == [(WHY, Answer.NO)]
    assert not world.due(), "neither a question nor a no sends anything"
    with pytest.raises(Conflict):
        answers(world, one, Answer.NOT_NOW, citizen_of(world, plan))


def test_the_words_are_sealed_and_in_no_audit_row(world: World) -> None:
    plan = a_plan(world)
    asks(world, plan)
    with world.store.begin(read_only=True) as unit:
        kept = unit.connection.execute(sa.select(consent_requests.c.purpose)).scalar_one()
    assert WHY.encode() not in kept
    (row,) = world.audited("consent-asked")
    assert WHY not in str(row)


def test_one_question_at_a_time_and_again_after_it_was_taken_back(world: World) -> None:
    plan = a_plan(world)
    one = asks(world, plan)
    with pytest.raises(Conflict):
        asks(world, plan)
    answers(world, one, Answer.TAKEN_BACK, COORDINATOR)
    asks(world, plan)


def test_what_a_yes_would_not_open_is_not_asked_for(world: World) -> None:
    plan = a_plan(world)
    with pytest.raises(Conflict):
        asks(world, plan, "employment", "health")
    with pytest.raises(NotFound):
        asks(world, plan, "nobody")
    with pytest.raises(InvalidRequest):
        ask(plan, "social", "goals", "kort", COORDINATOR, world.store, actor="c", correlation_id="c")


@pytest.mark.parametrize(
    ("reader", "answer"),
    [
        (COORDINATOR, Answer.NO),
        (Reader("elsewhere", Role.COORDINATOR), Answer.TAKEN_BACK),
        (Reader("citizen", Role.CITIZEN, "citizen-access", person=UUID(int=5)), Answer.NO),
    ],
)
def test_nobody_answers_for_another(world: World, reader: Reader, answer: Answer) -> None:
    plan = a_plan(world)
    one = asks(world, plan)
    with pytest.raises(NotFound):
        answers(world, one, answer, reader)
    assert asked(world, plan, COORDINATOR) == [(WHY, None)]


def test_a_citizen_takes_no_question_back_and_says_yes_only_as_a_consent(world: World) -> None:
    plan = a_plan(world)
    one = asks(world, plan)
    with pytest.raises(NotFound):
        answers(world, one, Answer.TAKEN_BACK, citizen_of(world, plan))
    with pytest.raises(Conflict):
        answers(world, one, Answer.YES, citizen_of(world, plan))


def test_of_a_plan_that_is_held_the_citizen_is_asked_nothing(world: World) -> None:
    plan = a_plan(world)
    asks(world, plan)
    me = citizen_of(world, plan)
    hold_back(plan, "Frygt for en konflikt om ære", COORDINATOR, world.store, actor="c", correlation_id="c")
    assert asked(world, plan, me) == []
    assert asked(world, plan, COORDINATOR) == [(WHY, None)]
    lift(plan, "Faren er drevet over nu", COORDINATOR, world.store, actor="c", correlation_id="c")
    assert asked(world, plan, me) == [(WHY, None)]
