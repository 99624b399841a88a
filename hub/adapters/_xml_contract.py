"""One XSD, and faults in sentences of our own: what is wrong with a document, where, and never a value of it.

libxml2's own messages repeat values and names, so none of them is passed on: a sentence is built from the kind of
error and a path whose names all stand in the schema.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, cast

from lxml import etree

from hub.errors import ContractViolation, Fault

XS = "{http://www.w3.org/2001/XMLSchema}"
MAX_FAULTS = 50
#: A facet's error is followed by another of the same field, and some fields have several.
_MOST_ERRORS = 4 * MAX_FAULTS
#: Elements and attributes, up to which all errors together cost little.
_SMALL = 500
_CHUNK = 4_096
_SIZE = etree.XPath("count(/descendant::*) + count(/descendant::*/@*)")


class XmlContract:
    """One XSD. Compiled once; safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Compile the schema; what it includes lies beside it, never on a network."""
        parser = etree.XMLParser(no_network=True, resolve_entities=False)
        self._schema = etree.XMLSchema(etree.parse(path, parser))
        #: lxml keeps the errors of the last validation on the schema; without a lock two threads would mix them up.
        self._lock = threading.Lock()
        self._names = frozenset(_declared_names(path, parser))

    def check(self, root: etree._Element) -> None:
        """Check a document.

        :raises ContractViolation: naming each field (at most 50), never a value nor a name that the schema has not.
        """
        part = root if cast("float", _SIZE(root)) <= _SMALL else self._beginning(root)
        with self._lock:
            if self._schema.validate(part) and part is root:
                return
            log = islice(cast("Iterable[Any]", self._schema.error_log), _MOST_ERRORS)
            errors = [(entry.type_name, entry.path or "", entry.line, entry.message) for entry in log]
        faults: dict[str, Fault] = {}
        paths = _Paths(part, self._names)
        for kind, where, line, message in errors:
            path = paths.named(where) if where else paths.found(line, message)
            # A facet's error is followed by "is not a valid value" for the same field: the first says more.
            faults.setdefault(path, Fault(path, self._sentence(kind, message), _step(kind)))
            if len(faults) == MAX_FAULTS:
                break
        raise ContractViolation("The document breaks the contract's schema.", faults=faults.values())

    def _beginning(self, root: etree._Element) -> etree._Element:
        """Return the document, or as much of it as has more errors than are told.

        libxml2 tells every error, and where it is by counting the elements before it: without an end, a document of
        100,000 wrong elements is checked for minutes. While it reads, it does not look for the place.
        """
        body = etree.tostring(root, encoding="utf-8")
        parser = etree.XMLParser(schema=self._schema, no_network=True, resolve_entities=False)
        for at in range(0, len(body), _CHUNK):
            parser.feed(body[at : at + _CHUNK])
            if len(parser.feed_error_log) > _MOST_ERRORS:
                mending = etree.XMLParser(recover=True, no_network=True, resolve_entities=False)
                return etree.fromstring(body[: at + _CHUNK], mending)
        return root

    def _sentence(self, kind: str, message: str) -> str:
        sentence = next((text for part, text in _SENTENCES if part in kind), "This does not follow the schema.")
        expected = [
            name for name in re.findall(r"\}([\w.-]+)", message.partition("Expected is")[2]) if name in self._names
        ]
        if "ELEMENT_CONTENT" in kind and "Missing child" in message:
            sentence = "Something is missing in this element."
        return f"{sentence} Expected here: {' or '.join(dict.fromkeys(expected))}." if expected else sentence


@dataclass(frozen=True, slots=True)
class _Paths:
    """Where in one document errors are, in the schema's own names; a name that the sender made up is shown as ``*``."""

    root: etree._Element
    names: frozenset[str]
    #: Elements that have been listed, of which many errors ask again.
    _children: dict[tuple[etree._Element, str], list[etree._Element]] = field(default_factory=dict)
    _by_name: dict[str, dict[int, list[etree._Element]]] = field(default_factory=dict)

    def named(self, where: str) -> str:
        """Return the path of what libxml2 tells the path of, such as ``/*/*[2]`` or ``/a:Sag/a:Maal[3]/@id``."""
        names = [self._step_name(element) for element in self._walked(where)]
        return "/" + "/".join(names) + ("/@*" if "/@" in where else "")

    def found(self, line: int, message: str) -> str:
        """Return the path of an error that libxml2 tells only the line and the element of (references that fail)."""
        told = _ELEMENT.match(message)
        twins = self._at_lines(told[1]).get(line) if told else None
        if not twins:
            return "/"
        path = "/" + "/".join(self._step_name(step) for step in (*reversed(list(twins[0].iterancestors())), twins[0]))
        return path if len(twins) == 1 else path.rpartition("[")[0] or path

    def _at_lines(self, name: str) -> dict[int, list[etree._Element]]:
        if name not in self._by_name:
            lines = self._by_name.setdefault(name, {})
            for element in self.root.iter(f"{{*}}{name}"):
                lines.setdefault(cast("int", element.sourceline), []).append(element)
        return self._by_name[name]

    def _step_name(self, element: etree._Element) -> str:
        name = etree.QName(element).localname
        if name not in self.names:
            return "*"
        parent = element.getparent()
        twins = [] if parent is None else self._listed(parent, str(element.tag))
        return f"{name}[{twins.index(element) + 1}]" if len(twins) > 1 else name

    def _walked(self, where: str) -> Iterator[etree._Element]:
        """Yield the elements along a path of libxml2's, from the root on."""
        here: etree._Element | None = None
        for step in _STEP.finditer(where.partition("/@")[0]):
            candidates = [self.root] if here is None else self._stepped(here, step)
            index = int(step["index"] or 1) - 1
            if index >= len(candidates):
                return
            here = candidates[index]
            yield here

    def _stepped(self, here: etree._Element, step: re.Match[str]) -> list[etree._Element]:
        """Return the children among which a step's index counts: all of them, or those of its name."""
        if step["star"]:
            return self._listed(here, "*")
        key, wanted = (here, f"{step['prefix']}:{step['name']}"), (step["prefix"], step["name"])
        if key not in self._children:
            self._children[key] = [
                child for child in here.iterchildren("*") if (child.prefix, etree.QName(child).localname) == wanted
            ]
        return self._children[key]

    def _listed(self, parent: etree._Element, tag: str) -> list[etree._Element]:
        key = (parent, tag)
        if key not in self._children:
            self._children[key] = list(parent.iterchildren(tag))
        return self._children[key]


