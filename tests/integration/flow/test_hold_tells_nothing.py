"""What a plan that is held back tells its citizen by every other answer: what one would that is empty and not held."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files
from typing import Any
from uuid import UUID

import pytest

from hub.consent.consent import Capacity, Consent
from hub.consent.decision import Reason
from hub.consent.matrix import Seat
from hub.consent.reader import Reader
from hub.flow.choices import show_choices
from hub.flow.decide_for import Question, decide_for
from hub.flow.hold import hold_back
from hub.flow.proof import statement_of
from hub.flow.proof_shapes import RevocationStatement
from hub.flow.revise import Revised, give, open_plan, withdraw
from hub.flow.revocation import show_revocation
from hub.flow.simulate import simulate_choice
from hub.flow.simulated import ToGive
from hub.flow.versions import Giver
from hub.flow.who_can_see import Answered, explain_recipient, show_who_can_see
from hub.flow.write_own import add
from hub.plan.contribution import PersonFacts
from hub.plan.element import Kind, Sensitivity
from hub.plan.identifier import cpr_identifier
from hub.plan.own import CITIZEN, OwnWords
from hub.plan.plan import PlanStatus
from hub.testing.builders import a_consent, a_consent_to_one_plan, a_contribution, an_id, own_word
from hub.testing.clock import frozen
from tests.integration.flow.emergencies import at_ten, by_the_danish_rules
from tests.integration.flow.simulating import SCHOOL, Partner
from tests.integration.policy import publish_policy
from tests.integration.world import COORDINATOR, SOMEBODY, World, citizen_of

pytestmark = pytest.mark.integration
WHY = "Søsteren har fortalt om trusler"
#: Sixteen years old at the clock of these tests, and a parent of theirs.
BO, MOTHER = "0503104996", "1106849994"
GOAL = an_id("children", "g1")
DAY = timedelta(hours=24)
SAID: dict[str, Any] = {"actor": "anna", "correlation_id": "c"}


@pytest.fixture(autouse=True)
def by_the_clock(world: World) -> object:
    with frozen(at_ten()):
        by_the_danish_rules(world)
        yield


def a_yes(*recipients: str) -> Consent:
    return replace(a_consent(SOMEBODY).to(*recipients).build(), grants=own_word(SOMEBODY, at_ten()))


#: One and the same whenever it is tried: its id is told.
TRIED = a_yes("employment")


def a_plan(world: World) -> tuple[UUID, Consent]:
    """Return the plan of a young person, agreed to by a parent as well, with a goal that social services hold."""
    plan, yes = an_empty_plan(world, "social", "employment")
    world.accepts(a_contribution("children").about(BO).with_draft("g1").build())
    world.drains()
    assert world.systems["social"].holds(plan) == {GOAL}
    return plan, yes


def an_empty_plan(world: World, *recipients: str) -> tuple[UUID, Consent]:
    """Return the same with nothing in it, to which a school belongs besides, and a yes to these."""
    world.systems[SCHOOL] = Partner(SCHOOL)
    givers = [
        Giver(capacity, PersonFacts((cpr_identifier(cpr, "hub"),), "Test"))
        for capacity, cpr in ((Capacity.SELF, BO), (Capacity.CUSTODY, MOTHER))
    ]
    one_plan = replace(a_consent_to_one_plan(SOMEBODY).build(), grants=own_word(SOMEBODY, at_ten()))
    plan = open_plan(
        PersonFacts((cpr_identifier(BO, "hub"),), "Bo"), one_plan, ("children", "social", SCHOOL), COORDINATOR,
        world.store, world.authorities, coordinator="coordination", actor="test", correlation_id="c", givers=givers,
    ).plan  # fmt: skip
    return plan, give(plan, a_yes(*recipients), COORDINATOR, world.store, givers=givers, **SAID).consent


def has_a_wish(world: World, plan: UUID) -> UUID:
    """Let the citizen write a goal of their own, and everybody be brought up to date."""
    wish = OwnWords(Kind.GOAL, "Jeg vil arbejde i en butik")
    seen = add(plan, wish, citizen_of(world, plan), world.store, **SAID)
    world.drains()
    return seen.element.id


def holds(world: World, plan: UUID) -> None:
    with frozen(at_ten() + timedelta(minutes=1)):
        hold_back(plan, WHY, COORDINATOR, world.store, actor="me", correlation_id="c")


def asks(world: World, plan: UUID, reader: Reader, recipient: str = "") -> Any:
    question = Question(plan, "children", "goals", Sensitivity.FORTROLIGE_PERSONOPLYSNINGER, recipient)
    return decide_for(question, reader, world.store, **SAID)


def tries(world: World, plan: UUID, reader: Reader) -> Any:
    told = simulate_choice(ToGive(TRIED, plan), reader, world.store, world.authorities, world.settings, **SAID)
    return told.shifts, told.lacking, told.ask_anew, told.deliveries


def matrix(world: World, plan: UUID, reader: Reader) -> dict[Seat, Any]:
    return {one.row.seat: one.row.cells for one in show_who_can_see(plan, reader, world.store, **SAID).rows}


def why(world: World, plan: UUID, reader: Reader, recipient: str) -> Sequence[Answered]:
    """Tell of the citizen's own goal, the only thing in a plan that the citizen sees whether it is held or not."""
    (own,) = [one.element.id for one in world.shows(plan, reader).view.seen if one.element.authority == CITIZEN]
    return explain_recipient(plan, own, recipient, reader, world.store, **SAID)


