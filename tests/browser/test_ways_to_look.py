"""Pages as some people need them: without scripts, in colours of their own choice, on paper."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.family import ROLES, Family
from tests.browser.pages import ADMINISTRATOR, AUDITOR, CITIZEN, COORDINATOR, OPERATOR, pages_of
from tests.browser.visit import a_visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

pytestmark = [pytest.mark.integration, pytest.mark.browser]
each_role = pytest.mark.parametrize("role", [COORDINATOR, CITIZEN, OPERATOR, ADMINISTRATOR, AUDITOR])
#: What tells a state (an alert, a badge, a status, how much somebody may see, a bar) and would be told by colour alone.
_BY_COLOUR_ALONE = """[...document.querySelectorAll('.alert, .badge, .status, .extent, .bar')].filter(
    one => !(one.textContent.trim() || one.closest('td, li, #progress')?.textContent.trim())
).map(one => one.outerHTML)"""
#: Pictures and bars whose colour is the ground's, in colours that the reader has chosen.
_UNSEEN = """[...document.querySelectorAll('svg')].filter(one => one.getClientRects().length).filter(one => {
    const drawn = one.querySelector('rect') || one;
    if (drawn.localName === 'rect' && !drawn.getBoundingClientRect().width) return false;
    let ground = one;
    while (ground && getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
    const light = colour => { const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(part => {
        const share = part / 255; return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4; });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const [a, b] = [getComputedStyle(drawn).fill,
        ground ? getComputedStyle(ground).backgroundColor : getComputedStyle(document.body).backgroundColor].map(light);
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 3;
}).map(one => one.outerHTML)"""


def test_a_citizens_page_says_the_same_without_scripts(browser: Browser, family: Family) -> None:
    cookies, said = family.cookies_of(ROLES[CITIZEN]), []
    with a_visit(
        browser, family.url, cookies=cookies
    ) as visit:  # once: who has seen it is another list once it is read
        paths = [family.address(page.where) for page in pages_of(CITIZEN)]
        answers = {path: visit.page.request.get(path) for path in paths}
        given = {path: (one.status, one.body(), _unpacked(one.headers)) for path, one in answers.items()}
    for runs_scripts in (True, False):
        with a_visit(browser, family.url, cookies=cookies, java_script_enabled=runs_scripts) as visit:
            for path, (status, body, headers) in given.items():
                visit.page.route(family.url + path, _answers(status, body, headers))
            said.append([visit.opens(path) and visit.page.locator("main").inner_text() for path in paths])
            assert visit.complaints == []
    assert said[0] == said[1]
    assert all(said[0])


@each_role
def test_in_colours_of_ones_own_every_state_is_seen(browser: Browser, family: Family, role: str) -> None:
    found: list[str] = []
    with a_visit(browser, family.url, cookies=family.cookies_of(ROLES[role]), forced_colors="active") as visit:
        for page in pages_of(role):
            visit.opens(family.address(page.where))
            visit.unfolds()
            assert visit.says("matchMedia('(forced-colors: active)').matches")
            for scheme in ("light", "dark"):
                visit.page.emulate_media(color_scheme=scheme)
                unseen = [*visit.says(_BY_COLOUR_ALONE), *visit.says(_UNSEEN)]
                found += [f"{page.route}, {scheme}: {one}" for one in unseen]
    assert found == []


@each_role
def test_on_paper_stands_what_is_on_the_screen_without_what_is_pressed(
    browser: Browser, family: Family, role: str
) -> None:
    with a_visit(browser, family.url, cookies=family.cookies_of(ROLES[role])) as visit:
        for page in pages_of(role):
            visit.page.emulate_media(media="screen")
            visit.opens(family.address(page.where))
            heading = visit.page.inner_text("h1")
            visit.page.emulate_media(media="print")
            assert visit.page.inner_text("h1") == heading, page.route
            assert visit.page.locator("header:visible, .skipnav:visible, main button:visible").count() == 0, page.route
            paper = visit.page.pdf(format="A4", tagged=True)
            assert paper.startswith(b"%PDF-")
            assert b"/StructTreeRoot" in paper, "a screen reader finds its way in the file too"


@each_role
def test_text_can_be_twice_as_large(browser: Browser, family: Family, role: str) -> None:
    found: list[str] = []
    with a_visit(browser, family.url, cookies=family.cookies_of(ROLES[role])) as visit:
        for page in pages_of(role):
            visit.opens(family.address(page.where))
            visit.says("document.documentElement.style.fontSize = '20px'")  # the design system's is 10
            visit.unfolds()
            found += [page.route] if visit.scrolls_sideways() else []
    assert found == []


def _unpacked(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in ("content-encoding", "content-length")}


def _answers(status: int, body: bytes, headers: dict[str, str]) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=status, body=body, headers=headers)
