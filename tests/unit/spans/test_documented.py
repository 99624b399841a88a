"""What spans may say stands in the documents, and nothing else does."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.spans import works
from hub.spans.works import ALL, ATTRIBUTES, ERROR, Attribute, Of, Work

pytestmark = pytest.mark.files
ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "reference" / "traces.md").read_text("utf-8")
HOW = (ROOT / "docs" / "how-to" / "follow-work-with-opentelemetry.md").read_text("utf-8")


def rows(heading: str) -> dict[str, list[str]]:
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in section.splitlines() if line.startswith("| `")]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_every_span_has_its_line_and_no_other_has() -> None:
    assert list(rows("Spans")) == [one.name for one in ALL]


def test_every_attribute_has_its_line_and_no_other_has() -> None:
    assert sorted(rows("Attributes")) == sorted(one.name for one in ATTRIBUTES)


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.name)
def test_a_line_says_title_kind_attributes_and_meaning_as_the_code_does(one: Work) -> None:
    attributes = ", ".join(f"`{attribute.name}`" for attribute in one.attributes)
    assert rows("Spans")[one.name] == [f"`{one.title}`", one.role.value, attributes, one.says]


@pytest.mark.parametrize("one", ATTRIBUTES, ids=lambda one: one.name)
def test_a_line_says_values_and_meaning_as_the_code_does(one: Attribute) -> None:
    words = {Of.CODE: "words of the code", Of.ID: "an id", Of.NUMBER: "a number"}
    values = words.get(one.of, one.of.value) if isinstance(one.of, Of) else ", ".join(f"`{word}`" for word in one.of)
    assert rows("Attributes")[one.name] == [values, one.says]


def said() -> Iterator[tuple[str, str]]:
    """Yield what the code says of which span: names of this module's, as ``of.STATUS`` or imported."""
    sources = (path.read_text("utf-8") for path in (ROOT / "hub").rglob("*.py"))
    for source in (one for one in sources if "span" in one):
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr in ("begun", "say", "count") and "span" in ast.unparse(node.func.value).lower():
                yield node.func.attr, ast.unparse(node.args[0]).removeprefix("of.")


def test_the_code_begins_every_span_and_says_every_attribute() -> None:
    calls = {(kind == "begun", name) for kind, name in said() if name.isupper()}
    named = {name: value for name, value in vars(works).items() if isinstance(value, Work | Attribute)}
    assert {named[name] for is_work, name in calls if is_work} == set(ALL)
    assert {named[name] for is_work, name in calls if not is_work} == set(ATTRIBUTES) - {ERROR}


def test_an_attribute_belongs_to_a_span() -> None:
    assert {one for work in ALL for one in work.may_say} == set(ATTRIBUTES)
    assert len({one.name for one in ATTRIBUTES}) == len(ATTRIBUTES)


def test_the_page_that_says_how_names_every_setting_of_it() -> None:
    for name in ("OTLP_ENDPOINT", "OTLP_PLAIN_HTTP", "OTLP_CA_FILE", "OTLP_HEADERS", "TRACE_SAMPLE_RATIO"):
        assert f"HUB_{name}" in HOW
