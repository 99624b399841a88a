"""What ``/openapi.json`` says of requests and answers, and whether an answer in JSON has that shape and no more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import httpx
import jsonschema_rs
import orjson

from hub.api.app import create_app

JSON = "application/json"


@cache
def the_document() -> dict[str, Any]:
    """Return the description: it hangs on the routes alone, and is the same of every hub."""
    nothing = cast(Any, None)
    return create_app(nothing, nothing, nothing, nothing, broker_answers=nothing).openapi()


@cache
def shapes() -> Mapping[str, Any]:
    """Return all shapes by name; here none takes a member that it does not tell."""
    return {name: _closed(one) for name, one in the_document()["components"]["schemas"].items()}


def _closed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _closed(one) for name, one in schema.items()}
    return {**told, "additionalProperties": False} if isinstance(told.get("properties"), dict) else told


def schema_of(said: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the schema of a request or an answer in JSON; None: there is none."""
    schema: dict[str, Any] | None = said.get("content", {}).get(JSON, {}).get("schema")
    return schema


def hold(method: str, path: str, answer: httpx.Response) -> None:
    """Hold an answer to what is said of it.

    :raises AssertionError: it is JSON of another shape.
    """
    operation: Any = next((one for pattern, one in _paths() if pattern.fullmatch(path.partition("?")[0])), {})
    schema = schema_of(operation.get(method.lower(), {}).get("responses", {}).get(str(answer.status_code), {}))
    if schema and answer.headers.get("content-type") == JSON:
        wrong = _faults(schema, answer.json())
        assert not wrong, f"{method} {path} is answered otherwise than described: {wrong}"


def faults_of(shape: str, content: Any) -> list[str]:
    """Return in what something differs from a shape, called by its name."""
    return _faults({"$ref": f"#/components/schemas/{shape}"}, content)


def _faults(schema: Any, content: Any) -> list[str]:
    return [f"{one.instance_path}: {one.message}" for one in _validator(orjson.dumps(schema)).iter_errors(content)]


@cache
def _paths() -> list[tuple[re.Pattern[str], Mapping[str, Any]]]:
    """Return what is said of paths; one that names a step comes before one that takes any."""
    told = sorted(the_document()["paths"].items(), key=lambda one: one[0].replace("{", "~"))
    return [(re.compile(re.sub(r"{[^}]*}", "[^/]+", path)), operations) for path, operations in told]


@cache
def _validator(schema: bytes) -> jsonschema_rs.Validator:
    whole = {**orjson.loads(schema), "components": {"schemas": shapes()}}
    return jsonschema_rs.validator_for(whole, validate_formats=True)
