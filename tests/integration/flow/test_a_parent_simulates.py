"""A parent with custody tries out what they may say for a child, and learns nothing of the child's plan by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hub.clock import now
from hub.consent.consent import Capacity, Consent, ConsentKind
from hub.consent.matrix import Seat
from hub.consent.reader import Exchange, Reader
from hub.consent.standing import Lack
from hub.errors import NotFound
from hub.flow.hold import hold_back
from hub.flow.revise import withdraw
from hub.flow.simulate import simulate_choice
from hub.flow.simulated import Simulated, ToGive, ToWithdraw
from hub.plan.element import Kind
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Role
from hub.store.tables import consents, memberships
from hub.testing.builders import a_consent, a_contribution
from tests.integration.flow.test_who_speaks import (
    ALMA,
    FATHER,
    MOTHER,
    a_parent,
    by_the_clock,
    custody,
    dated,
    goal,
    has_a_home,
    opens,
    said_by,
    says,
    socials,
)
from tests.integration.world import COORDINATOR, SOMEBODY, World

pytestmark = pytest.mark.integration
__all__ = ["by_the_clock"]

SOCIAL = Seat("social", Role.AUTHORITY_SYSTEM, Exchange.DISCLOSE, "one-plan")


def a_yes(*recipients: str) -> Consent:
    return dated(a_consent(SOMEBODY).to(*(recipients or ("social",))))


def tries(world: World, wanted: ToGive | ToWithdraw, reader: Reader) -> Simulated:
    return simulate_choice(
        wanted, reader, world.store, world.authorities, world.settings, actor="test", correlation_id="c"
    )


def opened_by(told: Simulated, seat: Seat = SOCIAL) -> set[str]:
    return {cell.category for shift in told.shifts if shift.seat == seat for cell in shift.cells if cell.after[0]}


def without_time(told: Simulated) -> Any:
    cells = [
        (shift.seat, [(one.category, one.source, one.before, one.after) for one in shift.cells])
        for shift in told.shifts
    ]
    return cells, told.deliveries, told.lacking


def test_what_a_parents_yes_would_open_is_told_by_category_and_then_happens(world: World) -> None:
    plan = opens(world, ALMA, *custody(MOTHER)).plan
    has_a_home(world, ALMA, MOTHER)
    mother, before = a_parent(world, MOTHER), world.count(consents)
    told = tries(world, ToGive(a_yes(), plan), mother)
    assert "goals" in opened_by(told)
    assert told.lacking == frozenset()
    assert world.count(consents) == before
    assert [row["actor"] for row in world.audited("simulated")] == ["test"]
    says(world, plan, reader=mother)
    assert socials(world, plan) == {goal(ALMA)}


def test_no_element_is_named_and_none_is_counted(world: World) -> None:
    plan = opens(world, ALMA, *custody(MOTHER)).plan
    has_a_home(world, ALMA, MOTHER)
    mother = a_parent(world, MOTHER)
    given = says(world, plan, reader=mother).consent
    assert socials(world, plan) == {goal(ALMA)}
    for wanted in (ToWithdraw(given.id), ToGive(a_yes("employment"), plan)):
        told = tries(world, wanted, mother)
        assert told.deliveries == ()
        assert any(shift.cells for shift in told.shifts)
        assert not any(shift.gained or shift.lost or shift.parts for shift in told.shifts)


def test_a_yes_that_lacks_the_other_holders_word_says_so_and_opens_nothing(world: World) -> None:
    plan = opens(world, ALMA, *custody(MOTHER, FATHER)).plan
    has_a_home(world, ALMA, MOTHER, FATHER)
    told = tries(world, ToGive(a_yes(), plan), a_parent(world, MOTHER))
    assert told.lacking == {Lack.CUSTODY}
    assert told.shifts == ()


def test_what_is_in_the_plan_who_takes_part_and_what_others_have_said_change_nothing_of_the_answer(
    world: World,
) -> None:
    plan = opens(world, ALMA, *custody(MOTHER)).plan
    has_a_home(world, ALMA, MOTHER)
    mother = a_parent(world, MOTHER)
    wanted = ToGive(a_yes(), plan)
    before = without_time(tries(world, wanted, mother))
    world.accepts(a_contribution("employment", "another case").about(ALMA).with_draft("n1", Kind.NOTE).build())
    world.says(dated(a_consent(SOMEBODY).to("*").denying()), plan)
    says(world, plan, said_by(ALMA, Capacity.SELF), *custody(FATHER))
    with world.store.begin() as unit:
        unit.connection.execute(memberships.delete().where(memberships.c.member == "social"))
    world.drains()
    assert without_time(tries(world, wanted, mother)) == before


def test_a_withdrawal_of_the_own_word_closes_what_it_had_opened(world: World) -> None:
    plan = opens(world, ALMA, *custody(MOTHER)).plan
    has_a_home(world, ALMA, MOTHER)
    mother = a_parent(world, MOTHER)
    given = says(world, plan, reader=mother).consent
    told = tries(world, ToWithdraw(given.id), mother)
    closed = {cell.category for shift in told.shifts if shift.seat == SOCIAL for cell in shift.cells}
    assert "goals" in closed
    assert opened_by(told) == set()
    withdraw(given.id, mother, world.store, actor="test", correlation_id="c")
    assert socials(world, plan) == set()


def test_the_one_plan_that_the_parent_has_agreed_to_is_not_supposed_once_it_would_be_withdrawn(world: World) -> None:
    opened = opens(world, ALMA, *custody(MOTHER))
    has_a_home(world, ALMA, MOTHER)
    mother = a_parent(world, MOTHER)
    says(world, opened.plan, reader=mother)
    told = tries(world, ToWithdraw(opened.consent.id), mother)
    assert opened_by(told) == set()
    assert any(shift.seat == SOCIAL for shift in told.shifts)


@pytest.mark.parametrize("why", ["no custody", "of age", "held", "ended", "a stranger"])
def test_whoever_may_not_say_it_is_answered_as_if_there_were_no_plan(world: World, why: str) -> None:
    child = {"of age": "0109084995"}.get(why, ALMA)
    opened = opens(world, child, *custody(MOTHER), said_by(child, Capacity.SELF))
    until = now() - timedelta(days=1) if why == "ended" else None
    has_a_home(world, child, FATHER if why == "no custody" else MOTHER, until=until)
    if why == "held":
        hold_back(opened.plan, "A sister has told of threats", COORDINATOR, world.store, actor="a", correlation_id="c")
    reader = Reader("citizen", Role.CITIZEN, "citizen-access", person=SOMEBODY) if why == "a stranger" else None
    for wanted in (ToGive(a_yes(), opened.plan), ToWithdraw(opened.consent.id)):
        with pytest.raises(NotFound):
            tries(world, wanted, reader or a_parent(world, MOTHER))


def test_what_only_somebody_else_has_said_is_not_the_parents_to_try_to_take_back(world: World) -> None:
    plan = opens(world, ALMA, *custody(MOTHER, FATHER)).plan
    has_a_home(world, ALMA, MOTHER, FATHER)
    fathers = says(world, plan, *custody(FATHER)).consent
    with pytest.raises(NotFound):
        tries(world, ToWithdraw(fathers.id), a_parent(world, MOTHER))


def test_a_parent_opens_no_plan_and_tries_out_none(world: World) -> None:
    opens(world, ALMA, *custody(MOTHER))
    has_a_home(world, ALMA, MOTHER)
    one_plan = replace(a_yes(), kind=ConsentKind.ONE_PLAN)
    with pytest.raises(NotFound):
        tries(world, ToGive(one_plan, numbers=(cpr_identifier(ALMA, "hub"),), circle=()), a_parent(world, MOTHER))
