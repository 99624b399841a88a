"""An address that the person register protects is given away by no element, whatever its source says of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from hub.consent.subject import subject_of
from hub.plan.element import Kind, Period
from hub.plan.person import Person
from hub.plan.plan import Plan
from hub.testing.builders import a_plan, an_id

CHILD, MOTHER, PLAN = UUID(int=2), UUID(int=3), UUID(int=1)
NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
SHOWN = (
    a_plan(CHILD, PLAN)
    .with_household_member("children", MOTHER, "mother", source_id="mother")
    .with_appointment("children", source_id="visit", concerns=(MOTHER,), details={"place": "Skovvej 1"})
    .with_appointment("children", source_id="call", concerns=(MOTHER,))
    .with_appointment("children", source_id="own", concerns=(CHILD,), details={"place": "Skolen"})
    .with_goal("children", source_id="goal", concerns=(MOTHER,))
    .build()
)


def tells(plan: Plan) -> set[str]:
    names = ("mother", "visit", "call", "own", "goal")
    elements = {name: plan.elements[an_id("children", name)] for name in names}
    return {name for name, element in elements.items() if subject_of(plan, element).has_protected_address}


def test_nothing_is_protected_of_which_the_register_says_nothing() -> None:
    assert tells(SHOWN) == set()


def test_a_relative_and_a_place_to_meet_her_are_what_may_give_the_address_away() -> None:
    assert tells(SHOWN.protecting(frozenset({MOTHER}))) == {"mother", "visit"}


def test_whose_plan_it_is_may_go_on_reading_of_the_own_places() -> None:
    assert tells(SHOWN.protecting(frozenset({CHILD}))) == set()
    assert SHOWN.protecting(frozenset({CHILD})).has_protected_address


def test_a_protected_relative_does_not_protect_the_plans_person() -> None:
    assert not SHOWN.protecting(frozenset({MOTHER})).has_protected_address


def test_protection_of_one_ends_alone() -> None:
    both = SHOWN.protecting(frozenset({MOTHER})).protecting(frozenset({CHILD}))
    assert both.protecting_no_more(MOTHER).protected == {CHILD}
    assert both.protecting_no_more(UUID(int=9)) is both
    assert both.protecting(frozenset({MOTHER})) is both


@pytest.mark.parametrize(
    ("period", "is_protected"),
    [
        (Period(), True),
        (Period(NOW - timedelta(days=9), None), True),
        (Period(NOW + timedelta(days=9), None), True),  # known before it begins: better too early than too late
        (Period(None, NOW + timedelta(microseconds=1)), True),
        (Period(None, NOW), False),
    ],
)
def test_protection_counts_from_when_it_is_known_until_it_ends(period: Period, is_protected: bool) -> None:
    person = Person(MOTHER, (), protections=(period,))
    assert person.is_protected(NOW) is is_protected
    assert replace(person, protections=(Period(None, NOW), period)).is_protected(NOW) is is_protected


def test_the_kinds_that_may_tell_are_those_that_tell_of_a_home() -> None:
    for kind in Kind:
        plan = a_plan(CHILD, PLAN).with_element("children", kind, source_id="x", concerns=(MOTHER,)).build()
        subject = subject_of(plan.protecting(frozenset({MOTHER})), plan.elements[an_id("children", "x")])
        assert subject.has_protected_address is (kind is Kind.HOUSEHOLD_MEMBER)
