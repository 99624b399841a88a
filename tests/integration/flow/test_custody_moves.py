"""Custody that moves is heard at once by every plan that names the child."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.plan.contribution import Contribution, PersonFacts
from hub.plan.element import Kind
from hub.plan.identifier import cpr_identifier
from hub.store.revocation_tables import withdrawals
from hub.testing.builders import a_contribution, an_id
from tests.integration.databases import OPERATED
from tests.integration.flow.test_who_speaks import (
    ALMA,
    FATHER,
    MOTHER,
    by_the_clock,
    custody,
    has_a_home,
    opens,
    says,
)
from tests.integration.world import World

pytestmark = pytest.mark.integration
__all__ = ["by_the_clock"]

CASE = "the mother's case"
GOAL = an_id("children", "g1", CASE)


def naming(child: str) -> Contribution:
    """Return a goal of the mother's that names a child."""
    told = a_contribution("children", CASE).about(MOTHER)
    number = (cpr_identifier(child, "children"),)
    told = told.with_draft("g1", Kind.GOAL, concerns=number)
    return replace(told.build(), others=(PersonFacts(number, "Test"),))


def a_family(world: World) -> UUID:
    """Return the plan of a mother that names a child, who has a plan too; she has said yes to sharing both."""
    mothers = opens(world, MOTHER).plan
    alma = opens(world, ALMA, *custody(MOTHER)).plan
    has_a_home(world, ALMA, MOTHER)
    says(world, mothers)
    says(world, alma, *custody(MOTHER))
    world.accepts(naming(ALMA))
    world.drains()
    assert world.systems["social"].holds(mothers) == {GOAL}, "for both there is a yes"
    return mothers


def owed(world: World, plan: UUID, recipient: str) -> set[UUID]:
    query = sa.select(withdrawals.c.element_id).where(
        withdrawals.c.outbox_id == world.row(plan, recipient).id, withdrawals.c.ended_at.is_(None)
    )
    with world.store.begin(read_only=True) as unit:
        return set(unit.connection.execute(query).scalars())


def test_what_another_plan_tells_of_a_child_is_taken_back_when_custody_moves(world: World) -> None:
    mothers = a_family(world)
    has_a_home(world, ALMA, FATHER, version=2)
    row = world.row(mothers, "social")
    assert row.due_at is not None
    assert row.is_urgent
    assert owed(world, mothers, "social") == {GOAL}, "it is known when the message has been taken in"
    world.delivers(mothers, "social")
    assert world.systems["social"].holds(mothers) == set()


def test_custody_that_comes_back_shows_it_again(world: World) -> None:
    mothers = a_family(world)
    has_a_home(world, ALMA, FATHER, version=2)
    has_a_home(world, ALMA, MOTHER, version=3)
    world.drains()
    assert world.systems["social"].holds(mothers) == {GOAL}


def test_custody_that_is_shared_from_now_on_lacks_a_word_in_every_plan(world: World) -> None:
    mothers = a_family(world)
    has_a_home(world, ALMA, MOTHER, FATHER, version=2)
    world.delivers(mothers, "social")
    assert world.systems["social"].holds(mothers) == set()


def test_a_home_that_is_emptied_because_the_case_was_another_persons_is_a_custody_that_moves(world: World) -> None:
    mothers = a_family(world)
    elsewhere = a_contribution("children", f"case of {ALMA}").about(MOTHER).version(2)
    world.accepts(elsewhere.build())
    assert world.row(mothers, "social").is_urgent


def test_a_home_that_is_told_again_leaves_the_plans_of_others_alone(world: World) -> None:
    mothers = a_family(world)
    has_a_home(world, ALMA, MOTHER, version=2)
    assert world.row(mothers, "social").due_at is None


def test_the_message_that_moves_it_is_taken_in_once(world: World) -> None:
    a_family(world)
    before = len(world.audited("accepted"))
    has_a_home(world, ALMA, FATHER, version=2)
    assert len(world.audited("accepted")) == before + 1


@pytest.mark.parametrize("url", [OPERATED], indirect=True)
def test_a_plan_that_comes_to_name_the_child_meanwhile_is_not_missed(world: World, url: str) -> None:
    """SQLite has one writer at a time, so nothing can come between there."""
    mothers = opens(world, MOTHER).plan
    alma = opens(world, ALMA, *custody(MOTHER)).plan
    has_a_home(world, ALMA, MOTHER)
    says(world, mothers)
    says(world, alma, *custody(MOTHER))
    world.drains()
    merging, may_go_on = threading.Event(), threading.Event()

    def hold(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO plan_people"):
            merging.set()
            may_go_on.wait(0.5)

    sa.event.listen(world.store.engine, "after_cursor_execute", hold)
    with ThreadPoolExecutor(2) as pool:
        naming_her = pool.submit(world.accepts, naming(ALMA))
        assert merging.wait(20)
        moved = pool.submit(has_a_home, world, ALMA, FATHER, version=2)
        naming_her.result()
        moved.result()
    sa.event.remove(world.store.engine, "after_cursor_execute", hold)
    assert world.row(mothers, "social").is_urgent, "it was decided anew when custody had moved"
    world.drains()
    assert world.systems["social"].holds(mothers) == set()
