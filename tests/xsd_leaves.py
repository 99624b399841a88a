"""The leaves that a schema allows, and where they lie in a document: for tests of a ledger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

XS = "{http://www.w3.org/2001/XMLSchema}"


class Schema:
    """The leaves of a schema, walked by name; good for schemas without recursion."""

    def __init__(self, path: Path) -> None:
        self._parts = [etree.parse(path).getroot()]
        for part in self._parts:
            nexts = [each.get("schemaLocation") for each in part.iterchildren(f"{XS}include", f"{XS}import")]
            self._parts += [etree.parse(path.parent / each).getroot() for each in nexts if each]

    def leaves(self, root: str) -> set[str]:
        return set(self._leaves(self._named("element", root), ""))

    def _named(self, kind: str, name: str) -> etree._Element:
        local = name.rpartition(":")[2]
        return next(
            found for part in self._parts for found in part.iterchildren(XS + kind) if found.get("name") == local
        )

    def _leaves(self, element: etree._Element, above: str) -> Iterator[str]:
        if element.get("ref"):
            element = self._named("element", element.get("ref", ""))
        path, content = f"{above}/{element.get('name')}", element.find(f"{XS}complexType")
        if content is None and (named := self._complex(element.get("type"))) is not None:
            content = named
        if content is None:
            yield path
            return
        for child in self._children(content):
            yield from self._leaves(child, path)

    def _complex(self, name: str | None) -> etree._Element | None:
        found = [part.find(f"{XS}complexType[@name='{(name or '').rpartition(':')[2]}']") for part in self._parts]
        return next((each for each in found if each is not None), None)

    def _children(self, content: etree._Element) -> Iterator[etree._Element]:
        for child in content.iterdescendants(f"{XS}element", f"{XS}group"):
            within = next(child.iterancestors(f"{XS}complexType", f"{XS}group"))
            if within is not content:
                continue
            if child.tag == f"{XS}group":
                yield from self._children(self._named("group", child.get("ref", "")))
            else:
                yield child


def found(root: etree._Element, path: str) -> etree._Element:
    """Return the first element at a path of names below the root."""
    steps = "/".join(f"*[local-name()='{step}']" for step in path.strip("/").split("/")[1:])
    leaves = root.xpath(steps)
    assert isinstance(leaves, list)
    assert leaves, f"the example lacks {path}"
    leaf = leaves[0]
    assert isinstance(leaf, etree._Element)
    return leaf


def another(text: str, is_end: bool) -> str:
    """Return another value of the same form as a leaf's, which may be the end of a period."""
    if re.match(r"\d{4}-\d\d-\d\d", text):  # starts become earlier, ends later
        if is_end:
            return "2029" + text[4:]
        return text[:8] + ("01" if text[8:10] != "01" else "02") + text[10:]
    if found_digit := re.search(r"\d(?=\D*$)", text):
        digit = "7" if found_digit[0] != "7" else "6"
        return text[: found_digit.start()] + digit + text[found_digit.end() :]
    return text + "x"
