"""A held plan answers its citizen, and partners, the same whatever is in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.api.answers import plan_answer, tagged
from hub.consent.consent import by_person
from hub.consent.reader import Exchange, Reader
from hub.consent.view import view_for
from hub.fhir.render import render
from hub.flow.hold import as_delivered, may_be_told, takes_back_only
from hub.flow.show import Shown
from hub.plan.element import Element
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Person, Role
from hub.plan.plan import Plan, PlanStatus
from hub.testing.builders import TEST_CPR, THEN, a_citizen, a_consent, a_consent_to_one_plan, the_danish_policy
from hub.ui.plan_page import plan_page
from tests.unit.consent.strategies import ELEMENTS, PERSON, PLAN, elements

CITIZEN = a_citizen(PERSON)
PARTNER = Reader("school", Role.PARTNER, memberships=frozenset({PLAN}))
SAID = by_person([a_consent_to_one_plan(PERSON).build(), a_consent(PERSON).to("*").build()])
whatever = st.tuples(*(elements(element) for element in ELEMENTS)).flatmap(
    lambda four: st.integers(0, len(four)).map(lambda many: four[:many])
)


def held(*contents: Element) -> Plan:
    return Plan(PLAN, PERSON, elements={element.id: element for element in contents}, is_held=True)


def answers(plan: Plan, reader: Reader) -> list[bytes]:
    """Return every answer about a plan in which its content may stand, byte for byte."""
    view = view_for(plan, reader, the_danish_policy(), SAID, THEN)
    person = Person(PERSON, (cpr_identifier(TEST_CPR, "hub"),), "Test Testesen")
    shown = Shown(view, person, PlanStatus.ACTIVE, THEN)
    answer = plan_answer(shown, timedelta(minutes=30))
    resources = render(view, person, PlanStatus.ACTIVE, coordinator="coordination")
    fhir = {"/".join(name): resource for name, resource in resources.items()}
    page = plan_page(shown, timedelta(minutes=30), "da")
    return [orjson.dumps(answer), tagged(answer)[1].encode(), orjson.dumps(fhir), orjson.dumps(page)]


@pytest.mark.parametrize("reader", [CITIZEN, PARTNER], ids=["citizen", "partner"])
@given(one=whatever, other=whatever)
def test_a_held_plan_answers_the_same_whatever_is_in_it(
    reader: Reader, one: tuple[Element, ...], other: tuple[Element, ...]
) -> None:
    assert answers(held(*one), reader) == answers(held(*other), reader)


@given(four=st.tuples(*(elements(element) for element in ELEMENTS)))
def test_a_plan_that_is_not_held_does_not(four: tuple[Element, ...]) -> None:
    """Else the test above could not fail."""
    plain = [replace(one, category="goals", concerns=frozenset(), details={}, part_of=None) for one in four]
    plan = replace(held(*plain), is_held=False)
    assert answers(plan, CITIZEN) != answers(replace(plan, elements={}), CITIZEN)


def test_whoever_works_with_a_held_plan_sees_what_they_saw() -> None:
    plan = held()
    reader = Reader("children", Role.CASEWORKER, memberships=frozenset({PLAN}))
    assert answers(plan, reader) == answers(replace(plan, is_held=False), reader)


@pytest.mark.parametrize(
    ("role", "exchange", "only"),
    [
        (Role.PARTNER, Exchange.DISCLOSE, True),
        (Role.PARTNER, Exchange.COLLECT, False),
        (Role.AUTHORITY_SYSTEM, Exchange.DISCLOSE, False),
        (Role.CITIZEN, Exchange.DISCLOSE, False),
    ],
)
def test_a_partner_is_sent_nothing_new_of_a_held_plan_and_hears_nothing_of_the_hold(
    role: Role, exchange: Exchange, only: bool
) -> None:
    plan, reader = held(), Reader("somebody", role, exchange=exchange)
    assert takes_back_only(plan, reader) is only
    assert as_delivered(plan, reader).is_held is not only
    free = replace(plan, is_held=False)
    assert not takes_back_only(free, reader)
    assert as_delivered(free, reader) == free


@pytest.mark.parametrize("action", ["plan-held", "hold-lifted", "holds-read", "read", "delivered", "emergency-opened"])
def test_of_a_held_plan_the_citizens_ledger_tells_nothing_but_what_the_citizen_did(action: str) -> None:
    assert not may_be_told(action, is_held=True)
    assert may_be_told(action, is_held=False)
    assert may_be_told("consent-given", is_held=True)
