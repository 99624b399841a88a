"""What is counted stands in the documents, and nothing else does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.metrics.instruments import ALL, Instrument

pytestmark = pytest.mark.files

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "metrics.md").read_text("utf-8")
ROWS = {row[0]: row[1:] for row in re.findall(r"^\| `(hub_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)}


def test_every_metric_has_its_line_and_no_other_has() -> None:
    assert sorted(ROWS) == sorted(one.name for one in ALL)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_a_line_says_kind_labels_and_meaning_as_the_code_does(one: Instrument) -> None:
    labels = "; ".join(f"`{label}`" for label in one.labels) or "–"
    assert ROWS[one.name] == (one.kind.value, labels, one.says)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_every_value_of_a_closed_list_stands_in_the_table_of_labels(one: Instrument) -> None:
    table = PAGE.partition("## Labels")[2]
    for label, values in one.labels.items():
        lines = [line for line in table.splitlines() if line.startswith(f"| `{label}` |")]
        listed = {value for line in lines for value in re.findall(r"`([^`]+)`", line)}
        assert lines, label
        assert isinstance(values, str) or set(values) <= listed
