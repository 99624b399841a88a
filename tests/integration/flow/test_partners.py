"""A partner is less than an authority: what it may see is the same by every door."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import timedelta
from importlib.resources import files
from uuid import UUID

import pytest

from hub.clock import now
from hub.consent.reader import Reader
from hub.flow.show import explain_for
from hub.plan.element import Kind, Period
from hub.plan.person import Role
from hub.testing.builders import a_consent, a_contribution, an_id
from tests.integration.policy import publish_policy
from tests.integration.world import COORDINATOR, SOMEBODY, System, World

pytestmark = pytest.mark.integration

MEETING, GOAL = an_id("children", "m1"), an_id("children", "g1")


@dataclass
class Partner(System):
    """A school's system."""

    role: Role = Role.PARTNER


def a_plan_with_a_school(world: World) -> UUID:
    """A meeting and a goal, of which the citizen shares everything with everybody; the school belongs to the plan."""
    rules = (files("hub.consent") / "danish_rules.toml").read_text("utf-8")
    publish_policy(tomllib.loads(rules), world.store, actor="test", correlation_id="c")
    world.systems["school"] = Partner("school")
    (plan,) = world.opens_plan(circle=("children", "school")).plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    start = now() + timedelta(days=1)
    meeting = {"valid": Period(start, start), "text": "kept", "details": {"place": "kept"}}
    world.accepts(a_contribution("children").with_draft("g1").with_draft("m1", Kind.APPOINTMENT, **meeting).build())
    world.drains()
    return plan


def test_a_partner_is_sent_titles_and_times_and_no_goal(world: World) -> None:
    a_plan_with_a_school(world)
    (update,) = [update for update in world.systems["school"].heard if update.disclosed]
    (shared,) = update.disclosed
    assert shared.element.id == MEETING
    assert shared.element.title
    assert shared.element.valid.start is not None
    assert (shared.element.text, shared.element.codes, shared.element.details) == ("", (), {})


@pytest.mark.parametrize("role", [Role.PARTNER, Role.AUTHORITY_SYSTEM, Role.CASEWORKER])
def test_whatever_a_partners_client_calls_itself_it_reads_what_the_partner_is_sent(world: World, role: Role) -> None:
    plan = a_plan_with_a_school(world)
    seen = world.shows(plan, Reader("school", role)).view.seen
    assert {one.element.id for one in seen} == world.systems["school"].holds(plan) == {MEETING}
    assert {one.element.text for one in seen} == {""}


def test_the_explanation_of_what_a_partner_gets_is_of_what_it_gets(world: World) -> None:
    plan = a_plan_with_a_school(world)
    decided = {row[0]: row[3] for row in explain_for(plan, "school", world.store, actor="test")}
    assert decided[MEETING].rule_ids == ("CON-PARTNER-TIMES",)
    assert not decided[GOAL].permits


def test_who_turns_out_to_be_a_partner_is_one_from_then_on(world: World) -> None:
    world.systems["school"] = System("school")
    (plan,) = world.opens_plan(circle=("children", "school")).plans
    world.systems["school"] = Partner("school")
    world.opens_plan(circle=("children", "school"))
    with world.store.begin(read_only=True) as unit:
        roles = {one.member: one.role for one in unit.memberships.of_plan(plan, now())}
    assert roles["school"] is Role.PARTNER
    world.systems["school"] = System("school")
    world.opens_plan(circle=("children", "school"))
    with world.store.begin(read_only=True) as unit:
        assert {one.role for one in unit.memberships.of_plan(plan, now()) if one.member == "school"} == {Role.PARTNER}


def test_a_partner_configured_after_it_joined_is_sent_what_a_partner_may_see(world: World) -> None:
    plan = a_plan_with_a_school(world)
    world.systems["volunteers"] = System("volunteers", delivers=True)
    world.opens_plan(circle=("volunteers",))  # as an authority: nobody had said that it is none
    partner = Partner("volunteers")
    world.systems["volunteers"] = partner
    world.drains()
    assert partner.holds(plan) == {MEETING}


def test_the_coordinators_own_view_is_untouched(world: World) -> None:
    plan = a_plan_with_a_school(world)
    seen = world.shows(plan, replace(COORDINATOR)).view.seen
    assert {MEETING, GOAL} <= {one.element.id for one in seen}


def test_a_withdrawn_consent_takes_back_what_a_partner_holds(world: World) -> None:
    plan = a_plan_with_a_school(world)
    world.says(a_consent(SOMEBODY).to("school").denying().build(), plan)
    world.drains()
    assert world.systems["school"].holds(plan) == set()
    assert world.systems["school"].heard[-1].withdrawn == (MEETING,)
