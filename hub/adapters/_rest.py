"""Read the JSON documents of a contract: valid against its OpenAPI document, and errors that are silent about values.

    sag = JsonContract("social/v1").read("Sag", body)      # a dict, or ContractViolation naming each field

A validator's own messages repeat values, so every sentence here is built from the contract's side of the mismatch.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any

import jsonschema_rs
import yaml

from hub.adapters._json import SEND_UTF8, Path, most_values, parse, show_path
from hub.authority import contract_folder
from hub.errors import ContractViolation, Fault

MAX_FAULTS = 50
# The validator collects every fault before it gives the first (400 000 take 10 s), so a large document gets one.
_NAME_ALL_BELOW = 5_000  # values


class JsonContract:
    """The JSON documents of one contract. Compiled once; safe to share between threads."""

    def __init__(self, contract: str) -> None:
        """Compile every schema of ``contracts/<contract>/openapi.yaml``."""
        self.name = contract
        api = openapi(contract)
        components = {"components": api["components"]}
        self._schemas: Mapping[str, Any] = api["components"]["schemas"]
        self._validators = {
            name: jsonschema_rs.Draft202012Validator(
                {"$ref": f"#/components/schemas/{name}", **components}, validate_formats=True, mask="(hidden)"
            )
            for name in self._schemas
        }
        self._words = frozenset(_field_names(self._schemas))

    def read(self, schema: str, body: bytes, content_type: str = "application/json") -> Any:
        """Parse a body and check it against one of the contract's schemas.

        :raises TooLarge: the body has too many bytes or values.
        :raises ContractViolation: naming each field (at most 50), never a value nor a name the contract does not know.
        """
        _check_content_type(content_type)
        content = parse(body, self._words)
        if self.is_valid(schema, content):
            return content
        validator = self._validators[schema]
        limit = MAX_FAULTS if most_values(body) < _NAME_ALL_BELOW else 1
        errors = validator.iter_errors(content) if limit > 1 else [_first_error(validator, content)]
        faults = [self._fault(error) for error in islice(errors, limit)]
        more = " More may be wrong: of a large document only the first fault is named." if limit == 1 else ""
        raise ContractViolation(f"The document breaks the contract {self.name} ({schema}).{more}", faults=faults)

    def is_valid(self, schema: str, content: Any) -> bool:
        """Tell whether parsed content is valid against one of the contract's schemas."""
        return self._validators[schema].is_valid(content)

    def _fault(self, error: jsonschema_rs.ValidationError) -> Fault:
        keyword = error.kind.name
        path: Path = tuple(error.instance_path)
        if keyword == "required":
            path = (*path, str(error.kind.value))
        within = str(error.schema_path[2]) if len(error.schema_path) > 2 else ""
        say = _SENTENCES.get(keyword, lambda _: f"does not meet the contract's rule {keyword}.")
        step = f"See {within} in openapi.yaml of {self.name}." if within in self._schemas else ""
        return Fault(show_path(path, self._words), say(self._expected(keyword, error)), step)

    def _expected(self, keyword: str, error: jsonschema_rs.ValidationError) -> Any:
        """Return the contract's side of the mismatch, read from the contract itself."""
        schema: Any = {"components": {"schemas": self._schemas}}
        for step in error.schema_path[:-1]:
            schema = schema[step]
        if keyword == "additionalProperties":
            return list(schema.get("properties", ()))
        if keyword == "pattern":  # what it means says more than how it is written
            return schema.get("description", schema["pattern"])
        return schema.get(keyword)


@cache
def openapi(contract: str) -> dict[str, Any]:
    """Return a contract's OpenAPI document."""
    loaded: dict[str, Any] = yaml.safe_load((contract_folder(contract) / "openapi.yaml").read_text("utf-8"))
    return loaded


def _check_content_type(content_type: str) -> None:
    kind, _, parameters = content_type.lower().partition(";")
    charset = re.search(r'charset\s*=\s*"?([^";\s]+)', parameters)
    if kind.strip() != "application/json" or (charset and charset[1] not in ("utf-8", "utf8")):
        raise ContractViolation(
            "The document does not say that it is JSON in UTF-8.",
            faults=(Fault("Content-Type", "must be application/json; no charset but utf-8.", SEND_UTF8),),
        )


def _first_error(validator: jsonschema_rs.Draft202012Validator, content: Any) -> jsonschema_rs.ValidationError:
    try:
        validator.validate(content)
    except jsonschema_rs.ValidationError as error:
        return error
    raise AssertionError("asked for the fault of a valid document")


def _field_names(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield from schema["properties"]
        for inner in schema.values():
            yield from _field_names(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _field_names(inner)


_KINDS = {
    "object": "an object",
    "array": "a list",
    "integer": "a whole number",
    "null": "null",
    "boolean": "true or false",
    "string": "a text",
}


def _say_type(expected: str | list[str]) -> str:
    kinds = [expected] if isinstance(expected, str) else expected
    return f"must be {' or '.join(_KINDS.get(kind, kind) for kind in kinds)}."


#: What the contract asks for, by keyword; each is given the contract's own value of the keyword.
_SENTENCES: dict[str, Callable[[Any], str]] = {
    "required": lambda _: "is missing.",
    "additionalProperties": lambda names: f"has a field the contract does not know. It may have: {', '.join(names)}.",
    "type": _say_type,
    "enum": lambda options: f"must be one of: {', '.join(str(option) for option in options)}.",
    "const": lambda value: f"must be {value}.",
    "format": lambda name: f"is no valid {name}.",
    "pattern": lambda meaning: f"does not have the agreed form: {meaning}",
    "minLength": lambda limit: f"is shorter than {limit}.",
    "maxLength": lambda limit: f"is longer than {limit}.",
    "minItems": lambda limit: f"has fewer than {limit} entries.",
    "maxItems": lambda limit: f"has more than {limit} entries.",
    "minimum": lambda limit: f"is below {limit}.",
    "maximum": lambda limit: f"is above {limit}.",
}
