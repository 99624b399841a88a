"""Read an XSD and a WSDL as what they agree on. A construct that our contracts do not use is an error, not a guess."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from hub.testing.contract_shapes import Agreed, Direction, Member, Operation, Shape

XS = "{http://www.w3.org/2001/XMLSchema}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_BUILT_IN = "http://www.w3.org/2001/XMLSchema"
_LOWER = {"minLength", "minInclusive", "minExclusive"}
_UPPER = {"maxLength", "maxInclusive", "maxExclusive", "totalDigits", "fractionDigits"}
_RULES = {f"{XS}key", f"{XS}keyref", f"{XS}unique"}
_GROUPS = {f"{XS}sequence", f"{XS}choice"}


class Xsd:
    """An XSD with what it includes and imports."""

    def __init__(self, path: Path) -> None:
        """Read the files. :raises ValueError: they use a construct that is not known here."""
        self.shapes: dict[str, Shape] = {}
        self._parts: list[etree._Element] = []
        self._told: dict[Path, etree._Element] = {}
        ahead = [path]
        for file in ahead:
            if file not in self._told:
                part = _parsed(file)
                self._told[file] = part
                beside = part.iterchildren(f"{XS}include", f"{XS}import")
                ahead += [file.parent / each.get("schemaLocation", "") for each in beside]
        self._parts = list(self._told.values())

    def documents(self) -> tuple[str, ...]:
        """Return the names of the outermost elements of the first file, in order."""
        return tuple(each.get("name", "") for each in self._parts[0].iterchildren(f"{XS}element"))

    def document(self, name: str) -> Member:
        """Return an outermost element."""
        return self._member(next(each for each in self._globals("element") if each.get("name") == name), "")

    def _globals(self, kind: str) -> Iterator[etree._Element]:
        for part in self._parts:
            yield from part.iterchildren(XS + kind)

    def _referred(self, at: etree._Element, name: str, *kinds: str) -> etree._Element:
        space, local = _resolved(at, name)
        for kind in kinds:
            for each in self._globals(kind):
                if each.get("name") == local and _space(each) == space:
                    return each
        raise ValueError(f"{name} is declared nowhere")

    def _member(self, element: etree._Element, above: str) -> Member:
        if ref := element.get("ref"):
            declared = self._member(self._referred(element, ref, "element"), "")
            return Member(declared.name, declared.shape, *_occurs(element), declared.told, declared.is_nillable)
        name = element.get("name", "")
        rules = frozenset(_rule(each) for each in element if each.tag in _RULES)
        shape = self._shape_key(element, f"{above}/{name}")
        return Member(name, shape, *_occurs(element), told(element), element.get("nillable") == "true", rules)

    def _shape_key(self, element: etree._Element, path: str) -> str:
        own = next((each for each in element if each.tag in (f"{XS}complexType", f"{XS}simpleType")), None)
        if own is not None:
            return self._shaped(path, own)
        space, local = _resolved(element, element.get("type", ""))
        if space == _BUILT_IN:
            return f"xs:{local}"
        declared = self._referred(element, element.get("type", ""), "complexType", "simpleType")
        return self._shaped(f"{{{space}}}{local}", declared)

    def _shaped(self, key: str, declared: etree._Element) -> str:
        if key not in self.shapes:
            self.shapes[key] = Shape("sequence")  # a type may hold itself
            self.shapes[key] = self._value(declared) if declared.tag == f"{XS}simpleType" else self._held(declared, key)
        return key

    def _held(self, declared: etree._Element, key: str) -> Shape:
        content = [each for each in declared.iterchildren(etree.Element) if each.tag != f"{XS}annotation"]
        attributes = [each for each in content if each.tag == f"{XS}attribute"]
        content = [each for each in content if each not in attributes]
        if len(content) != 1 or content[0].tag not in _GROUPS:
            raise ValueError(f"{key} holds something else than a sequence or a choice")
        base = etree.QName(content[0]).localname
        rules = frozenset(f"attribute {each.get('name')} {each.get('fixed', '')}".strip() for each in attributes)
        return Shape(base, told(declared), tuple(self._members(content[0], key)), rules=rules)

    def _members(self, group: etree._Element, key: str) -> Iterator[Member]:
        for number, each in enumerate(group.iterchildren(etree.Element)):
            if each.tag == f"{XS}element":
                yield self._member(each, key)
            elif each.tag == f"{XS}group":
                named = self._referred(each, each.get("ref", ""), "group")
                yield from self._members(next(part for part in named if part.tag in _GROUPS), key)
            elif each.tag in _GROUPS:
                base = etree.QName(each).localname
                inner = f"{key}/({base} {number + 1})"
                self.shapes[inner] = Shape(base, "", tuple(self._members(each, inner)))
                yield Member(f"({base} {number + 1})", inner, *_occurs(each))
            elif each.tag != f"{XS}annotation":
                raise ValueError(f"{key} uses {etree.QName(each).localname}, which is not known here")

    def _value(self, declared: etree._Element) -> Shape:
        restriction = declared.find(f"{XS}restriction")
        if restriction is None:
            raise ValueError(f"{declared.get('name')} is neither a restriction nor a complex type")
        space, local = _resolved(restriction, restriction.get("base", ""))
        beneath = Shape(f"xs:{local}")
        if space != _BUILT_IN:
            beneath = self._value(self._referred(restriction, restriction.get("base", ""), "simpleType"))
        lower, upper, rules = dict(beneath.lower), dict(beneath.upper), set(beneath.rules)
        facets = [(etree.QName(each).localname, each.get("value", "")) for each in restriction.iterchildren(f"{XS}*")]
        lower |= {name: float(value) for name, value in facets if name in _LOWER}
        upper |= {name: float(value) for name, value in facets if name in _UPPER}
        rules |= {f"length {value}" for name, value in facets if name == "length"}
        if patterns := [value for name, value in facets if name == "pattern"]:
            rules.add("pattern " + " | ".join(patterns))
        words = tuple(value for name, value in facets if name == "enumeration") or beneath.words
        unknown = {name for name, _ in facets} - _LOWER - _UPPER - {"length", "pattern", "enumeration", "annotation"}
        if unknown:
            raise ValueError(f"{declared.get('name')} uses {unknown}, which is not known here")
        return Shape(beneath.base, told(declared), (), words, lower, upper, frozenset(rules))


def _parsed(file: Path) -> etree._Element:
    return etree.parse(file, etree.XMLParser(resolve_entities=False, no_network=True)).getroot()


def read_wsdl(path: Path, asked: Direction) -> Agreed:
    """Read a WSDL and the XSD beside it; ``asked`` is the way that its questions go."""
    wsdl = _parsed(path)
    location = next(each.get("schemaLocation", "") for each in wsdl.iter(f"{XS}import"))
    xsd = Xsd(path.parent / location)
    elements = {
        message.get("name", ""): [part.get("element", "").rpartition(":")[2] for part in message.iter(f"{WSDL}part")]
        for message in wsdl.iterchildren(f"{WSDL}message")
    }
    told_of = {
        each.get("name", ""): _text(each.find(f"{WSDL}documentation"))
        for port in wsdl.iterchildren(f"{WSDL}portType")
        for each in port.iterchildren(f"{WSDL}operation")
    }
    documents: dict[str, tuple[Direction, Member]] = {}
    for message, way in _messages(wsdl, asked):
        documents |= {name: (way, xsd.document(name)) for name in elements[message]}
    operations = tuple(
        Operation(f"{binding.get('name')} {each.get('name')}", asked, told_of[each.get("name", "")], _facts(each))
        for binding in wsdl.iterchildren(f"{WSDL}binding")
        for each in binding.iterchildren(f"{WSDL}operation")
    )
    return Agreed(operations, tuple(documents.values()), xsd.shapes)


def _messages(wsdl: etree._Element, asked: Direction) -> Iterator[tuple[str, Direction]]:
    """Yield the messages that are exchanged, with the way they go."""
    for header in wsdl.iterfind(f".//{WSDL}binding//{WSDL}input/*[@message]"):
        yield header.get("message", "").rpartition(":")[2], asked
    for operation in wsdl.iterfind(f"{WSDL}portType/{WSDL}operation"):
        for part in operation.iterchildren(f"{WSDL}input", f"{WSDL}output", f"{WSDL}fault"):
            way = asked if part.tag == f"{WSDL}input" else asked.back
            yield part.get("message", "").rpartition(":")[2], way


def _facts(operation: etree._Element) -> tuple[str, ...]:
    """Return every attribute beneath an operation of a binding: the action, the headers, the style, the faults."""
    facts = (
        f"{etree.QName(each).localname} {name!s}={value!s}"
        for each in operation.iter(etree.Element)
        for name, value in each.attrib.items()
    )
    return tuple(facts)


def told(element: etree._Element) -> str:
    """Return what is said of a declaration, in one line."""
    return _text(element.find(f"{XS}annotation/{XS}documentation"))


def _text(element: etree._Element | None) -> str:
    return "" if element is None else " ".join("".join(str(text) for text in element.itertext()).split())


def _rule(declared: etree._Element) -> str:
    """Return an identity constraint: which ids are unique, or refer to what; its name counts only where it is used."""
    kind, refer = etree.QName(declared).localname, declared.get("refer", "")
    selected = declared.find(f"{XS}selector")
    fields = " ".join(each.get("xpath", "") for each in declared.iterfind(f"{XS}field"))
    return f"{kind} {'' if selected is None else selected.get('xpath', '')} {fields} {refer}".strip()


def _occurs(element: etree._Element) -> tuple[int, int | None]:
    most = element.get("maxOccurs", "1")
    return int(element.get("minOccurs", "1")), None if most == "unbounded" else int(most)


def _space(element: etree._Element) -> str:
    return element.getroottree().getroot().get("targetNamespace", "")


def _resolved(at: etree._Element, name: str) -> tuple[str, str]:
    """Return namespace and local name of a reference."""
    prefix, _, local = name.rpartition(":")
    return at.nsmap.get(prefix or None, "") or "", local
