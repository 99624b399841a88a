"""A parent dies: nobody speaks for the child by a word of the dead, and in nobody's plan do they stand as before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from hub.authority import RegisterFacts
from hub.consent.standing import Lack
from hub.flow.following import catch_up
from hub.flow.register import learn
from hub.plan.identifier import CPR, Identifier
from hub.store.register_tables import followed
from hub.testing.clock import frozen
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.flow.test_who_speaks import (
    ALMA,
    AT,
    FATHER,
    MOTHER,
    choices,
    custody,
    goal,
    has_a_home,
    opens,
    says,
    socials,
)
from tests.integration.registers import rows_of
from tests.integration.world import World

pytestmark = pytest.mark.integration
TODAY = AT.date()


@pytest.fixture(autouse=True)
def by_the_clock(world: World) -> Iterator[None]:
    with frozen(AT):
        by_the_danish_rules(world)
        yield


def dies(world: World, cpr: str, died: date | None = TODAY, version: int = 1) -> None:
    """Let the register tell of a death of somebody with a plan."""
    catch_up(world.store)
    with world.store.begin() as unit:
        person = unit.people.find([Identifier(CPR, cpr)])
        (row,) = [row for row in unit.connection.execute(followed.select()) if row.person_id == person]
        known = unit.register.people.get(row.id)
        assert known is not None
        learn(unit, known, RegisterFacts(version, Identifier(CPR, cpr), died=died), "c")


def test_the_yes_of_a_dead_mother_holds_no_more_for_her_child(world: World) -> None:
    opens(world, MOTHER)
    opened = opens(world, ALMA, *custody(MOTHER))
    has_a_home(world, ALMA, MOTHER)
    says(world, opened.plan, *custody(MOTHER))
    assert socials(world, opened.plan) == {goal(ALMA)}
    dies(world, MOTHER)
    assert world.row(opened.plan, "social").is_urgent
    assert socials(world, opened.plan) == set()
    assert {lack for one in choices(world, opened.plan) for lack in one.lacking} == {Lack.CUSTODY}
    dies(world, MOTHER, None, version=2)
    assert socials(world, opened.plan) == {goal(ALMA)}, "it was a mistake"


def test_where_two_held_custody_the_one_who_lives_speaks_alone(world: World) -> None:
    opens(world, MOTHER)
    opened = opens(world, ALMA, *custody(MOTHER, FATHER))
    has_a_home(world, ALMA, MOTHER, FATHER)
    says(world, opened.plan, *custody(FATHER))
    assert socials(world, opened.plan) == set(), "the mother has not said yes"
    dies(world, MOTHER)
    assert socials(world, opened.plan) == {goal(ALMA)}
    assert len(rows_of(world)) == 2
