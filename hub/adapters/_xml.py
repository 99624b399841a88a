"""Read XML from outside: bounded, without DOCTYPE, entities, network or comments, and silent about values.

    root = read_xml(body)                       # well-formed and harmless, or ContractViolation
    XmlContract(contract_folder("children/v1") / "children.xsd").check(root)

libxml2's own messages repeat values and names, so none of them is passed on: a sentence is built from the kind of
error and a path whose names all stand in the schema.
"""

from __future__ import annotations

import codecs
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value
from itertools import islice
from pathlib import Path
from typing import Any, cast

from lxml import etree

from hub.errors import ContractViolation, Fault, TooLarge

XS = "{http://www.w3.org/2001/XMLSchema}"
MAX_FAULTS = 50
_CHUNK = 65_536

_DECLARATION = re.compile(r"<\?xml\s[^>]*?\?>")
_DECLARED = re.compile(r"<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_VERSION = re.compile(r"version\s*=\s*[\"']1\.0[\"']")
_KNOWN = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "ascii": "ascii", "iso-8859-1": "iso-8859-1"}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SEND_UTF8 = "Send the document in UTF-8, or declare the encoding it has (UTF-8, ISO-8859-1, UTF-16 with a mark)."


@dataclass(frozen=True, slots=True)
class Caps:
    """How much of a document is taken in; more than any real one needs."""

    size: int = 10_000_000  # bytes
    elements: int = 100_000
    attributes: int = 20_000  # declarations of namespaces among them
    depth: int = 50


def read_xml(body: bytes, charset: str | None = None, caps: Caps | None = None) -> etree._Element:
    """Parse a document and return its root, free of comments and processing instructions.

    :param charset: the ``charset`` of the Content-Type, which wins over the document's own declaration (RFC 7303).
    :raises TooLarge: more bytes than the cap.
    :raises ContractViolation: no well-formed XML 1.0, a DOCTYPE, an encoding that is not what it says, or too much.
    """
    caps = caps or Caps()
    if len(body) > caps.size:
        raise TooLarge(f"The document is over {caps.size} bytes.")
    text = _decoded(body, charset)
    declaration = _DECLARATION.match(text)
    if declaration and not _VERSION.search(declaration[0]):
        raise ContractViolation("The document is not XML 1.0.", "Send the document as XML 1.0.")
    # A DOCTYPE is refused before any parser sees it; inside CDATA too, where it would do no harm but has no use.
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ContractViolation(
            "The document carries a DOCTYPE or an entity.", "Send the document without DOCTYPE; write text as text."
        )
    return _parsed(text[declaration.end() if declaration else 0 :], caps)


def read_content_type(text: str) -> tuple[str, Mapping[str, str]]:
    """Return a Content-Type's media type and its parameters, by names in lower case.

    A parameter that is told twice has both values, with a comma between, and so fits nothing.
    """
    header = Message()
    header["Content-Type"] = text
    parameters: dict[str, str] = {}
    for name, value in (header.get_params() or [])[1:]:
        told = collapse_rfc2231_value(value)
        parameters[name] = f"{parameters[name]},{told}" if name in parameters else told
    return header.get_content_type(), parameters


def refuse_notification(root: etree._Element) -> None:
    """Refuse a document that carries a notification of concern, in whatever namespace it hides.

    :raises ContractViolation: it carries one.
    """
    for element in root.iter(etree.Element):
        if "underretning" in str(element.tag).rpartition("}")[2].lower():
            raise ContractViolation(
                "The document carries a notification of concern (underretning), which never enters a plan.",
                "Leave it out, and give it to the authority that receives such notifications.",
                [Fault("//Underretning", "This element may not be sent.")],
            )


def to_bytes(root: etree._Element) -> bytes:
    """Write a document as UTF-8 with its declaration."""
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _decoded(body: bytes, charset: str | None) -> str:
    """Decode the body; mark, charset and declaration must say the same where they say something."""
    mark, marked = next(((mark, name) for mark, name in _MARKS if body.startswith(mark)), (b"", None))
    plain = body[len(mark) :]
    declared = _DECLARED.match(plain[:600].decode(marked or "iso-8859-1", "ignore"))
    said = {_encoding(name, marked) for name in (charset, declared and declared[1]) if name}
    said |= {marked} if marked else set()
    if len(said) > 1 or None in said:
        raise ContractViolation("The document's encoding is not one the hub takes, or is told in two ways.", _SEND_UTF8)
    try:
        return plain.decode(next(iter(said), None) or "utf-8")
    except UnicodeDecodeError:
        raise ContractViolation("The document's bytes do not fit its encoding.", _SEND_UTF8) from None


def _encoding(name: str, marked: str | None) -> str | None:
    """Return Python's name of an encoding, None for one that is not taken. UTF-16 needs a mark to tell its order."""
    lower = name.lower()
    if lower == "utf-16":
        return marked if marked and marked.startswith("utf-16") else None
    return _KNOWN.get(lower)


