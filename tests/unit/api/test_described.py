"""What ``/openapi.json`` says of the shapes of answers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.described import JSON, schema_of, the_document

#: Files as they are, whose shape is told where they come from: a contract's, an authority's own document.
FILES = {"GET /contracts/{path}", "GET /feed/documents/{delivery}"}


def in_json() -> dict[str, Any]:
    """Return what is said of each answer in JSON that is no refusal, by its method, path and status."""
    return {
        f"{method.upper()} {path} {status}": told
        for path, operations in the_document()["paths"].items()
        for method, operation in operations.items()
        for status, told in operation["responses"].items()
        if status < "300" and JSON in told.get("content", {}) and f"{method.upper()} {path}" not in FILES
    }


@pytest.mark.parametrize("answer", sorted(in_json()))
def test_an_answer_in_json_has_a_shape(answer: str) -> None:
    assert schema_of(in_json()[answer]), "let the route return Json[…] of a TypedDict"


def test_a_shape_has_a_name_of_its_own() -> None:
    assert not [name for name in the_document()["components"]["schemas"] if "__" in name], "two modules have it"


def test_a_shape_says_what_it_is() -> None:
    shapes = the_document()["components"]["schemas"].items()
    assert not [name for name, one in shapes if "properties" in one and not one.get("description")]
