"""What becomes of each leaf of a real document: its ledger, read beside the document itself.

    fates = accounted(document.content, mapping.ledger(document.contract))
    silent(fates)       # leaves that the ledger does not name; a mapping that keeps its word has none

The paths are the contract's names, as ledgers write them; a value is kept apart and hidden from reprs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from hub.authority import Fate, LedgerEntry

#: Attributes of XML and of XML Schema itself say how a document is written, and nothing of a case.
_OF_XML = ("http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2001/XMLSchema-instance")


@dataclass(frozen=True, slots=True)
class LeafFate:
    """One leaf of a document. ``fate`` is None where the ledger does not name it: then it is lost in silence."""

    path: str
    fate: Fate | None
    note: str
    value: str = field(repr=False)


def accounted(content: Any, ledger: Sequence[LedgerEntry]) -> tuple[LeafFate, ...]:
    """Return the fate of every leaf of a document's content, in the document's order.

    :param content: what ``Adapter.receive`` parsed: an lxml element, or dicts and lists.
    """
    entries = {entry.path: entry for entry in ledger}
    if not isinstance(content, etree._Element):
        return tuple(_fate(path, value, entries.get(path)) for path, value in _json_leaves(content, ""))
    branches = {path[:end] for path in entries for end, letter in enumerate(path) if letter == "/"}
    return tuple(
        _fate(path, value, entries.get(path))
        for path, value in _xml_leaves(content, "")
        if value or path not in branches  # a list that is there, with nothing in it, is no leaf
    )


def silent(fates: Sequence[LeafFate]) -> tuple[str, ...]:
    """Return the paths that the ledger does not name, each once."""
    return tuple(dict.fromkeys(one.path for one in fates if one.fate is None))


def _fate(path: str, value: str, entry: LedgerEntry | None) -> LeafFate:
    if entry is None:
        return LeafFate(path, None, "the ledger does not name it", value)
    return LeafFate(path, entry.fate, entry.note, value)


def _xml_leaves(element: etree._Element, above: str) -> Iterator[tuple[str, str]]:
    path = f"{above}/{etree.QName(element).localname}"
    for name, value in element.attrib.items():
        if etree.QName(name).namespace not in _OF_XML:
            yield f"{path}/@{etree.QName(name).localname}", str(value)
    children = list(element.iterchildren(etree.Element))
    if not children:
        yield path, str(element.xpath("string()")).strip()
    for child in children:
        yield from _xml_leaves(child, path)


def _json_leaves(tree: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(tree, dict):
        for name, inner in tree.items():
            yield from _json_leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(tree, list):
        for inner in tree:
            yield from _json_leaves(inner, f"{path}[]")
    else:
        yield path, "" if tree is None else str(tree)
