"""Whoever had to wait for a plan decides by what it is then, and not by what it was when the wait began.

SQLite has one writer at a time, so there nothing can come between; what is decided is the same on both.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta
from threading import current_thread, main_thread
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.authority.legal_holds import LegalHold
from hub.clock import new_id, now
from hub.consent.reader import Reader
from hub.errors import NotFound
from hub.flow import ask_consent, correct, erase, meeting, propose, restrict, shred, statements
from hub.flow.corrected import State
from hub.flow.emergency import show_emergencies
from hub.flow.hold import hold_back
from hub.plan.element import Kind, Period, Status
from hub.plan.person import Role
from hub.store.consent_requests import Answer
from hub.store.erasures import REQUEST, Erasure, LegalHoldRow, new_erasure
from hub.store.tables import plans
from hub.store.transaction import Unit
from hub.testing.builders import a_consent, a_contribution, an_id
from tests.integration.flow.emergencies import breaks_glass, by_the_danish_rules
from tests.integration.set_up import eventually
from tests.integration.world import COORDINATOR, SOMEBODY, World, citizen_of

pytestmark = pytest.mark.integration
GOAL, MEETING = an_id("children", "g1"), an_id("children", "a1")
CHILDREN = Reader("children", Role.CASEWORKER)
WHY = "Sagen er ikke slut endnu"
HELD = "Frygt for en konflikt om ære"
DAY = timedelta(days=1)
_WAITS = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")


def a_plan(world: World) -> UUID:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    told = a_contribution("children").with_draft("g1").with_draft(
        "a1", Kind.APPOINTMENT, status=Status.PLANNED, valid=Period(now() + 7 * DAY, now() + 8 * DAY)
    )  # fmt: skip
    world.accepts(told.build())
    world.drains()
    return plan


def overtaken(world: World, plan: UUID, deed: Callable[[], Any], change: Callable[[Unit], None]) -> Any:
    """Have a deed wait for a plan, change something before it gets it, and return what the deed gives."""
    with ThreadPoolExecutor(1) as pool:
        with world.store.begin() as unit:
            unit.plans.lock([plan])
            doing = pool.submit(deed)
            if world.store.engine.dialect.name == "postgresql":
                eventually(lambda: unit.connection.execute(_WAITS).scalar_one(), 20)
            else:
                wait([doing], timeout=0.1)
            change(unit)
        return doing.result(20)


# --- what retention erases ----------------------------------------------------------------------------------------


def a_plan_that_ended(world: World) -> UUID:
    plan = a_plan(world)
    ends(world, plan)
    return plan


def ends(world: World, plan: UUID) -> None:
    with world.store.begin() as unit:
        unit.connection.execute(plans.update().where(plans.c.id == plan).values(ended_at=now() - 10 * DAY))


def night(world: World) -> int:
    rows, is_over = 0, False
    while not is_over:
        with world.store.begin() as unit:
            done = erase.clear(unit, now() - 9 * DAY, "", 500)
        rows, is_over = rows + done.rows, done.position is None
    return rows


def erasure_of(world: World, plan: UUID) -> Erasure | None:
    with world.store.begin(read_only=True) as unit:
        return unit.erasures.of_plan(plan)


def comes_alive(unit: Unit, plan: UUID) -> None:
    unit.connection.execute(plans.update().where(plans.c.id == plan).values(ended_at=None))


def is_asked_for(unit: Unit, plan: UUID) -> None:
    stored = unit.plans.get(plan)
    assert stored is not None
    unit.erasures.ask(new_erasure(plan, stored.plan.person, REQUEST, "coordination", "one", now()))


def is_held_by_law(unit: Unit, plan: UUID) -> None:
    one = LegalHoldRow(new_id(), plan, LegalHold.CASE, "children", "me", now(), "Sagen er anket")
    unit.erasures.hold(one, unit.plans.key_of(plan))


def is_shredded(unit: Unit, plan: UUID) -> None:
    one = unit.erasures.of_plan(plan)
    assert one is not None
    shred.destroy(unit, one, None, "operator", "c")


@pytest.mark.parametrize("meanwhile", [comes_alive, is_asked_for, is_held_by_law])
def test_retention_leaves_a_plan_that_is_kept_by_something_new(
    world: World, meanwhile: Callable[[Unit, UUID], None]
) -> None:
    plan = a_plan_that_ended(world)
    assert overtaken(world, plan, lambda: night(world), lambda unit: meanwhile(unit, plan)) == 0
    one = erasure_of(world, plan)
    assert one is None or (one.cause, one.approved_at) == (REQUEST, None)
    world.drains()
    assert world.systems["social"].holds(plan), "nobody was told to delete"


def test_retention_goes_on_with_the_plans_that_nothing_keeps(world: World) -> None:
    plan = a_plan_that_ended(world)
    (other,) = world.opens_plan("0301609995").plans
    ends(world, other)
    overtaken(world, plan, lambda: night(world), lambda unit: is_held_by_law(unit, plan))
    one = erasure_of(world, other)
    assert one is not None
    assert one.approved_at


@pytest.mark.parametrize(("meanwhile", "done"), [(is_shredded, 1), (is_held_by_law, 0)])
def test_retention_destroys_nothing_that_is_gone_or_kept_by_now(
    world: World, meanwhile: Callable[[Unit, UUID], None], done: int
) -> None:
    plan = a_plan_that_ended(world)
    night(world)
    world.drains()
    assert overtaken(world, plan, lambda: night(world), lambda unit: meanwhile(unit, plan)) == 0
    assert len(world.audited("erased")) == done


# --- who belongs to a plan ----------------------------------------------------------------------------------------


def a_proposal_is_answered(world: World, plan: UUID) -> Callable[[], Any]:
    start = now() + 9 * DAY
    one = propose.propose(plan, MEETING, start, COORDINATOR, world.store, actor="c", correlation_id="c").proposal.id
    return lambda: propose.answer(one, WHY, CHILDREN, world.store, actor="me", correlation_id="c")


def a_question_is_taken_back(world: World, plan: UUID) -> Callable[[], Any]:
    one = ask_consent.ask(plan, "social", "goals", WHY, COORDINATOR, world.store, actor="c", correlation_id="c")
    return lambda: ask_consent.say(one.id, Answer.TAKEN_BACK, COORDINATOR, world.store, actor="c", correlation_id="c")


def a_correction_is_refused(world: World, plan: UUID) -> Callable[[], Any]:
    one = asks_for_a_correction(world, plan)
    return lambda: correct.refuse(one, WHY, CHILDREN, world.store, actor="me", correlation_id="c")


def a_consent_is_given(world: World, plan: UUID) -> Callable[[], Any]:
    return lambda: world.says(a_consent(SOMEBODY).to("employment").build(), plan)


def a_consent_is_withdrawn(world: World, plan: UUID) -> Callable[[], Any]:
    one = world.says(a_consent(SOMEBODY).to("employment").build(), plan)
    return lambda: world.takes_back(one.id)


@pytest.mark.parametrize(
    "deed",
    [
        a_proposal_is_answered,
        a_question_is_taken_back,
        a_correction_is_refused,
        a_consent_is_given,
        a_consent_is_withdrawn,
    ],
)
def test_who_belongs_to_a_plan_no_more_when_the_wait_ends_is_told_of_none(
    world: World, deed: Callable[[World, UUID], Callable[[], Any]]
) -> None:
    plan = a_plan(world)
    done = deed(world, plan)
    erase.ask(plan, COORDINATOR, world.store, actor="one", correlation_id="c")

    def is_approved(unit: Unit) -> None:
        one = unit.erasures.of_plan(plan)
        assert one is not None
        shred.begin(unit, one, "another", now(), "c")

    with pytest.raises(NotFound):
        overtaken(world, plan, done, is_approved)


# --- what a held plan tells ---------------------------------------------------------------------------------------


def asks_for_a_correction(world: World, plan: UUID) -> UUID:
    me = citizen_of(world, plan)
    return correct.ask(plan, GOAL, WHY, me, world.store, actor="anna", correlation_id="c").correction.id


def emergencies(world: World, plan: UUID) -> tuple[Callable[[], Any], Callable[[], Any]]:
    me = citizen_of(world, plan)
    return (
        lambda: breaks_glass(world, plan),
        lambda: show_emergencies(plan, me, world.store, actor="anna", correlation_id="c"),
    )


def meetings(world: World, plan: UUID) -> tuple[Callable[[], Any], Callable[[], Any]]:
    wanted, circle = meeting.Wanted(plan, "ssd", ("children", "social"), ""), {
        name: Role.AUTHORITY_SYSTEM for name in ("children", "social")
    }  # fmt: skip
    me = citizen_of(world, plan)
    return (
        lambda: meeting.open_meeting(wanted, CHILDREN, circle, world.store, actor="me", correlation_id="c"),
        lambda: meeting.show_meetings(plan, me, world.store, actor="anna", correlation_id="c"),
    )


def restrictions(world: World, plan: UUID) -> tuple[Callable[[], Any], Callable[[], Any]]:
    me = citizen_of(world, plan)
    return (
        lambda: restrict.restrict(plan, None, WHY, COORDINATOR, world.store, actor="c", correlation_id="c"),
        lambda: restrict.show_restrictions(plan, me, world.store, actor="anna", correlation_id="c"),
    )


def questions(world: World, plan: UUID) -> tuple[Callable[[], Any], Callable[[], Any]]:
    me = citizen_of(world, plan)
    return (
        lambda: ask_consent.ask(plan, "social", "goals", WHY, COORDINATOR, world.store, actor="c", correlation_id="c"),
        lambda: ask_consent.show_requests(plan, me, world.store, actor="anna", correlation_id="c"),
    )


def answers_to_corrections(world: World, plan: UUID) -> tuple[Callable[[], Any], Callable[[], Any]]:
    one, me = asks_for_a_correction(world, plan), citizen_of(world, plan)
    return (
        lambda: correct.refuse(one, WHY, CHILDREN, world.store, actor="me", correlation_id="c"),
        lambda: [
            one
            for one in correct.of_plan(plan, me, world.store, actor="anna", correlation_id="c")
            if one.state is State.REFUSED
        ],
    )


def answers_to_questions(world: World, plan: UUID) -> tuple[Callable[[], Any], Callable[[], Any]]:
    me = citizen_of(world, plan)
    one = statements.say(plan, GOAL, statements.Says.ASK, WHY, me, world.store, 10, actor="anna", correlation_id="c")
    return (
        lambda: statements.answer(one.statement.id, WHY, CHILDREN, world.store, actor="me", correlation_id="c"),
        lambda: [
            one
            for one in statements.of_plan(plan, me, world.store, actor="anna", correlation_id="c")
            if one.state is statements.State.ANSWERED
        ],
    )


@pytest.mark.parametrize(
    "kind", [emergencies, meetings, restrictions, questions, answers_to_corrections, answers_to_questions]
)
def test_what_comes_in_after_a_plan_is_held_is_not_told_to_a_citizen_who_began_to_read_before(
    world: World, kind: Callable[[World, UUID], tuple[Callable[[], Any], Callable[[], Any]]]
) -> None:
    plan = a_plan(world)
    comes_in, read = kind(world, plan)
    doing: list[Future[Any]] = []

    def is_held_and_something_comes_in() -> None:
        hold_back(plan, HELD, COORDINATOR, world.store, actor="c", correlation_id="c")
        comes_in()

    with ThreadPoolExecutor(1) as pool:

        def between(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            if current_thread() is main_thread() and "FROM plans" in statement and not doing:
                doing.append(pool.submit(is_held_and_something_comes_in))
                wait(doing, timeout=0.4)

        sa.event.listen(world.store.engine, "after_cursor_execute", between)
        try:
            told = read()
        finally:
            sa.event.remove(world.store.engine, "after_cursor_execute", between)
        (done,) = doing
        done.result(20)
    assert not told
