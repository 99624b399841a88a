"""A version id is a mark of what a reader reads, and nothing else."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from hub.fhir.versions import etag, version_of, versioned
from hub.plan.identifier import holds_cpr

_GOAL = {"resourceType": "Goal", "id": "g", "meta": {"lastUpdated": "2026-11-01T10:00:00+01:00"}, "note": []}


def test_a_resource_that_bears_its_version_has_the_same_version() -> None:
    assert version_of(versioned(_GOAL)) == version_of(_GOAL)


@given(st.text(), st.text())
def test_other_words_are_another_version_and_the_same_words_the_same(one: str, other: str) -> None:
    first, second = ({**_GOAL, "description": {"text": said}} for said in (one, other))
    assert (version_of(first) == version_of(second)) == (one == other)


@given(st.text())
def test_a_version_may_stand_in_an_address(said: str) -> None:
    version = version_of({**_GOAL, "description": {"text": said}})
    assert re.fullmatch(r"[a-z]{32}", version)
    assert not holds_cpr(version)


def test_the_order_of_members_is_no_part_of_it() -> None:
    assert version_of(dict(reversed(_GOAL.items()))) == version_of(_GOAL)


def test_an_etag_is_weak() -> None:
    assert etag("abc") == 'W/"abc"'
