"""The examples in docs/reference/api.md are requests and answers of the routes under which they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest

from tests.described import schema_of, shapes, the_document

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"
REFERENCE = "#/components/schemas/"


def examples() -> Iterator[tuple[str, str]]:
    """Yield each route of the page with an example of it, in JSON."""
    for section in re.split(r"^### ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        route = section.partition("\n")[0].strip("`")
        for found in re.findall(r"^```json\n(.*?)^```", section, flags=re.DOTALL | re.MULTILINE):
            yield route, found


def told_of(route: str) -> list[dict[str, Any]]:
    """Return the schemas of a route's request and answers, and of the parts of its answers."""
    method, _, path = route.partition(" ")
    operation: Any = the_document()["paths"].get(path, {}).get(method.lower(), {})
    said = [operation.get("requestBody", {}), *operation.get("responses", {}).values()]
    whole = [schema for schema in map(schema_of, said) if schema]
    return [*whole, *_parts(whole)]


def _parts(schemas: Sequence[Any]) -> list[dict[str, Any]]:
    """Return all that schemas refer to, and what that refers to."""
    found, waiting = set[str](), _referred_to(schemas)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting |= _referred_to(shapes()[name])
    return [{"$ref": REFERENCE + name} for name in found]


def _referred_to(schema: Any) -> set[str]:
    return set(re.findall(f'"{REFERENCE}([^"]+)"', orjson.dumps(schema).decode()))


EXAMPLES = list(examples())


@pytest.mark.parametrize(("route", "example"), EXAMPLES)
def test_an_example_is_a_request_or_an_answer(route: str, example: str) -> None:
    if schemas := told_of(route):  # FHIR and files have rules of their own
        whole = {"anyOf": schemas, "components": {"schemas": shapes()}}
        assert not [one.message for one in jsonschema_rs.validator_for(whole).iter_errors(orjson.loads(example))]


def test_most_examples_are_held_to_something() -> None:
    assert sum(bool(told_of(route)) for route, _ in EXAMPLES) > 50
