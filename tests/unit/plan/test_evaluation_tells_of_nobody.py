"""What a report tells leaves more than one answer for each number that it does not, to whoever knows how it is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.plan.telling import Tally, told, whole_and_parts_told

LEAST = 5
_MOST = 9
_COUNTS = st.lists(st.integers(0, _MOST), min_size=2, max_size=3)


def of_families(count: int, first: int = 0) -> Tally:
    """Return things of as many families."""
    return Tally({UUID(int=first + number): 1 for number in range(count)})


def report(counts: Sequence[int], least: int = LEAST) -> tuple[int | None, ...]:
    """Return what is told of a whole and of its parts, each of other families."""
    parts = {str(place): of_families(count, 1_000 * place) for place, count in enumerate(counts)}
    whole, found = whole_and_parts_told(parts, least)
    return whole, *(found[name] for name in parts)


def fitting(said: tuple[int | None, ...], least: int) -> Iterator[tuple[int, ...]]:
    """Yield each whole with its parts of which the same would be told: what somebody who knows the rule can tell."""
    top = _MOST if said[0] is None else said[0]
    places = [range(top + 1) if one is None else (one,) for one in said[1:]]
    for counts in product(*places):
        if (said[0] is None or sum(counts) == said[0]) and report(counts, least) == said:
            yield sum(counts), *counts


@given(st.integers(0, 1_000))
def test_a_number_of_few_families_is_not_told(count: int) -> None:
    assert told(of_families(count), LEAST) == (count if count == 0 or count >= LEAST else None)


def test_many_things_of_few_families_are_not_told() -> None:
    assert told(Tally({UUID(int=1): 6}), LEAST) is None
    assert told(Tally({UUID(int=1): 0}), LEAST) == 0
    assert whole_and_parts_told({"left": Tally({UUID(int=1): 6}), "resolved": Tally()}, LEAST)[0] is None


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ((0, 0, 0), (0, 0, 0, 0)),
        ((7, 5, 50), (62, 7, 5, 50)),
        ((7, 5, 0), (12, 7, 5, 0)),
        ((1, 1, 50), (52, None, None, None)),  # 52 less 50 would leave one and one
        ((4, 4, 4), (12, None, None, None)),
        ((4, 6, 6), (16, None, None, None)),  # 16 less 6 would leave 4 and 6
        ((4, 6, 0), (10, None, None, 0)),
        ((3, 0, 0), (None, None, None, None)),
        ((1, 1, 2), (None, None, None, None)),
    ],
)
def test_parts_of_a_whole_are_told_all_or_none_but_for_those_that_are_none(
    counts: tuple[int, ...], said: tuple[int | None, ...]
) -> None:
    assert report(counts) == said


@given(_COUNTS, st.integers(2, 6))
def test_what_is_told_leaves_two_answers_for_each_part_that_is_not(counts: list[int], least: int) -> None:
    said = report(counts, least)
    answers = list(fitting(said, least))
    assert (sum(counts), *counts) in answers
    for place, one in enumerate(said):
        assert one is not None or len({answer[place] for answer in answers}) >= 2


@given(_COUNTS)
def test_with_five_as_the_least_a_whole_that_is_told_leaves_three_answers_for_each_part(counts: list[int]) -> None:
    said = report(counts)
    if said[0] is not None:
        answers = list(fitting(said, LEAST))
        for place, one in enumerate(said):
            assert one is not None or len({answer[place] for answer in answers}) >= 3


@given(_COUNTS, st.integers(1, 6))
def test_only_true_numbers_are_told_and_none_of_few_families(counts: list[int], least: int) -> None:
    for one, count in zip(report(counts, least), (sum(counts), *counts), strict=True):
        assert one is None or (one == count and (count == 0 or count >= least))
