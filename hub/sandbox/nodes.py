"""XML as the sandbox systems write and read it: small trees of names and texts, in one namespace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from lxml import etree

#: A name, and text or further nodes; None leaves it out.
Node = tuple[str, "str | Sequence[Node] | None"]
#: An element's name, and its children's names.
Group = tuple[str, Sequence[str]]


def to_bytes(root: etree._Element) -> bytes:
    """Write a document as UTF-8 with its declaration."""
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def parsed(body: bytes) -> etree._Element | None:
    """Read a document, without entities or network; None when it is not well-formed or has a DOCTYPE."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        return None
    return root if root.getroottree().docinfo.internalDTD is None else None


def xml_bool(answer: bool) -> str:
    """Write xs:boolean."""
    return "true" if answer else "false"


@dataclass(frozen=True, slots=True)
class Namespace:
    """The names of one contract.

    :ivar code: how an element of a plan carries a code: the group, with the names of system, code and text.
    :ivar detail: how it carries a small fact: the group, with the names of its name and its value.
    """

    uri: str
    names: Mapping[str, str]
    code: Group
    detail: Group

    def element(self, node: Node) -> etree._Element:
        """Build an element and all that is in it."""
        name, content = node
        namespaces: dict[str | None, str] = {None: self.uri}
        element = etree.Element(self.tag(name), nsmap=cast("dict[str, str]", namespaces))
        if isinstance(content, str):
            element.text = content
        else:
            element.extend([self.element(child) for child in content or () if child[1] is not None])
        return element

    def tag(self, name: str) -> str:
        """Return the name as lxml writes it."""
        return f"{{{self.uri}}}{name}"

    def text(self, parent: etree._Element, name: str) -> str:
        """Return the text of a child, "" where there is none."""
        return parent.findtext(self.tag(name)) or ""

    def all(self, parent: etree._Element, name: str) -> list[etree._Element]:
        """Return the children of a name."""
        return list(parent.iterchildren(self.tag(name)))

    def kept(self, part: etree._Element) -> dict[str, Any]:
        """Read an element of a plan in the sandbox's neutral form."""
        kept: dict[str, Any] = {
            ours: part.findtext(self.tag(theirs))
            for theirs, ours in self.names.items()
            if part.find(self.tag(theirs)) is not None
        }
        code, code_fields = self.code
        detail, (name, value) = self.detail
        kept["codes"] = [
            {ours: self.text(one, theirs) for ours, theirs in zip(("system", "code", "text"), code_fields, strict=True)}
            for one in self.all(part, code)
        ]
        kept["details"] = {self.text(one, name): self.text(one, value) for one in self.all(part, detail)}
        return kept
