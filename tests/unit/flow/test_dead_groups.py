"""Dead letters of one cause are one group, whatever ids, numbers and times their notes hold."""

from __future__ import annotations

import re
from datetime import datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.flow.dead_groups import group_of, normalised

WORDS = st.sampled_from(["the", "recipient", "refuses", "field", "Titel", "is", "missing", "answer"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Status 503 after 3 tries.", "Status 404 after 12 tries."),
        ("Field 'Titel' is 'Møde'.", "Field 'Dato' is ''."),
        ("Case 0b6f7a3e-5b1c-4e8e-9a52-0d6a1f2b3c4d is gone.", "Case 8f6f7a3e-5b1c-4e8e-9a52-0d6a1f2b3c4e is gone."),
        ("Late since 2026-11-28T13:02:11.123+01:00.", "Late since 2027-01-02 08:00."),
        ("Late  since 08:15", "late since 23:59:59"),
        ("Digest deadbeef01 differs.", "Digest 0badf00dcafe differs."),
    ],
)
def test_what_differs_from_one_failure_to_the_next_makes_no_group(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)
    assert group_of("bug", "social", "bug", one) == group_of("bug", "social", "bug", other)


def test_an_apostrophe_within_a_word_quotes_nothing() -> None:
    assert normalised("The recipient's field isn't there.") == "the recipient's field isn't there."


@pytest.mark.parametrize("place", range(4))
def test_another_cause_recipient_kind_or_text_is_another_group(place: int) -> None:
    named = ["contract", "social", "contract-violation", "A field is missing."]
    other = [*named[:place], "something else", *named[place + 1 :]]
    assert group_of(*named) != group_of(*other)


def test_a_part_does_not_run_into_the_next() -> None:
    assert group_of("a", "bc", "d", "e") != group_of("ab", "c", "d", "e")


def test_a_group_is_the_same_in_every_process_and_version() -> None:
    assert group_of("bug", "social", "bug", "KeyError while delivering.") == "cfed533a3521"


#: Shorter than an id without hyphens, for which one of 32 digits is taken.
NUMBERS = st.integers(0, 10**30)


@given(st.lists(WORDS, min_size=1), st.uuids(), st.uuids(), NUMBERS, NUMBERS, st.datetimes(), st.datetimes())
def test_ids_numbers_and_times_are_of_no_account(
    words: list[str], one: UUID, other: UUID, few: int, many: int, at: datetime, then: datetime
) -> None:
    said = " ".join(words)
    first, second = f"{said} {one} {few} {at.isoformat()}", f"{said} {other} {many} {then.isoformat()}"
    assert group_of("bug", "social", "bug", first) == group_of("bug", "social", "bug", second)
    assert re.fullmatch(r"[0-9a-f]{12}", group_of("bug", "social", "bug", first))


@given(st.text())
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normalised(normalised(text)) == normalised(text)
