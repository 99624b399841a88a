"""The citizens whom nobody is: whoever may see something by either policy is there, and so is all there is to see."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from hub.consent.consent import ConsentKind, Effect
from hub.consent.matrix import Seat
from hub.consent.policy import RuleEffect
from hub.consent.reader import Exchange
from hub.consent.simulate import Facts
from hub.consent.synthetic import CITIZENS, Citizen, synthetic_facts
from hub.plan.element import Sensitivity
from hub.plan.person import Role
from hub.testing.builders import THEN, a_rule, the_danish_policy

DANISH = the_danish_policy()
#: What only the other policy names.
OTHER = replace(
    DANISH,
    purposes=frozenset({"one-plan", "research"}),
    categories=frozenset({"goals", "housing"}),
    rules=(
        a_rule(
            "R", RuleEffect.CONSENT, sources=frozenset({"housing-office", "*"}), recipients=frozenset({"university"})
        ),
    ),
)
FACTS = synthetic_facts(DANISH, OTHER, THEN)
AUTHORITIES = {"children", "employment", "social", "youth", "another-authority", "housing-office", "university"}
PURPOSES, CATEGORIES = DANISH.purposes | {"research"}, DANISH.categories | {"housing"}


def seats_of(citizen: Citizen, facts: Facts = FACTS) -> set[Seat]:
    return {seat for plan, seat in facts.places if plan == citizen.plan}


@pytest.mark.parametrize("citizen", CITIZENS, ids=lambda citizen: citizen.name)
def test_everybody_is_there_who_may_come_to_see_something(citizen: Citizen) -> None:
    seats = seats_of(citizen)
    people = [(name, role) for name in AUTHORITIES for role in (Role.AUTHORITY_SYSTEM, Role.CASEWORKER)]
    people += [("a-partner", Role.PARTNER), ("a-coordinator", Role.COORDINATOR), ("citizen", Role.CITIZEN)]
    reading = {Seat(name, role, Exchange.COLLECT, purpose) for (name, role), purpose in product(people, PURPOSES)}
    sent_to = {
        Seat(name, role, Exchange.DISCLOSE, "one-plan")
        for name, role in people
        if role in (Role.AUTHORITY_SYSTEM, Role.PARTNER)
    }
    assert seats == reading | sent_to


@pytest.mark.parametrize("citizen", CITIZENS, ids=lambda citizen: citizen.name)
def test_each_reads_as_its_seat_says_of_a_plan_that_it_belongs_to(citizen: Citizen) -> None:
    for seat in seats_of(citizen):
        place = FACTS.places[citizen.plan, seat]
        reader, member = place.reader, frozenset({citizen.plan})
        assert Seat(reader.organisation, reader.role, reader.exchange, reader.purpose) == seat
        assert reader.memberships == member
        assert reader.person == (citizen.person if seat.role is Role.CITIZEN else None)
        assert reader.meetings == (member if seat.exchange is Exchange.COLLECT else frozenset())
        assert (place.asked.plan, place.asked.person) == (citizen.plan, citizen.person)
        assert (set(place.asked.sources), place.asked.is_held) == (AUTHORITIES, citizen.is_held)


@pytest.mark.parametrize("citizen", CITIZENS, ids=lambda citizen: citizen.name)
def test_every_authority_has_one_element_of_every_category_at_every_step(citizen: Citizen) -> None:
    plan = next(place.plan for (owner, _), place in FACTS.places.items() if owner == citizen.plan)
    elements = list(plan.elements.values())
    kinds = [(element.authority, element.category, element.label) for element in elements]
    assert sorted(kinds, key=str) == sorted(product(AUTHORITIES, CATEGORIES, Sensitivity), key=str)
    assert (plan.id, plan.person, plan.is_held) == (citizen.plan, citizen.person, citizen.is_held)
    assert {element.title for element in elements} == {
        f"Synthetic: {category} of {authority}" for authority, category in product(AUTHORITIES, CATEGORIES)
    }
    assert sorted(element.order.version for element in elements) == list(range(1, len(elements) + 1))
    assert {len(element.concerns) for element in elements} == {1 if citizen.names_another else 0}
    told = {element.details.get("protected-address") for element in elements}
    assert told == {"yes" if citizen.has_protected_address else None}
    assert {element.registered_at for element in elements} == {THEN}


@pytest.mark.parametrize("citizen", CITIZENS, ids=lambda citizen: citizen.name)
def test_each_has_said_what_it_is_there_to_say(citizen: Citizen) -> None:
    said = [consent for consent in FACTS.consents if consent.person == citizen.person]
    kinds = [(consent.kind, consent.effect, consent.scope.label) for consent in said]
    expected = [(ConsentKind.ONE_PLAN, Effect.PERMIT, said[0].scope.label)] if citizen.has_one_plan else []
    if citizen.shares is not None:
        expected.append((ConsentKind.SHARING, Effect.PERMIT, citizen.shares))
    if citizen.refuses:
        expected.append((ConsentKind.SHARING, Effect.DENY, Sensitivity.IKKE_FORTROLIGE_DATA))
    assert kinds == expected
    assert all(consent.is_in_force(THEN) and consent.version == 1 for consent in said)
    for consent in said:
        if consent.kind is ConsentKind.SHARING:
            everything = frozenset({"*"})
            whom = citizen.refuses if consent.effect is Effect.DENY else everything
            scope = consent.scope
            assert (scope.sources, scope.recipients, scope.purposes, scope.categories) == (
                everything, whom, everything, everything,
            )  # fmt: skip


def test_they_are_the_same_each_time_and_under_the_first_policy() -> None:
    assert synthetic_facts(DANISH, OTHER, THEN) == FACTS
    assert FACTS.policy is DANISH
    assert seats_of(CITIZENS[0], synthetic_facts(OTHER, DANISH, THEN)) == seats_of(CITIZENS[0])
    assert len({consent.id for consent in FACTS.consents}) == len(FACTS.consents)
