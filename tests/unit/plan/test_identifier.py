"""Which numbers name a person, and that no text ever shows one."""

from __future__ import annotations

import traceback
from uuid import UUID

import pytest

from hub.authority import Disclosed, Document, Parcel, PlanUpdate
from hub.consent.view import view_for
from hub.plan.contribution import PersonFacts, Removal
from hub.plan.element import Code
from hub.plan.identifier import CPR, REPLACEMENT, NotAnIdentifier, cpr_identifier
from hub.plan.person import Person
from hub.testing.builders import TEST_CPR, THEN, a_citizen, a_contribution, a_draft, a_plan, the_danish_policy

NAME, TITLE = "Nancy Ann Test Berggren", "Angst og skolevægring"


@pytest.mark.parametrize("text", ["0201609995", "020160-9995", "020160 9995", " 0201609995 "])
def test_a_cpr_number_is_read_with_or_without_its_hyphen(text: str) -> None:
    read = cpr_identifier(text, "children")
    assert (read.system, read.value) == (CPR, "0201609995")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("3112999999", "the last day of December"),
        ("2902009999", "29 February: the century is not decided here"),
        ("3004999999", "the last day of April"),
        ("0101010000", "a serial of zeros; modulus 11 is never checked"),
        ("2512489996", "a dk-core test number"),
    ],
)
def test_every_calendar_day_is_accepted(text: str, why: str) -> None:
    assert cpr_identifier(text, "children").system == CPR, why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "nothing"),
        ("020160999", "nine digits"),
        ("02016099955", "eleven digits"),
        ("0201609995x", "a letter after"),
        ("020160999O", "a letter for a digit"),
        ("020160/9995", "another separator"),
        ("0000000000", "nobody"),
        ("0001019999", "no day 0"),
        ("3201019999", "no day 32"),
        ("0100019999", "no month 0"),
        ("0113019999", "no month 13"),
        ("3102019999", "no 31 February"),
        ("3002019999", "no 30 February"),
        ("3104019999", "no 31 April"),
        ("6001019999", "day 60 is day 0 of a replacement number"),
        ("9201019999", "day 92 is day 32 of a replacement number"),
        ("9102019999", "day 91 is 31 February of a replacement number"),
        ("٠٢٠١٦٠٩٩٩٥", "digits of another script"),
    ],
)
def test_what_is_no_cpr_number_is_refused_without_repeating_it(text: str, why: str) -> None:
    with pytest.raises(NotAnIdentifier) as caught:
        cpr_identifier(text, "children")
    if text.strip("0"):
        assert text not in "".join(traceback.format_exception_only(caught.value)), why


@pytest.mark.parametrize("text", ["6201609995", "9101609995", "6101609995"])
def test_a_replacement_number_names_a_person_at_its_issuer_only(text: str) -> None:
    here, there = cpr_identifier(text, "children"), cpr_identifier(text, "social")
    assert here.system == f"{REPLACEMENT}children"
    assert here != there


def test_the_same_cpr_number_from_two_authorities_is_one_identifier() -> None:
    assert cpr_identifier("020160-9995", "children") == cpr_identifier("0201609995", "social")


def test_an_authority_knows_a_person_by_cpr_else_by_its_own_replacement_number() -> None:
    cpr, own = cpr_identifier(TEST_CPR, "children"), cpr_identifier("6201609995", "children")
    assert Person(UUID(int=1), (own, cpr)).identifier_for("children") == cpr
    assert Person(UUID(int=1), (own,)).identifier_for("children") == own
    assert Person(UUID(int=1), (own,)).identifier_for("social") is None


def test_a_replacement_number_of_an_authority_whose_name_merely_ends_alike_is_not_its_own() -> None:
    other = cpr_identifier("6201609995", "region:children")
    assert Person(UUID(int=1), (other,)).identifier_for("children") is None


def _everything_that_holds_personal_data() -> list[object]:
    number = cpr_identifier(TEST_CPR, "children")
    facts = PersonFacts((number,), NAME)
    draft = a_draft("g1", title=TITLE, text=TITLE, codes=(Code("ffb", "1", TITLE),), details={"name": NAME})
    contribution = a_contribution("children").with_draft("g1", title=TITLE).removing("g2", TITLE).build()
    builder = a_plan().with_goal("children", TITLE, text=TITLE, details={"name": NAME})
    plan = builder.with_contribution(a_contribution("children").version(9).removing("goal-9", TITLE).build()).build()
    view = view_for(plan, a_citizen(plan.person), the_danish_policy(), {}, THEN)
    assert view.seen
    update = PlanUpdate(
        plan.id, "social", number, 1, "c", THEN, tuple(Disclosed(seen.element, "d", "why") for seen in view.seen)
    )
    body = f"{TEST_CPR} {NAME} {TITLE}"
    return [
        number,
        facts,
        draft,
        contribution,
        Removal("g1", TITLE),
        Person(UUID(int=1), (number,), NAME),
        Parcel("children", body.encode(), headers={"x-name": NAME}),
        Document("children", "children/v1", "Sag", "m1", {"Navn": body}),
        plan,
        view,
        update,
    ]


@pytest.mark.parametrize("holder", _everything_that_holds_personal_data(), ids=lambda holder: type(holder).__name__)
def test_no_repr_shows_a_number_a_name_or_what_an_authority_wrote(holder: object) -> None:
    shown = f"{holder!r} {holder!s}"
    for secret in (TEST_CPR, NAME, TITLE):
        assert secret not in shown
