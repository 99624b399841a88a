"""A reason that must be given says something."""

from __future__ import annotations

import pytest

from hub.errors import InvalidRequest
from hub.flow.reasons import stated

TWENTY = "Barn kan være i fare nu"  # eighteen letters and the blanks between
ENOUGH = "Barnet kan være i akut fare"


@pytest.mark.parametrize("reason", ["", " " * 40, "a" * 40, "ab" * 20, "abcd" * 10, "." * 40, "12345 " * 8, TWENTY])
def test_what_says_nothing_is_no_reason(reason: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        stated(reason, 20)
    (fault,) = refused.value.faults
    assert fault.field == "reason"
    assert not reason.strip() or reason.strip() not in refused.value.diagnostics()


def test_blanks_around_a_reason_are_left_out_and_do_not_count() -> None:
    assert stated(f"  \u00a0{ENOUGH}\n", 20) == ENOUGH
    with pytest.raises(InvalidRequest):
        stated(f"{'x y z v w ' * 2}{' ' * 50}", 20)


@pytest.mark.parametrize("letters", [len([sign for sign in ENOUGH if sign.isalpha()]), 20, 1])
def test_as_many_letters_as_are_needed_are_enough(letters: int) -> None:
    assert stated(ENOUGH, letters) == ENOUGH


def test_one_letter_less_is_not() -> None:
    with pytest.raises(InvalidRequest):
        stated(ENOUGH, len([sign for sign in ENOUGH if sign.isalpha()]) + 1)


def test_a_letter_and_its_capital_are_one() -> None:
    with pytest.raises(InvalidRequest):
        stated("aAbBcCdD" * 5, 20)
