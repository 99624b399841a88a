"""The site of the documents, as `make site` has built it: whole, and it fetches nothing from anybody."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from lxml import html

ROOT = Path(__file__).parents[2]
SITE = ROOT / "dist" / "site"
#: What a browser fetches when it opens a page.
FETCHED = (
    "//script/@src | //link[not(@rel='canonical')]/@href | //img/@src | //iframe/@src | //source/@src | //object/@data"
)
pytestmark = [pytest.mark.integration, pytest.mark.site]


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    if os.environ.get("HUB_TEST_REQUIRE_SITE") != "1":  # one of yesterday may be there
        pytest.skip("make site builds the site and looks at it")
    assert (SITE / "index.html").is_file()


def test_every_document_is_a_page_and_in_the_menu() -> None:
    menu = set(html.parse(SITE / "docs" / "index.html").xpath("//aside//a/@href"))
    documents = [path.relative_to(ROOT) for path in (ROOT / "docs").rglob("*.md")]
    assert not [path for path in documents if not (SITE / path.with_suffix(".html")).is_file()]
    listed = {(SITE / "docs" / link).resolve() for link in menu if "://" not in link}
    pages = {(SITE / path.with_suffix(".html")).resolve() for path in documents} - {
        (SITE / "docs/index.html").resolve()
    }
    assert pages <= listed


def test_no_page_fetches_anything_from_elsewhere() -> None:
    elsewhere = {
        f"{page.relative_to(SITE)}: {address}"
        for page in SITE.rglob("*.html")
        for address in html.parse(page).xpath(FETCHED)
        if re.match(r"(\w+:)?//", address)
    }
    styles = {
        str(sheet): re.findall(r"url\([\"']?(?:https?:)?//|@import", sheet.read_text("utf-8"))
        for sheet in SITE.rglob("*.css")
    }
    assert elsewhere == set()
    assert not {name: found for name, found in styles.items() if found}


def test_every_picture_says_what_it_shows() -> None:
    assert not [
        f"{page.relative_to(SITE)}: {picture.get('src')}"
        for page in SITE.rglob("*.html")
        for picture in html.parse(page).xpath("//article//img")
        if len(picture.get("alt") or "") < 10
    ]


def test_the_search_needs_no_server() -> None:
    index = (SITE / "searchindex.js").read_text("utf-8")
    assert index.startswith("Search.setIndex(")
    assert "doorbel" in index, "words of the pages are in it, by their stems"
