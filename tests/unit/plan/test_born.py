"""When somebody is born, by the number: the seventh digit tells the century (cpr.dk)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from hub.plan.identifier import CPR, REPLACEMENT, Identifier, cpr_identifier
from hub.plan.person import Person

THEN = datetime(2026, 1, 1, tzinfo=UTC)


def number(digits: str) -> Identifier:
    return Identifier(CPR, digits)


@pytest.mark.parametrize("seventh", "0123")
@pytest.mark.parametrize(("year", "century"), [("00", 1900), ("36", 1900), ("37", 1900), ("99", 1900)])
def test_with_0_to_3_it_is_the_last_century(seventh: str, year: str, century: int) -> None:
    assert number(f"0102{year}{seventh}999").born == date(century + int(year), 2, 1)


@pytest.mark.parametrize("seventh", "49")
@pytest.mark.parametrize(("year", "century"), [("00", 2000), ("36", 2000), ("37", 1900), ("99", 1900)])
def test_with_4_or_9_it_is_this_century_up_to_36(seventh: str, year: str, century: int) -> None:
    assert number(f"0102{year}{seventh}999").born == date(century + int(year), 2, 1)


@pytest.mark.parametrize("seventh", "5678")
@pytest.mark.parametrize(("year", "century"), [("00", 2000), ("57", 2000), ("58", 1800), ("99", 1800)])
def test_with_5_to_8_it_is_this_century_up_to_57_and_the_one_before_the_last_after_it(
    seventh: str, year: str, century: int
) -> None:
    assert number(f"0102{year}{seventh}999").born == date(century + int(year), 2, 1)


def test_day_and_month_are_those_of_the_number() -> None:
    assert number("3112089999").born == date(2008, 12, 31)


@pytest.mark.parametrize(
    ("digits", "born"),
    [
        ("2902009999", date(2000, 2, 29)),  # 2000 had one
        ("2902000999", None),  # 1900 had none
        ("2902085999", date(2008, 2, 29)),
        ("2902095999", None),
    ],
)
def test_a_leap_day_of_a_year_that_has_none_tells_nothing(digits: str, born: date | None) -> None:
    assert number(digits).born == born


def test_a_replacement_number_tells_no_day_of_birth() -> None:
    replacement = cpr_identifier("6102089999", "children")
    assert replacement.system == f"{REPLACEMENT}children"
    assert replacement.born is None


def person(*numbers: Identifier) -> Person:
    return Person(UUID(int=1), numbers)


def test_a_person_is_born_when_the_number_says() -> None:
    assert person(number("0102089999")).born == date(2008, 2, 1)


def test_of_a_person_without_a_cpr_number_the_day_of_birth_is_not_known() -> None:
    assert person(cpr_identifier("6102089999", "children")).born is None
    assert person().born is None


def test_of_several_numbers_the_one_that_took_the_others_place_tells() -> None:
    old, new = number("0102085999"), number("0202089999")
    changed = person().named([new, old], "children", THEN)
    assert changed.born == date(2008, 2, 2)
    assert changed.named([old], "social", THEN + timedelta(days=1)).born == date(2008, 2, 2)


def test_where_the_newest_number_tells_nothing_the_one_before_it_does() -> None:
    old, new = number("2802095999"), number("2902095999")  # the second is of no calendar day
    assert person().named([new, old], "children", THEN).born == date(2009, 2, 28)


def test_a_replacement_number_beside_a_cpr_number_does_not_hide_it() -> None:
    replacement = cpr_identifier("6102089999", "children")
    assert person(replacement, number("0102089999")).born == date(2008, 2, 1)
