"""Every link between the documents leads somewhere: to a file that is there, and to a heading in it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

pytestmark = pytest.mark.files

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "contracts").rglob("*.md")])
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_BLOCK, _CODE = re.compile(r"```.*?```", re.DOTALL), re.compile(r"`[^`\n]*`")


def links_of(page: Path) -> list[str]:
    """Return where a page links to within the project; code has none."""
    text = _CODE.sub("", _BLOCK.sub("", page.read_text("utf-8")))
    return [one for one in _LINK.findall(text) if "://" not in one and not one.startswith("mailto:")]


@cache
def anchors_of(page: Path) -> frozenset[str]:
    """Return the anchors of a page's headings, as GitHub and most generators make them."""
    headings = re.findall(r"^#{1,6} (.+)$", _BLOCK.sub("", page.read_text("utf-8")), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", one.strip().lower()).replace(" ", "-") for one in headings)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for link in links_of(page):
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors_of(target)):
            broken.append(link)
    assert broken == []