_SENTENCES = (
    ("ELEMENT_CONTENT", "This element is not expected here."),
    ("CVC_ELT_1", "This is not a document of the contract."),
    ("CVC_ELT_3", "This element may not be nil."),
    ("PATTERN", "The value does not have the agreed form."),
    ("ENUMERATION", "The value is none of the agreed ones."),
    ("MAXLENGTH", "The value is too long."),
    ("MINLENGTH", "The value is too short."),
    ("LENGTH", "The value does not have the agreed length."),
    ("INCLUSIVE", "The value is too small or too large."),
    ("EXCLUSIVE", "The value is too small or too large."),
    ("IDC", "An id occurs twice, or refers to something that is not in the document."),
    ("CVC_COMPLEX_TYPE_3", "The element carries an attribute that is not agreed."),
    ("CVC_COMPLEX_TYPE_2", "The element holds something that is not agreed."),
    ("CVC_TYPE_3", "The element holds something that is not agreed."),
    ("DATATYPE", "The value is not of the agreed type."),
    ("VALUE", "The value is not of the agreed type."),
)


def _step(kind: str) -> str:
    if "IDC" in kind:
        return "Give each item an id of its own, and refer only to ids of this document."
    return "See the element's description in the contract's XSD."


def _declared_names(path: Path, parser: etree.XMLParser) -> Iterator[str]:
    """Yield every element name of a schema and of what it includes or imports from beside it."""
    schema = etree.parse(path, parser).getroot()
    for declared in schema.iter(f"{XS}element"):
        yield declared.get("name") or (declared.get("ref") or "").rpartition(":")[2]
    for part in schema.iterchildren(f"{XS}include", f"{XS}import"):
        if beside := part.get("schemaLocation"):
            yield from _declared_names(path.parent / beside, parser)


_ELEMENT = re.compile(r"Element '\{[^}]*\}([\w.-]+)'")
_STEP = re.compile(r"/(?:(?P<star>\*)|(?:(?P<prefix>[^:/\[\]]+):)?(?P<name>[^:/\[\]@]+))(?:\[(?P<index>\d+)\])?")
