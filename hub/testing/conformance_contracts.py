"""What a contract's schema says: every leaf of a document, and whether a body is valid by it.

Reads OpenAPI 3.1, JSON Schema and XSD, in the constructs that contracts of the hub use.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import yaml
from lxml import etree

XS = "{http://www.w3.org/2001/XMLSchema}"
_PASSED_OVER = {f"{XS}{name}" for name in ("annotation", "key", "keyref", "unique")}


def leaves(schema: Path, root: str) -> set[str]:
    """Return the path of every leaf of a document, as ledgers write it: ``Maal[].Titel``, or ``/Sag/Maal/Titel``."""
    if schema.suffix == ".xsd":
        xsd = _Xsd(schema)
        return set(xsd.leaves(xsd.named("element", root), ""))
    whole = _json_schema(schema)
    return set(_json_leaves(whole, _named(whole, root), ""))


def is_valid(schema: Path, root: str, body: bytes) -> bool:
    """Tell whether a body is a valid document; one in XML may lie in an envelope."""
    if schema.suffix == ".xsd":
        return _is_valid_xml(schema, root, body)
    whole = _json_schema(schema)
    pointer = {"$ref": f"#/components/schemas/{root}", "components": whole["components"]} if root else whole
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return jsonschema_rs.Draft202012Validator(pointer, validate_formats=True).is_valid(content)


def _json_schema(path: Path) -> dict[str, Any]:
    whole: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))  # JSON is YAML, too
    return whole


def _named(whole: dict[str, Any], root: str) -> dict[str, Any]:
    named: dict[str, Any] = whole["components"]["schemas"][root] if root else whole
    return named


def _json_leaves(whole: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[str]:
    while "$ref" in schema:
        target: Any = whole
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        schema = target
    if "properties" in schema:
        for name, inner in schema["properties"].items():
            yield from _json_leaves(whole, inner, f"{path}.{name}" if path else name)
    elif "items" in schema:
        yield from _json_leaves(whole, schema["items"], f"{path}[]")
    else:
        yield path


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True)


def _is_valid_xml(schema: Path, root: str, body: bytes) -> bool:
    try:
        document = etree.fromstring(body, _parser())
    except etree.XMLSyntaxError:
        return False
    found = [each for each in document.iter(etree.Element) if etree.QName(each).localname == root]
    # By itself: what an envelope declares must not be what makes the document valid.
    alone = [etree.fromstring(etree.tostring(each), _parser()) for each in found]
    return len(alone) == 1 and etree.XMLSchema(file=schema).validate(alone[0])


class _Xsd:
    """An XSD with what it includes and imports."""

    def __init__(self, path: Path) -> None:
        self._parts = [etree.parse(path, _parser()).getroot()]
        for part in self._parts:
            nexts = [each.get("schemaLocation") for each in part.iterchildren(f"{XS}include", f"{XS}import")]
            self._parts += [etree.parse(path.parent / each, _parser()).getroot() for each in nexts if each]

    def named(self, kind: str, name: str) -> etree._Element:
        """Return what is declared under a name, whatever its prefix. :raises LookupError: nothing is."""
        local = name.rpartition(":")[2]
        for part in self._parts:
            for each in part.iterchildren(XS + kind):
                if each.get("name") == local:
                    return each
        raise LookupError(f"{kind} {local}")

    def leaves(self, element: etree._Element, above: str) -> Iterator[str]:
        """Yield the path of every element below that has text and no elements."""
        declared = self.named("element", element.get("ref", "")) if element.get("ref") else element
        path = f"{above}/{declared.get('name')}"
        content = self._complex_type(declared)
        if content is None:
            yield path
        else:
            for inner in self._elements(content):
                yield from self.leaves(inner, path)

    def _complex_type(self, element: etree._Element) -> etree._Element | None:
        own = element.find(f"{XS}complexType")
        if own is not None:
            return own
        name = element.get("type", "")
        try:
            return None if not name or name.startswith("xs:") else self.named("complexType", name)
        except LookupError:
            return None  # a simple type

    def _elements(self, content: etree._Element) -> Iterator[etree._Element]:
        for child in content.iterchildren(etree.Element):
            if child.tag == f"{XS}element":
                yield child
            elif child.tag == f"{XS}group":
                yield from self._elements(self.named("group", child.get("ref", "")))
            elif child.tag not in _PASSED_OVER:
                yield from self._elements(child)  # a sequence, a choice, an extension
