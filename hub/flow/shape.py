"""The shape of a document: its fields, types and lengths, and not one character of what it says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from typing import Any
from uuid import UUID

#: What a contract calls a field; a key that looks otherwise may be content.
_NAME = re.compile(r"[@A-Za-z_][A-Za-z0-9_.:-]{0,63}")
_NAMESPACE = re.compile(r"^\{[^}]*\}")
_CONTAINERS = (list, tuple, set, frozenset)


def shape_of(document: object) -> Any:
    """Return a document with ``string(23)`` instead of a text of 23 characters, and so on.

    Two documents that differ only in what they say, letter for letter, have the same shape.
    """
    return _tree(document, _leaf, _key)


def content_of(document: object) -> Any:
    """Return a document in the same form, with what it says; for whoever may read that."""
    return _tree(document, _said, str)


def _tree(value: Any, leaf: Callable[[Any], Any], key: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {key(str(name)): _tree(inner, leaf, key) for name, inner in value.items()}
    if isinstance(value, _CONTAINERS):
        return [_tree(inner, leaf, key) for inner in value]
    if hasattr(value, "iterchildren") and hasattr(value, "tag"):
        return _element(value, leaf, key)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _tree(getattr(value, field.name), leaf, key) for field in fields(value)}
    return leaf(value)


def _element(element: Any, leaf: Callable[[Any], Any], key: Callable[[str], str]) -> Any:
    """Return an XML element: its text, or its children by name, of which several of one name are a list."""
    attributes = {f"@{key(_NAMESPACE.sub('', name))}": leaf(text) for name, text in element.attrib.items()}
    found: dict[str, list[Any]] = {}
    for child in element.iterchildren("*"):
        found.setdefault(_NAMESPACE.sub("", child.tag), []).append(_tree(child, leaf, key))
    children = {name: inner if len(inner) > 1 else inner[0] for name, inner in found.items()}
    if attributes or children:
        return attributes | children | ({"#text": leaf(element.text)} if (element.text or "").strip() else {})
    return leaf(element.text or "")


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) else f"key({len(name)})"


def _said(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _leaf(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case Enum() | str() | UUID() | date():
            return f"string({len(str(value))})"
        case bytes():
            return f"bytes({len(value)})"
        case int() | float():
            return f"number({len(str(value))})"
        case _:
            return "other"
