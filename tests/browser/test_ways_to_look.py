"""Pages as some people need them: without scripts, in colours of their own choice, on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.family import ROLES, Family
from tests.browser.pages import CITIZEN, COORDINATOR, Opened, pages_of
from tests.browser.visit import a_visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.integration, pytest.mark.browser]
BOTH = [(role, page) for role in (COORDINATOR, CITIZEN) for page in pages_of(role)]
each_page = pytest.mark.parametrize(("role", "page"), BOTH, ids=lambda value: getattr(value, "route", value))
#: What tells a state (an alert, a badge, a status, how much somebody may see, a bar) and would be told by colour alone.
_BY_COLOUR_ALONE = """[...document.querySelectorAll('.alert, .badge, .status, .extent, .bar')].filter(
    one => !(one.textContent.trim() || one.closest('td, li')?.textContent.trim())).map(one => one.outerHTML)"""
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


@pytest.mark.parametrize("page", pages_of(CITIZEN), ids=lambda page: page.route)
def test_a_citizens_page_says_the_same_without_scripts(browser: Browser, family: Family, page: Opened) -> None:
    cookies, path, said = family.cookies_of(ROLES[CITIZEN]), family.address(page.route), []
    with a_visit(browser, family.url, cookies=cookies) as visit:
        answer = visit.page.request.get(path)  # once: who has seen the plan is another list once it has been read
        status, body, headers = answer.status, answer.body(), answer.headers
    for runs_scripts in (True, False):
        with a_visit(browser, family.url, cookies=cookies, java_script_enabled=runs_scripts) as visit:
            visit.page.route(f"**{path}", lambda route: route.fulfill(status=status, body=body, headers=headers))
            assert visit.opens(path) == page.status
            said.append(visit.page.locator("main").inner_text())
            assert visit.complaints == []
    assert said[0] == said[1] != ""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@each_page
def test_in_colours_of_ones_own_every_state_is_seen(
    browser: Browser, family: Family, role: str, page: Opened, dark: bool
) -> None:
    scheme = "dark" if dark else "light"
    cookies = family.cookies_of(ROLES[role])
    with a_visit(browser, family.url, cookies=cookies, forced_colors="active", color_scheme=scheme) as visit:
        visit.opens(family.address(page.route))
        visit.unfolds()
        assert visit.says("matchMedia('(forced-colors: active)').matches")
        assert visit.says(_BY_COLOUR_ALONE) == []
        assert visit.says(_UNSEEN) == []


@each_page
def test_on_paper_stands_what_is_on_the_screen_without_what_is_pressed(
    browser: Browser, family: Family, role: str, page: Opened
) -> None:
    with a_visit(browser, family.url, cookies=family.cookies_of(ROLES[role])) as visit:
        visit.opens(family.address(page.route))
        heading = visit.page.inner_text("h1")
        visit.page.emulate_media(media="print")
        assert visit.page.locator("h1").is_visible()
        assert visit.page.inner_text("h1") == heading
        assert not visit.page.locator("header").is_visible()
        assert not visit.page.locator(".skipnav").is_visible()
        assert visit.page.locator("main button:visible").count() == 0, "nothing to press on paper"
        paper = visit.page.pdf(format="A4", tagged=True)
        assert paper.startswith(b"%PDF-")
        assert b"/StructTreeRoot" in paper, "a screen reader finds its way in the file too"
        assert paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page/") <= 12


@each_page
def test_text_can_be_twice_as_large(browser: Browser, family: Family, role: str, page: Opened) -> None:
    with a_visit(browser, family.url, cookies=family.cookies_of(ROLES[role])) as visit:
        visit.opens(family.address(page.route))
        visit.says("document.documentElement.style.fontSize = '20px'")  # the design system's is 10
        visit.unfolds()
        assert not visit.scrolls_sideways()
