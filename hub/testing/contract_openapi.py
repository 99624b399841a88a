"""Read an OpenAPI 3.1 document as what it agrees on. A keyword that is not known here is an error, not a guess."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from hub.testing.contract_shapes import Agreed, Direction, Member, Operation, Shape

_LOWER = {"minLength", "minItems", "minimum"}
_UPPER = {"maxLength", "maxItems", "maximum"}
_METHODS = ("get", "put", "post", "delete", "patch")
_SILENT = {"description", "default", "title", "examples"}
_KNOWN = _SILENT | _LOWER | _UPPER
_KNOWN |= {"type", "properties", "required", "additionalProperties", "items", "enum", "const", "oneOf"}
_KNOWN |= {"pattern", "format", "$ref"}


def read_openapi(path: Path) -> Agreed:
    """Read a document. What it lists under ``/in/…`` the hub is asked; any other path and webhook, the other side."""
    return _Reader(yaml.safe_load(path.read_text("utf-8"))).agreed()


class _Reader:
    def __init__(self, api: dict[str, Any]) -> None:
        self._api = api
        self.shapes: dict[str, Shape] = {}

    def agreed(self) -> Agreed:
        operations: list[Operation] = []
        documents: list[tuple[Direction, Member]] = []
        for path, item in (self._api.get("paths", {}) | self._api.get("webhooks", {})).items():
            asked = Direction.TO_HUB if path.startswith("/in/") else Direction.FROM_HUB
            for method in (each for each in _METHODS if each in item):
                told, name = item[method], f"{method.upper()} {path}"
                operations.append(Operation(name, asked, f"{told.get('summary', '')} {told.get('description', '')}"))
                documents += [(asked, self._asking(name, told)), (asked.back, self._answering(name, told))]
        return Agreed(tuple(operations), tuple(documents), self.shapes)

    def _asking(self, name: str, operation: Mapping[str, Any]) -> Member:
        key = f"{name} asks"
        members = [
            Member(f"{one['in']} {one['name']}", self._at(one["schema"], f"{key}/{one['name']}"),
                   int(bool(one.get("required"))), 1, one.get("description", ""))
            for one in operation.get("parameters", ())
        ]  # fmt: skip
        if body := operation.get("requestBody"):
            for kind, content in body["content"].items():
                least = int(bool(body.get("required")) and len(body["content"]) == 1)
                members.append(Member(kind, self._at(content["schema"], f"{key}/{kind}"), least))
        self.shapes[key] = Shape("object", "", tuple(members))
        return Member(key, key)

    def _answering(self, name: str, operation: Mapping[str, Any]) -> Member:
        key = f"{name} answers"
        members = []
        for status, answer in operation["responses"].items():
            at, found = f"{key}/{status}", self._followed(answer)
            parts = found.get("headers", {}) | found.get("content", {})
            held = [
                Member(one, self._at(self._followed(part)["schema"], f"{at}/{one}"), 0) for one, part in parts.items()
            ]
            self.shapes[at] = Shape("object", found.get("description", ""), tuple(held))
            members.append(Member(status, at, 0, 1, found.get("description", "")))
        self.shapes[key] = Shape("object", "", tuple(members))
        return Member(key, key)

    def _at(self, schema: Mapping[str, Any], path: str) -> str:
        """Return the key of a schema's shape."""
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return self._shaped(name, self._followed(schema))
        return self._shaped(path, schema)

    def _shaped(self, key: str, schema: Mapping[str, Any]) -> str:
        if key not in self.shapes:
            self.shapes[key] = Shape("object")  # a schema may hold itself
            self.shapes[key] = self._shape(key, schema)
        return key

    def _shape(self, key: str, schema: Mapping[str, Any]) -> Shape:
        if unknown := schema.keys() - _KNOWN:
            raise ValueError(f"{key} uses {sorted(unknown)}, which is not known here")
        kind = schema.get("type", "oneOf" if "oneOf" in schema else "any")
        words = schema.get("enum", [schema["const"]] if "const" in schema else None)
        return Shape(
            base=kind if isinstance(kind, str) else " or ".join(sorted(kind)),
            told=schema.get("description", ""),
            members=tuple(self._members(key, schema)),
            words=None if words is None else tuple(str(word) for word in words),
            lower={name: float(schema[name]) for name in sorted(_LOWER & schema.keys())},
            upper={name: float(schema[name]) for name in sorted(_UPPER & schema.keys())},
            rules=frozenset(f"{name} {schema[name]}" for name in ("pattern", "format") if name in schema),
            is_open=kind == "object" and schema.get("additionalProperties", True) is not False,
        )

    def _members(self, key: str, schema: Mapping[str, Any]) -> Iterator[Member]:
        for name, inner in schema.get("properties", {}).items():
            least = int(name in schema.get("required", ()))
            told = inner.get("description", "")
            yield Member(name, self._at(inner, f"{key}.{name}"), least, 1, told)
        if isinstance(inner := schema.get("items"), dict):
            yield Member("[]", self._at(inner, f"{key}[]"), 0, None, inner.get("description", ""))
        if isinstance(inner := schema.get("additionalProperties"), dict):
            yield Member("(any name)", self._at(inner, f"{key}.*"), 0, None, inner.get("description", ""))
        for number, inner in enumerate(schema.get("oneOf", ()), 1):
            yield Member(f"(or {number})", self._at(inner, f"{key}({number})"), 0, 1, inner.get("description", ""))

    def _followed(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            target: Any = self._api
            for step in schema["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            schema = target
        return schema