ANSWERS: dict[str, Callable[[World, UUID, Reader], Any]] = {
    "the list of consents": lambda world, plan, reader: show_choices(plan, reader, world.store, world.settings, **SAID),
    "who can see": matrix,
    "a simulation": tries,
    "a question about a recipient": lambda world, plan, reader: asks(world, plan, reader, "social"),
    "a question about the reader": asks,
    "why a partner does not see an own goal": lambda world, plan, reader: why(world, plan, reader, SCHOOL),
    "why an authority sees an own goal": lambda world, plan, reader: why(world, plan, reader, "social"),
    "where the plan stands": lambda world, plan, reader: world.shows(plan, reader).status,
    "the mark of what is withheld": lambda world, plan, reader: world.shows(plan, reader).view.may_be_partial,
}


@pytest.mark.parametrize("asked", ANSWERS)
def test_custody_that_comes_in_while_it_is_held_is_not_told_by(world: World, asked: str) -> None:
    plan, _ = a_plan(world)
    has_a_wish(world, plan)
    citizen, answer = citizen_of(world, plan), ANSWERS[asked]
    holds(world, plan)
    before = answer(world, plan, citizen)
    home = a_contribution("children", "C2").about(BO).with_relative("father", "0503829995")
    drafts = tuple(replace(one, details={"custody": "yes", "relation": "parent"}) for one in home.build().drafts)
    world.accepts(replace(home.build(), drafts=drafts))
    assert answer(world, plan, citizen) == before
    assert world.shows(plan, COORDINATOR).status is PlanStatus.DISSOLVED, "by then a word is missing"


@pytest.mark.parametrize("asked", ANSWERS)
def test_that_it_is_held_is_not_told_by(world: World, asked: str) -> None:
    plan, _ = a_plan(world)
    has_a_wish(world, plan)
    citizen, answer = citizen_of(world, plan), ANSWERS[asked]
    before = answer(world, plan, citizen)
    holds(world, plan)
    if asked == "a simulation":  # elements of what the reader saw before are named no more
        told = [(shift.seat, shift.cells) for shift in answer(world, plan, citizen)[0]]
        assert told == [(shift.seat, shift.cells) for shift in before[0]]
    else:
        assert answer(world, plan, citizen) == before


def test_whoever_works_with_the_plan_is_told_why_the_citizen_is_shown_nothing(world: World) -> None:
    plan, _ = a_plan(world)
    holds(world, plan)
    assert asks(world, plan, COORDINATOR, "social").permits
    assert asks(world, plan, citizen_of(world, plan)).reason is not Reason.PROHIBITED


