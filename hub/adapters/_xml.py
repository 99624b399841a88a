"""Read XML from outside: bounded, without DOCTYPE, entities, XInclude, network or comments, and silent about values.

    root = read_xml(body)                       # well-formed and harmless, or ContractViolation
    XmlContract(contract_folder("children/v1") / "children.xsd").check(root)

Nothing that a document points to is ever fetched: no DTD, no XInclude, no xsi:schemaLocation, no stylesheet.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, Final, cast

from lxml import etree

from hub.adapters._xml_contract import XmlContract
from hub.errors import ContractViolation, Fault, TooLarge

__all__ = ["Caps", "XmlContract", "read_content_type", "read_xml", "refuse_notification", "to_bytes"]
_CHUNK = 65_536

_DECLARATION = re.compile(r"<\?xml\s[^>]*?\?>")
_DECLARED = re.compile(r"<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_VERSION = re.compile(r"version\s*=\s*[\"']1\.0[\"']")
_KNOWN = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "ascii", "ascii": "ascii", "iso-8859-1": "iso-8859-1"}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SEND_UTF8 = "Send the document in UTF-8, or declare the encoding it has (UTF-8, ISO-8859-1, UTF-16 with a mark)."


@dataclass(frozen=True, slots=True)
class Caps:
    """How much of a document is taken in; more than any real one needs.

    Each bounds work that grows faster than the document: canonical XML looks at all namespaces for each element, the
    path of a wrong attribute is told by counting elements.
    """

    size: int = 10_000_000  # bytes
    elements: int = 100_000
    attributes: int = 20_000  # declarations of namespaces among them
    on_one: int = 250  # attributes of one element
    namespaces: int = 32  # declared at an element and around it
    depth: int = 50
    text: int = 1_000_000  # characters in one piece


def read_xml(body: bytes, charset: str | None = None, caps: Caps | None = None) -> etree._Element:
    """Parse a document and return its root, free of comments and processing instructions.

    :param charset: the ``charset`` of the Content-Type, which wins over the document's own declaration (RFC 7303).
    :raises TooLarge: more bytes than the cap.
    :raises ContractViolation: no well-formed XML 1.0, a DOCTYPE or XInclude, an encoding that is not what it says, or a
        cap is passed.
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
    root = _parsed(text[declaration.end() if declaration else 0 :].encode("utf-8"), caps)
    # Character references may spell a namespace, so that its name is not to be found in the text.
    if ("XInclude" in text or "&#" in text) and _INCLUDES(root):
        raise ContractViolation(
            "The document includes another one (XInclude).",
            "Send the document whole; what it refers to is not fetched.",
        )
    return root


@lru_cache(maxsize=64)
def read_content_type(text: str) -> tuple[str, Mapping[str, str]]:
    """Return a Content-Type's media type and its parameters, by names in lower case.

    A parameter that is told twice has both values, with a comma between, and so fits nothing; nor does one whose
    encoding (RFC 2231) cannot be read.
    """
    header = Message()
    header["Content-Type"] = text
    parameters: dict[str, str] = {}
    for name, value in (header.get_params() or [])[1:]:
        try:
            told = collapse_rfc2231_value(value)
        except (ValueError, LookupError):
            told = ","
        parameters[name] = f"{parameters[name]},{told}" if name in parameters else told
    return header.get_content_type(), MappingProxyType(parameters)


def refuse_notification(root: etree._Element) -> None:
    """Refuse a document that carries a notification of concern, in whatever namespace it hides.

    :raises ContractViolation: it carries one.
    """
    if b"underretning" not in etree.tostring(root).lower():  # as a rule the word is nowhere; that is soon told
        return
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


def _parsed(body: bytes, caps: Caps) -> etree._Element:
    """Parse what is in UTF-8. Where a glance at the bytes shows that the caps hold, nothing is counted one by one."""
    try:
        root = etree.fromstring(body, _parser()) if _is_small(body, caps) else _counted(body, caps)
    except etree.XMLSyntaxError as error:
        raise ContractViolation(
            f"The document is not well-formed XML (line {error.lineno or 1}).",
            "Write the document with an XML library, and compare it with the examples of the contract.",
        ) from None
    if _is_deeper(root, caps.depth) or (len(body) > caps.text and _LONG(root, most=caps.text)):
        raise _too_much(caps)
    return root


def _parser() -> etree.XMLParser:
    return etree.XMLParser(**_HARDENED)


def _is_small(body: bytes, caps: Caps) -> bool:
    """Tell whether the body cannot hold more than the caps allow: each attribute has an equals sign of its own, and
    each element a ``<`` that no slash, exclamation or question mark follows.
    """
    if body.count(b"=") > caps.on_one or body.count(b"xmlns") > caps.namespaces:
        return False
    opened = body.count(b"<")
    return opened <= caps.elements or opened - sum(map(body.count, (b"</", b"<!", b"<?"))) <= caps.elements


def _counted(body: bytes, caps: Caps) -> etree._Element:
    """Parse and count while the tree grows, so that a flood ends within one chunk of its cap."""
    parser = etree.XMLPullParser(("start", "end", "start-ns", "end-ns"), **_HARDENED)
    counted = _Counted(caps)
    for at in range(0, len(body), _CHUNK):
        parser.feed(body[at : at + _CHUNK])
        counted.go_on(parser)
    return parser.close()


class _Counted:
    """What a tree holds so far."""

    def __init__(self, caps: Caps) -> None:
        self._caps = caps
        self._elements = self._attributes = self._namespaces = self._depth = 0

    def go_on(self, parser: etree.XMLPullParser) -> None:
        """Count what has come. :raises ContractViolation: it is more than a cap."""
        caps = self._caps
        for event, element in cast("Iterable[tuple[str, etree._Element]]", parser.read_events()):
            on_this = 0
            match event:
                case "end":
                    self._depth -= 1
                case "start":
                    self._depth += 1
                    self._elements += 1
                    on_this = len(element.attrib)
                    self._attributes += on_this
                case "start-ns":
                    self._attributes += 1
                    self._namespaces += 1
                case _:
                    self._namespaces -= 1
            if (
                self._depth > caps.depth
                or self._elements > caps.elements
                or self._attributes > caps.attributes
                or self._namespaces > caps.namespaces
                or on_this > caps.on_one
            ):
                raise _too_much(caps)


def _too_much(caps: Caps) -> ContractViolation:
    sentence = (
        f"The document has more than {caps.elements} elements, {caps.attributes} attributes ({caps.on_one} of one "
        f"element), {caps.namespaces} namespaces around one or {caps.text} characters in one piece, "
        f"or is nested deeper than {caps.depth}."
    )
    next_step = "Split it into smaller documents."
    return ContractViolation(sentence, next_step, [Fault("/*", "It holds too much.", next_step)])


def _is_deeper(root: etree._Element, depth: int) -> bool:
    return bool(_deeper_than(depth)(root))


@cache
def _deeper_than(depth: int) -> etree.XPath:
    return etree.XPath(f"boolean({'/*' * (depth + 1)})")


_HARDENED: Final[dict[str, Any]] = {
    "encoding": "utf-8",
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    # Dropped while parsing, so that the text around them is one text: <a>GO<!---->OD</a> reads GOOD everywhere.
    "remove_comments": True,
    "remove_pis": True,
}
_LONG = etree.XPath("boolean(//text()[string-length() > $most] | //@*[string-length() > $most])")
_INCLUDES = etree.XPath("boolean(//xi:*)", namespaces={"xi": "http://www.w3.org/2001/XInclude"})
