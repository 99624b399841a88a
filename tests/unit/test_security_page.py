"""The page of security names files that are there, and each requirement with its place and its test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.files

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "security.md").read_text("utf-8")
ROWS = [line.split("|")[1:-1] for line in PAGE.splitlines() if re.match(r"\| \d+\.\d+\.\d+", line)]


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:hub|tests)/[\w/.]+)`", PAGE))))
def test_a_file_that_is_named_is_there(name: str) -> None:
    assert (ROOT / name).exists()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip())
def test_a_requirement_has_a_place_and_a_test(row: list[str]) -> None:
    _, what, where, tests = row
    assert what.strip()
    assert where.strip()
    named = re.findall(r"`(tests/[\w/.]+\.py)`", tests)
    assert named
    for name in named:
        assert "def test_" in (ROOT / name).read_text("utf-8"), f"{name} tests nothing"


def test_at_least_the_thirty_that_were_chosen_are_told_of() -> None:
    assert len({one for row in ROWS for one in re.findall(r"\d+\.\d+\.\d+", row[0])}) >= 50
