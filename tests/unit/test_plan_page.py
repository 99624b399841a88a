"""Each word that a plan may say of itself is explained, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from hub.flow.ledger_words import Deed
from hub.plan.element import Category, Detail, Kind, Sensitivity, Status
from hub.plan.findings import KINDS
from hub.plan.plan import PlanStatus
from hub.plan.severity import Severity
from hub.plan.task import TaskState

pytestmark = pytest.mark.files
DOCS = Path(__file__).parents[2] / "docs" / "reference"


def column(heading: str, page: str = "plan.md") -> list[str]:
    """Return the words of the first column of the table with a heading."""
    table = (DOCS / page).read_text("utf-8").partition(f"\n| {heading} |")[2].partition("\n\n")[0]
    return [word for cell in re.findall(r"^\| (.+?) \|", table, re.MULTILINE) for word in re.findall(r"`(.+?)`", cell)]


def constants(words: type) -> list[str]:
    return [value for name, value in vars(words).items() if name.isupper()]


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("kind", Kind),
        ("category", constants(Category)),
        ("label", [step.name for step in Sensitivity]),
        ("status", Status),
        ("status of a plan", PlanStatus),
        ("detail", constants(Detail)),
        ("kind of a finding", KINDS.values()),
        ("severity", Severity),
        ("state of a task", TaskState),
        ("what", Deed),
    ],
)
def test_every_word_of_a_list_is_explained_once_and_no_other(heading: str, words: Iterable[str]) -> None:
    assert sorted(column(heading)) == sorted(map(str, words))


def test_the_api_says_when_each_finding_is_made() -> None:
    assert sorted(column("`kind`", "api.md")) == sorted(KINDS.values())


def test_the_steps_stand_in_their_order() -> None:
    assert column("label") == [step.name for step in sorted(Sensitivity)]
