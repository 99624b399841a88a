"""Read an XSD as fields. Good for the constructs that our contracts use; any other one is an error, not a guess."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lxml import etree

from tests.generation.contract import Field, Sort, Value

XS = "{http://www.w3.org/2001/XMLSchema}"
_SORTS = {
    "string": Sort.TEXT,
    "token": Sort.LINE,
    "boolean": Sort.FLAG,
    "date": Sort.DAY,
    "dateTime": Sort.INSTANT,
    "decimal": Sort.AMOUNT,
    "integer": Sort.WHOLE,
    "positiveInteger": Sort.WHOLE,
    "nonNegativeInteger": Sort.WHOLE,
}
_LEAST = {"positiveInteger": 1, "nonNegativeInteger": 0}
_SKIPPED = {f"{XS}annotation", f"{XS}key", f"{XS}keyref", f"{XS}unique"}


class Schema:
    """An XSD with what it includes and imports."""

    def __init__(self, path: Path) -> None:
        self._parts = [etree.parse(path).getroot()]
        for part in self._parts:
            nexts = [each.get("schemaLocation") for each in part.iterchildren(f"{XS}include", f"{XS}import")]
            self._parts += [etree.parse(path.parent / each).getroot() for each in nexts if each]

    def names(self) -> set[str]:
        """Return the name of every element it declares."""
        return {each.get("name", "") for part in self._parts for each in part.iter(f"{XS}element")} - {""}

    def root(self, name: str) -> Field:
        """Return a document of the schema, its ids and references marked."""
        element = self._named("element", name)
        return _marked(self._field(element), _keys(element), _references(element))

    def leaves(self, name: str) -> set[str]:
        """Return the path of every leaf of a document."""
        return set(_leaf_paths(self.root(name), ""))

    def _named(self, kind: str, name: str) -> etree._Element:
        local = name.rpartition(":")[2]
        return next(each for part in self._parts for each in part.iterchildren(XS + kind) if each.get("name") == local)

    def _field(self, element: etree._Element) -> Field:
        declared = self._named("element", element.get("ref", "")) if element.get("ref") else element
        most = element.get("maxOccurs", "1")
        outline = Field(
            name=declared.get("name", ""),
            namespace=declared.getroottree().getroot().get("targetNamespace", ""),
            least=int(element.get("minOccurs", "1")),
            most=None if most == "unbounded" else int(most),
            is_nillable=declared.get("nillable") == "true",
        )
        content = self._type_of(declared)
        if isinstance(content, str):
            return replace(outline, value=_named_sort(self._builtin(content), outline.name))
        if content.tag == f"{XS}simpleType":
            return replace(outline, value=_named_sort(self._value(content), outline.name))
        return replace(outline, fields=tuple(self._fields(content)))

    def _type_of(self, element: etree._Element) -> etree._Element | str:
        """Return an element's type: its own, a named one, or the name of a built-in one."""
        own = [child for child in element if child.tag in (f"{XS}complexType", f"{XS}simpleType")]
        if own:
            return own[0]
        name = element.get("type", "")
        if name.startswith("xs:"):
            return name
        for kind in ("complexType", "simpleType"):
            for part in self._parts:
                for found in part.iterchildren(XS + kind):
                    if found.get("name") == name.rpartition(":")[2]:
                        return found
        raise LookupError(name)

    def _fields(self, content: etree._Element) -> Iterator[Field]:
        for child in content.iterchildren(etree.Element):
            if child.tag in _SKIPPED:
                continue
            if child.tag in (f"{XS}sequence", f"{XS}choice"):  # of a choice all are told; none is generated here
                yield from self._fields(child)
            elif child.tag == f"{XS}group":
                yield from self._fields(self._named("group", child.get("ref", "")))
            elif child.tag == f"{XS}element":
                yield self._field(child)
            else:
                raise NotImplementedError(child.tag)

    def _builtin(self, name: str) -> Value:
        local = name.rpartition(":")[2]
        return Value(_SORTS[local], minimum=_LEAST.get(local), collapses=local != "string")

    def _value(self, simple: etree._Element) -> Value:
        restriction = simple.find(f"{XS}restriction")
        if restriction is None:
            raise NotImplementedError(simple.get("name"))
        base = restriction.get("base", "")
        value = self._builtin(base) if base.startswith("xs:") else self._value(self._named("simpleType", base))
        facets: dict[str, list[str]] = {}
        for facet in restriction.iterchildren(etree.Element):
            facets.setdefault(etree.QName(facet).localname, []).append(facet.get("value", ""))
        return _restricted(value, facets)


def _leaf_paths(field: Field, above: str) -> Iterator[str]:
    path = f"{above}/{field.name}"
    if field.value is not None:
        yield path
    for inner in field.fields:
        yield from _leaf_paths(inner, path)


def _restricted(value: Value, facets: dict[str, list[str]]) -> Value:
    said = {name: int(values[0]) for name, values in facets.items() if name not in ("pattern", "enumeration")}
    length = said.pop("length", None)
    value = replace(
        value,
        patterns=(*value.patterns, tuple(facets["pattern"])) if "pattern" in facets else value.patterns,
        words=tuple(facets.get("enumeration", value.words)),
        shortest=said.pop("minLength", value.shortest if length is None else length),
        longest=said.pop("maxLength", value.longest if length is None else length),
        minimum=said.pop("minInclusive", value.minimum),
        maximum=said.pop("maxInclusive", value.maximum),
    )
    said.pop("fractionDigits", None)  # an amount is made with two at most
    if said:
        raise NotImplementedError(f"facets {sorted(said)}")
    return value


def _named_sort(value: Value, name: str) -> Value:
    """Mark a person's number by its field's name: the schema knows it as digits only."""
    is_number = "CPR" in name or "CivilRegistrationIdentifier" in name
    return replace(value, sort=Sort.NUMBER) if is_number else value


Keys = dict[tuple[str, str], str]


def _keys(element: etree._Element) -> Keys:
    found = element.iterchildren(f"{XS}key", f"{XS}unique")
    return {_selected(each): each.get("name", "") for each in found}


def _references(element: etree._Element) -> Keys:
    return {_selected(each): each.get("refer", "") for each in element.iterchildren(f"{XS}keyref")}


def _selected(constraint: etree._Element) -> tuple[str, str]:
    """Return the element and its leaf that ``.//c:Element`` and ``c:Leaf`` select."""
    selector, leaf = constraint.find(f"{XS}selector"), constraint.find(f"{XS}field")
    if selector is None or leaf is None:
        raise NotImplementedError(constraint.get("name"))
    steps = [each.get("xpath", "").rpartition(":")[2] for each in (selector, leaf)]
    return steps[0], steps[1]


def _marked(field: Field, keys: Keys, references: Keys) -> Field:
    def mark(leaf: Field) -> Field:
        place = (field.name, leaf.name)
        return replace(_marked(leaf, keys, references), key=keys.get(place, ""), refers_to=references.get(place, ""))

    return replace(field, fields=tuple(mark(leaf) for leaf in field.fields))