def _parsed(text: str, caps: Caps) -> etree._Element:
    parser = etree.XMLPullParser(
        events=("start", "end", "start-ns"),
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        # Dropped while parsing, so that the text around them is one text: <a>GO<!---->OD</a> reads GOOD everywhere.
        remove_comments=True,
        remove_pis=True,
    )
    body, counted = text.encode("utf-8"), _Counted(caps)
    try:
        for at in range(0, len(body), _CHUNK):
            parser.feed(body[at : at + _CHUNK])
            counted.go_on(parser)
        return parser.close()
    except etree.XMLSyntaxError as error:
        raise ContractViolation(
            f"The document is not well-formed XML (line {error.lineno or 1}).",
            "Write the document with an XML library, and compare it with the examples of the contract.",
        ) from None


class _Counted:
    """Counts while the tree grows, so that a flood ends within one chunk of its cap."""

    def __init__(self, caps: Caps) -> None:
        self._caps = caps
        self._elements = self._attributes = self._depth = 0

    def go_on(self, parser: etree.XMLPullParser) -> None:
        caps = self._caps
        for event, element in cast("Iterable[tuple[str, etree._Element]]", parser.read_events()):
            match event:
                case "end":
                    self._depth -= 1
                case "start":
                    self._depth += 1
                    self._elements += 1
                    self._attributes += len(element.attrib)
                case _:
                    self._attributes += 1
            if self._depth > caps.depth or self._elements > caps.elements or self._attributes > caps.attributes:
                raise ContractViolation(
                    f"The document has more than {caps.elements} elements or {caps.attributes} attributes, "
                    f"or is nested deeper than {caps.depth}.",
                    "Split it into smaller documents.",
                )


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
        with self._lock:
            if self._schema.validate(root):
                return
            log = islice(cast("Iterable[Any]", self._schema.error_log), 4 * MAX_FAULTS)
            errors = [(entry.type_name, entry.path or "", entry.line, entry.message) for entry in log]
        faults: dict[str, Fault] = {}
        for kind, where, line, message in errors:
            path = self._named(root, where) if where else self._found(root, line, message)
            # A facet's error is followed by "is not a valid value" for the same field: the first says more.
            faults.setdefault(path, Fault(path, self._sentence(kind, message), _step(kind)))
            if len(faults) == MAX_FAULTS:
                break
        raise ContractViolation("The document breaks the contract's schema.", faults=faults.values())

    def _sentence(self, kind: str, message: str) -> str:
        sentence = next((text for part, text in _SENTENCES if part in kind), "This does not follow the schema.")
        expected = [
            name for name in re.findall(r"\}([\w.-]+)", message.partition("Expected is")[2]) if name in self._names
        ]
        if "ELEMENT_CONTENT" in kind and "Missing child" in message:
            sentence = "Something is missing in this element."
        return f"{sentence} Expected here: {' or '.join(dict.fromkeys(expected))}." if expected else sentence

    def _named(self, root: etree._Element, where: str) -> str:
        """Return the path in the schema's own names; a name that the sender made up is shown as ``*``."""
        names = [self._step_name(element) for element in _walked(root, where)]
        return "/" + "/".join(names) + ("/@*" if "/@" in where else "")

    def _found(self, root: etree._Element, line: int, message: str) -> str:
        """Return the path of an error that libxml2 tells only the line and the element of (references that fail)."""
        told = _ELEMENT.match(message)
        named = cast("Iterable[Any]", root.iter(f"{{*}}{told[1]}")) if told else ()
        twins = [element for element in named if element.sourceline == line]
        if not twins:
            return "/"
        path = "/" + "/".join(self._step_name(step) for step in (*reversed(list(twins[0].iterancestors())), twins[0]))
        return path if len(twins) == 1 else path.rpartition("[")[0] or path

    def _step_name(self, element: etree._Element) -> str:
        name = etree.QName(element).localname
        if name not in self._names:
            return "*"
        parent = element.getparent()
        twins = [] if parent is None else list(parent.iterchildren(element.tag))
        return f"{name}[{twins.index(element) + 1}]" if len(twins) > 1 else name


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


def _walked(root: etree._Element, where: str) -> Iterator[etree._Element]:
    """Yield the elements along a path of libxml2's, such as ``/*/*[2]`` or ``/a:Sag/a:Maal[3]``, from the root on."""
    here: etree._Element | None = None
    for step in _STEP.finditer(where.partition("/@")[0]):
        candidates = [root] if here is None else list(here.iterchildren("*"))
        if not step["star"]:
            wanted = (step["prefix"], step["name"])
            candidates = [child for child in candidates if (child.prefix, etree.QName(child).localname) == wanted]
        index = int(step["index"] or 1) - 1
        if index >= len(candidates):
            return
        here = candidates[index]
        yield here
