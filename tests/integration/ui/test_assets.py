"""Stylesheets, scripts, fonts and pictures: all from the hub itself, as they were vendored, and packed."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path, PurePosixPath

import httpx
import pytest

from tests.integration.api.served import Served
from tests.integration.ui.visitor import Visitor

pytestmark = pytest.mark.integration
STATIC = Path(__file__).parents[3] / "hub" / "ui" / "static"
VENDOR = STATIC / "vendor"
ASKED_FOR = re.compile(r"url\(\"?([^)\"]+)\"?\)")


def stylesheets() -> list[Path]:
    return sorted(STATIC.rglob("*.css"))


def test_what_is_vendored_is_what_was_fetched() -> None:
    lines = (VENDOR / "SHA256SUMS").read_text().splitlines()
    sums = {name: known for known, _, name in (line.partition("  ") for line in lines)}
    there = {path.relative_to(VENDOR).as_posix(): path for path in VENDOR.rglob("*") if path.is_file()}
    assert there.keys() - {"SHA256SUMS", "README.md"} == sums.keys()
    changed = [name for name, known in sums.items() if hashlib.sha256(there[name].read_bytes()).hexdigest() != known]
    assert not changed, "make assets brings them again"


def test_each_vendored_folder_has_its_licence_and_a_line_in_the_readme() -> None:
    told = (VENDOR / "README.md").read_text()
    for folder in (one for one in VENDOR.iterdir() if one.is_dir()):
        assert list(folder.glob("LICENSE*"))
        assert f"`{folder.name}/`" in told


@pytest.mark.parametrize("style", stylesheets(), ids=lambda path: path.name)
def test_a_stylesheet_asks_for_nothing_that_is_not_there(style: Path) -> None:
    asked = set(ASKED_FOR.findall(style.read_text()))
    assert not [one for one in asked if "//" in one or one.startswith("data:")], "nothing from elsewhere"
    assert not [one for one in asked if not (style.parent / one).is_file()]
    assert "@import" not in style.read_text()


def test_a_page_names_each_file_by_an_address_that_changes_with_it(hub: Served, visitor: Visitor) -> None:
    page = visitor.gets("/sign-in").text
    addresses = re.findall(r'(?:href|src)="(/static/[^"#]+)', page)
    assert {PurePosixPath(one.partition("?")[0]).suffix for one in addresses} >= {".css", ".svg"}
    for address in addresses:
        answer = visitor.gets(address)
        assert answer.status_code == 200
        assert address.endswith(f"?v={hashlib.sha256(answer.content).hexdigest()[:8]}")
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_text_is_packed_for_whoever_unpacks_it(hub: Served) -> None:
    address = f"{hub.url}/static/hub.css"
    with httpx.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as packed:
        body = b"".join(packed.iter_raw())
    plain = httpx.get(address, headers={"Accept-Encoding": "identity"})
    assert (packed.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
    assert gzip.decompress(body) == plain.content == (STATIC / "hub.css").read_bytes()
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("name", ["nothing.css", "../rendering.py", "%2e%2e/rendering.py", "vendor/SHA256SUMS", ""])
def test_nothing_else_is_served(visitor: Visitor, name: str) -> None:
    assert visitor.gets(f"/static/{name}").status_code == 404


def test_a_page_is_packed_for_whoever_can_unpack_it_and_is_the_same(hub: Served, visitor: Visitor) -> None:
    packed, again = (visitor.gets("/sign-in", **{"Accept-Encoding": "gzip"}) for _ in range(2))
    plain = visitor.gets("/sign-in", **{"Accept-Encoding": "identity"})
    assert (packed.headers["content-encoding"], plain.headers.get("content-encoding")) == ("gzip", None)
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < len(plain.content)
    assert packed.headers["content-length"] == again.headers["content-length"]
