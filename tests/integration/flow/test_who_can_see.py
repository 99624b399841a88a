"""Who can see what, and why a recipient does: what is told of others, and of whoever is several things at once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from hub.clock import now
from hub.consent.consent import Consent
from hub.consent.reader import Exchange, Reader
from hub.flow.meeting import Wanted, close_meeting, open_meeting
from hub.flow.revise import open_plan
from hub.flow.who_can_see import Answered, explain_recipient, show_who_can_see
from hub.plan.contribution import PersonFacts
from hub.plan.element import Kind
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Role
from hub.testing.builders import TEST_CPR, a_consent, a_consent_to_one_plan, a_contribution
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.world import COORDINATOR, SOMEBODY, World

pytestmark = pytest.mark.integration
BROTHER = "0503829995"
FACTS = {"actor": "test", "correlation_id": "c"}


@pytest.fixture
def plan(world: World) -> UUID:
    """A plan in which children's services name a brother; its person shares the household with social services."""
    by_the_danish_rules(world)
    opened = world.opens_plan().plan
    world.accepts(a_contribution("children").with_relative("r", BROTHER).build())
    world.says(a_household_yes(), opened)
    return opened


def a_household_yes() -> Consent:
    return a_consent(SOMEBODY).to("social").for_categories("household").build()


def why(world: World, plan: UUID) -> Answered:
    (element,) = [one.element.id for one in world.shows(plan).view.seen if one.element.kind is Kind.HOUSEHOLD_MEMBER]
    answers = explain_recipient(plan, element, "social", COORDINATOR, world.store, **FACTS)
    (sent,) = [one for one in answers if one.seat.exchange is Exchange.DISCLOSE]
    return sent


def test_why_something_that_names_another_is_not_shared_does_not_tell_what_they_said(world: World, plan: UUID) -> None:
    silent = why(world, plan)
    assert silent.sentence.da == "Ikke delt: oplysningen handler også om andre, og de har ikke alle sagt ja."
    assert not silent.decision.permits
    brothers = world.opens_plan(BROTHER).plan
    no = world.says(a_consent(SOMEBODY).to("social").denying().build(), brothers)
    assert why(world, plan) == silent, "the brother's no is told as his silence"
    world.takes_back(no.id)
    assert why(world, plan) == silent


def test_when_everybody_has_said_yes_only_the_persons_own_consents_are_named(world: World, plan: UUID) -> None:
    until = now() + timedelta(days=3)
    his = a_consent(SOMEBODY).to("social").for_categories("household").until(until).build()
    theirs = world.says(his, world.opens_plan(BROTHER).plan)
    told = why(world, plan)
    assert told.decision.permits
    assert theirs.id not in {one.id for one in told.decision.consents}
    assert told.decision.consents
    assert told.decision.valid_until is None, "until when he has said so is his"
    assert "Det gælder til" not in told.sentence.da
    assert told.sentence.da.startswith("Kan ses, fordi der er sagt ja den ")


def test_what_the_persons_own_word_keeps_back_is_told_as_it_is(world: World, plan: UUID) -> None:
    world.says(a_consent(SOMEBODY).to("social").denying().build(), plan)
    assert why(world, plan).sentence.da == "Ikke delt: borgeren har sagt nej."


def test_an_authority_that_coordinates_stands_there_as_both(world: World) -> None:
    coordinator = Reader("social", Role.COORDINATOR)
    opened = open_plan(
        PersonFacts((cpr_identifier(TEST_CPR, "hub"),)), a_consent_to_one_plan(SOMEBODY).build(),
        ("children", "social"), coordinator, world.store, world.authorities, coordinator="social",
        actor="test", correlation_id="c",
    ).plan  # fmt: skip
    rows = show_who_can_see(opened, coordinator, world.store, **FACTS).rows
    ways = {(told.row.seat.role, told.row.seat.exchange) for told in rows if told.row.seat.organisation == "social"}
    assert ways == {
        (Role.COORDINATOR, Exchange.COLLECT),
        (Role.AUTHORITY_SYSTEM, Exchange.DISCLOSE),
        (Role.AUTHORITY_SYSTEM, Exchange.COLLECT),
        (Role.CASEWORKER, Exchange.COLLECT),
    }


def test_an_open_meeting_shows_in_the_matrix_while_it_lasts(world: World, plan: UUID) -> None:
    world.says(a_consent(SOMEBODY).to("social").for_purposes("ssd").for_categories("goals").build(), plan)
    assert purposes(world, plan) == {"one-plan"}
    circle = {"social": Role.AUTHORITY_SYSTEM, "children": Role.AUTHORITY_SYSTEM}
    meeting = open_meeting(Wanted(plan, "ssd", ("social",)), COORDINATOR, circle, world.store, **FACTS)
    assert purposes(world, plan) == {"one-plan", "ssd"}
    close_meeting(meeting.meeting.id, COORDINATOR, world.store, **FACTS)
    assert purposes(world, plan) == {"one-plan"}


def purposes(world: World, plan: UUID) -> set[str]:
    rows = show_who_can_see(plan, COORDINATOR, world.store, **FACTS).rows
    return {told.row.seat.purpose for told in rows if told.row.seat.organisation == "social"}
