"""Where a leaf lies in a document, and what else it could say: for tests of a ledger."""

from __future__ import annotations

import re

from lxml import etree


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
