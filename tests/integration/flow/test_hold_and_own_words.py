"""What the citizen has written stays theirs to see while the plan is held; what is told about it is told as ever."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID

import pytest

from hub.consent.consent import Consent
from hub.consent.reader import Reader
from hub.flow.correct import ask, of_plan
from hub.flow.hold import lift
from hub.flow.meeting import Wanted, open_meeting
from hub.flow.simulate import simulate_choice
from hub.flow.simulated import Simulated, ToWithdraw
from hub.plan.person import Role
from hub.testing.builders import a_consent, a_contribution
from hub.testing.clock import frozen
from tests.integration.flow.emergencies import at_ten
from tests.integration.flow.simulating import SCHOOL
from tests.integration.flow.test_hold_tells_nothing import (
    BO,
    SAID,
    WHY,
    an_empty_plan,
    has_a_wish,
    holds,
    why,
)
from tests.integration.policy import publish_policy
from tests.integration.world import COORDINATOR, SOMEBODY, World, citizen_of

pytestmark = pytest.mark.integration
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def by_the_clock() -> object:
    with frozen(at_ten()):
        yield


def the_danish_rules() -> dict[str, Any]:
    return tomllib.loads((files("hub.consent") / "danish_rules.toml").read_text("utf-8"))


def the_danish_rules_but_one() -> dict[str, Any]:
    rules = the_danish_rules()
    rules["rule"] = [one for one in rules["rule"] if one["id"] != "LAW-P-HOLD"]
    return rules


def where_a_partner_may_see_goals() -> dict[str, Any]:
    rules = the_danish_rules()
    (times,) = [one for one in rules["rule"] if one["id"] == "CON-PARTNER-TIMES"]
    rules["rule"].append({**times, "id": "CON-PARTNER-GOALS", "categories": ["goals"]})
    return rules


def where_one_plan_is_met_for() -> dict[str, Any]:
    rules = the_danish_rules()
    (met_for,) = rules["meeting"]
    rules["meeting"].append({**met_for, "purpose": "one-plan"})
    (meeting,) = [one for one in rules["rule"] if one["id"] == "CON-SSD"]
    others = [one for one in rules["rule"] if one["effect"] != "consent"]
    return {**rules, "rule": [*others, {**meeting, "sources": ["*"], "purposes": ["one-plan"]}]}


RULES: Mapping[str, Callable[[], dict[str, Any]]] = {
    "the Danish rules": the_danish_rules,
    "no rule about held plans": the_danish_rules_but_one,
    "rules by which partners see goals": where_a_partner_may_see_goals,
}


def a_plan_with_a_wish(
    world: World, *recipients: str, no_to: Sequence[str] = (), rules: dict[str, Any] | None = None
) -> tuple[UUID, Consent]:
    """Return a plan with one goal of the citizen's own, and what was said of it last: a yes, or a no after it."""
    publish_policy(rules or the_danish_rules(), world.store, actor="test", correlation_id="c")
    plan, said = an_empty_plan(world, *recipients)
    if no_to:
        said = world.says(a_consent(SOMEBODY).to(*no_to).denying().build(), plan)
    has_a_wish(world, plan)
    return plan, said


def much_comes_in(world: World) -> None:
    """Let an authority of the circle and one that joins write in the plan, an hour after it was held."""
    with frozen(at_ten() + HOUR):
        world.accepts(a_contribution("children").about(BO).with_draft("g1").with_draft("g2").build())
        world.accepts(a_contribution("employment", "C9").about(BO).with_draft("e1").build())
        world.drains()


def tries_to_withdraw(world: World, said: Consent, reader: Reader) -> Simulated:
    """Try it out two hours after the plan was held, or would have been."""
    with frozen(at_ten() + 2 * HOUR):
        choice = ToWithdraw(said.id)
        return simulate_choice(choice, reader, world.store, world.authorities, world.settings, **SAID)


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("no_to", [(), ("social", SCHOOL)], ids=["a yes", "a no"])
def test_a_simulation_tells_the_same_as_of_a_plan_with_the_own_words_alone(
    world: World, rules: str, no_to: Sequence[str]
) -> None:
    plan, said = a_plan_with_a_wish(world, "social", "employment", SCHOOL, no_to=no_to, rules=RULES[rules]())
    citizen = citizen_of(world, plan)
    before = tries_to_withdraw(world, said, citizen)
    assert any(shift.gained if no_to else shift.lost for shift in before.shifts), "else this shows nothing"
    holds(world, plan)
    assert tries_to_withdraw(world, said, citizen) == before
    much_comes_in(world)
    assert tries_to_withdraw(world, said, citizen) == before


def test_whoever_works_with_the_plan_is_told_that_a_partner_is_sent_nothing_new(world: World) -> None:
    plan, no = a_plan_with_a_wish(world, SCHOOL, no_to=[SCHOOL], rules=where_a_partner_may_see_goals())

    def additions() -> int:
        found = tries_to_withdraw(world, no, COORDINATOR)
        return {one.recipient: one.additions for one in found.deliveries}[SCHOOL]

    assert additions() == 1
    holds(world, plan)
    assert additions() == 0


@pytest.mark.parametrize("is_held", [True, False])
def test_why_an_authority_sees_the_own_words_tells_of_no_meeting_while_it_is_held(world: World, is_held: bool) -> None:
    plan, _ = a_plan_with_a_wish(world, "social", rules=where_one_plan_is_met_for())
    citizen, meeting = citizen_of(world, plan), Wanted(plan, "one-plan", ("children", "social"))
    before = why(world, plan, citizen, "social")
    if is_held:
        holds(world, plan)
    circle = dict.fromkeys(meeting.organisations, Role.AUTHORITY_SYSTEM)
    open_meeting(meeting, Reader("children", Role.CASEWORKER), circle, world.store, actor="me", correlation_id="c")
    assert (why(world, plan, citizen, "social") == before) is is_held


def test_a_correction_names_no_recipient_that_has_joined_since_until_it_is_lifted(world: World) -> None:
    plan, _ = a_plan_with_a_wish(world, "social", "employment")
    citizen = citizen_of(world, plan)
    (wish,) = [one.element.id for one in world.shows(plan, citizen).view.seen]
    holds(world, plan)
    much_comes_in(world)
    assert wish in world.systems["employment"].holds(plan), "else this shows nothing"
    with frozen(at_ten() + 2 * HOUR):
        told = ask(plan, wish, "Det var noget andet jeg mente", citizen, world.store, **SAID)
        assert [one.recipient for one in told.holders] == ["social"]
        lift(plan, WHY, COORDINATOR, world.store, actor="me", correlation_id="c")
        (one,) = of_plan(plan, citizen, world.store, **SAID)
        assert [each.recipient for each in one.holders] == ["employment", "social"], "it is followed there, too"
