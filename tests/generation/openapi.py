"""Read a JSON document of an OpenAPI contract as fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hub.adapters._rest import openapi
from tests.generation.contract import Field, Sort, Value

_SORTS = {"integer": Sort.WHOLE, "boolean": Sort.FLAG, "string": Sort.TEXT}
_FORMATS = {"date": Sort.DAY, "date-time": Sort.INSTANT}
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


class JsonSchemas:
    """The schemas of a contract.

    :param links: field → the list whose Id it names; JSON Schema cannot say so.
    """

    def __init__(self, contract: str, links: Mapping[str, str]) -> None:
        self._schemas: dict[str, Any] = openapi(contract)["components"]["schemas"]
        self._links = links

    def names(self) -> set[str]:
        """Return every property's name."""
        return {name for schema in self._schemas.values() for name in schema.get("properties", {})}

    def root(self, name: str) -> Field:
        """Return a document of the contract."""
        return self._field(name, {"$ref": f"#/components/schemas/{name}"}, is_required=True, within="")

    def _field(self, name: str, schema: dict[str, Any], is_required: bool, within: str) -> Field:
        schema = self._resolved(schema)
        outline = Field(
            name,
            least=int(is_required),
            key=within if name == "Id" else "",
            refers_to=self._links.get(name, ""),
            link_may_dangle=True,
        )
        if schema.get("type") == "array":
            inner = self._field(name, schema["items"], is_required, name)
            return replace(inner, most=schema.get("maxItems"))
        if schema.get("type") == "object":
            required = schema.get("required", ())
            fields = (self._field(own, its, own in required, within) for own, its in schema["properties"].items())
            return replace(outline, fields=tuple(fields))
        return replace(outline, value=_value(name, schema))

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in schema:
            return schema
        return self._resolved(self._schemas[schema["$ref"].rpartition("/")[2]])


def _value(name: str, schema: dict[str, Any]) -> Value:
    if "const" in schema:
        return Value(Sort.TEXT, words=(schema["const"],))
    sort = _FORMATS.get(schema.get("format", ""), _SORTS[schema["type"]])
    patterns = [schema["pattern"]] if "pattern" in schema else []
    patterns += [_UUID] if schema.get("format") == "uuid" else []
    return Value(
        Sort.NUMBER if "CPR" in name else sort,
        patterns=tuple((pattern,) for pattern in patterns),
        words=tuple(schema.get("enum", ())),
        shortest=schema.get("minLength", 0),
        longest=schema.get("maxLength"),
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
        is_found_within=not schema.get("pattern", "^").startswith("^"),
    )