def test_a_policy_that_has_no_rule_about_it_shows_the_family_nothing_either(world: World) -> None:
    plan, _ = a_plan(world)
    rules = tomllib.loads((files("hub.consent") / "danish_rules.toml").read_text("utf-8"))
    rules["rule"] = [one for one in rules["rule"] if one["id"] != "LAW-P-HOLD"]
    publish_policy(rules, world.store, actor="test", correlation_id="c")
    citizen = citizen_of(world, plan)
    assert world.shows(plan, citizen).view.seen
    holds(world, plan)
    assert not world.shows(plan, citizen).view.seen


# --- revocations ----------------------------------------------------------------------------------------------------


def told_of(world: World, consent: UUID, reader: Reader) -> RevocationStatement:
    return statement_of(show_revocation(consent, reader, world.store, DAY, **SAID))


def revokes(world: World, consent: Consent, reader: Reader) -> Revised:
    return withdraw(consent.id, reader, world.store, **SAID)


def test_a_revocation_names_who_had_it_before_the_hold_and_nobody_who_has_joined_since(world: World) -> None:
    plan, yes = a_plan(world)
    citizen = citizen_of(world, plan)
    holds(world, plan)
    with frozen(at_ten() + timedelta(hours=1)):
        world.accepts(a_contribution("employment", "C9").about(BO).with_draft("e1").build())
        world.drains()
        assert world.systems["employment"].holds(plan) == {GOAL}, "it has joined since"
        revokes(world, yes, citizen)
        told, whole = told_of(world, yes.id, citizen), told_of(world, yes.id, COORDINATOR)
    assert [one["recipient"] for one in told["recipients"]] == ["social"]
    assert [one["recipient"] for one in whole["recipients"]] == ["employment", "social"]
    (choice,) = [
        one for one in show_choices(plan, citizen, world.store, world.settings, **SAID) if one.consent.id == yes.id
    ]
    assert choice.revoked is not None
    assert choice.revoked.recipients == 1


def test_what_came_in_since_makes_no_recipient_of_a_revocation(world: World) -> None:
    plan, yes = a_plan(world)
    citizen = citizen_of(world, plan)
    world.accepts(a_contribution("children").about(BO).version(2).removing("g1").build())
    world.drains()
    holds(world, plan)
    with frozen(at_ten() + timedelta(hours=1)):
        world.accepts(a_contribution("children").about(BO).version(3).with_draft("g2", Kind.GOAL).build())
        world.drains()
        assert world.systems["social"].holds(plan) == {an_id("children", "g2")}
        revokes(world, yes, citizen)
        assert told_of(world, yes.id, citizen)["recipients"] == []
        assert [one["recipient"] for one in told_of(world, yes.id, COORDINATOR)["recipients"]] == ["social"]


def test_a_delivery_that_has_started_since_is_not_counted_for_the_citizen(world: World) -> None:
    plan, yes = a_plan(world)
    citizen = citizen_of(world, plan)
    counted: list[int] = []
    holds(world, plan)

    def revoked_meanwhile(update: Any) -> None:
        if update.disclosed and not counted:
            counted.append(revokes(world, yes, citizen).under_way)
            counted.append(len(told_of(world, yes.id, citizen)["deliveries"]))
            counted.append(len(told_of(world, yes.id, COORDINATOR)["deliveries"]))

    with frozen(at_ten() + timedelta(hours=1)):
        world.accepts(a_contribution("children").about(BO).version(2).with_draft("g2", Kind.GOAL).build())
        world.systems["social"].before = revoked_meanwhile
        world.drains()
    assert counted == [0, 0, 1]


def test_a_consent_given_meanwhile_counts_no_delivery_either(world: World) -> None:
    plan, _ = a_plan(world)
    citizen = citizen_of(world, plan)
    counted: list[int] = []
    holds(world, plan)

    def given_meanwhile(update: Any) -> None:
        if not counted:
            counted.append(give(plan, a_yes("youth"), citizen, world.store, **SAID).under_way)

    world.accepts(a_contribution("children").about(BO).version(2).with_draft("g2", Kind.GOAL).build())
    world.systems["social"].before = given_meanwhile
    world.drains()
    assert counted == [0]
