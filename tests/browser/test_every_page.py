"""Every page × role × language × width: axe finds nothing, nothing scrolls sideways, no browser frowns; it is light."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.browser.family import CHILD as LARS
from tests.browser.family import ROLES, Family
from tests.browser.pages import (
    ADMINISTRATOR,
    CHILD,
    CITIZEN,
    COORDINATOR,
    NO_PAGES,
    NOBODY,
    OPERATOR,
    PAGES,
    pages_of,
    routes,
)
from tests.browser.visit import LANGUAGES, NARROW, WIDE, Visit, a_visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Request

pytestmark = [pytest.mark.integration, pytest.mark.browser]
#: Compressed, at the first visit; fonts aside.
PAGE_BYTES = 150_000
EVERYBODY = {NOBODY: "", **ROLES, CHILD: LARS}


def test_every_page_is_opened_by_these_tests() -> None:
    assert routes() == {page.route for page in PAGES} | set(NO_PAGES), "a page is missing in tests/browser/pages.py"


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("role", EVERYBODY)
def test_nobody_is_shut_out(browser: Browser, family: Family, axe: str, role: str, language: str, width: int) -> None:
    cookies = family.cookies_of(EVERYBODY[role])
    with a_visit(browser, family.url, language=language, width=width, cookies=cookies) as visit:
        found: list[str] = []
        visit.stays_at(family.url)  # signing out has a page that goes on to the provider by itself
        for page in pages_of(role):
            path = family.address(page.where)
            status = visit.opens(path)
            assert (status, visit.says("document.documentElement.lang")) == (page.status, language), path
            found += [f"{path}: {one}" for one in visit.barriers(axe)]
        assert found + visit.complaints == []


@pytest.mark.parametrize("role", ROLES)
def test_what_is_another_roles_is_refused_on_a_page_that_shuts_nobody_out(
    browser: Browser, family: Family, axe: str, role: str
) -> None:
    others = [page for page in PAGES if role not in page.roles and page.status == 200 and "sign-in" not in page.route]
    with a_visit(browser, family.url, width=NARROW, cookies=family.cookies_of(ROLES[role])) as visit:
        for page in others:
            answer = visit.page.request.get(family.address(page.where), max_redirects=0)
            assert answer.status == (303 if page.route == "/welcome" else 403), page.route
        visit.opens(next(page.route for page in others if page.route in ("/coordinator", "/citizen")))
        assert visit.barriers(axe) + visit.complaints == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_what_a_form_answers_shuts_nobody_out(
    browser: Browser, family: Family, axe: str, language: str, width: int
) -> None:
    def is_clear(visit: Visit, heard: str) -> None:
        assert visit.page.locator(heard).count() == 1, visit.page.content()
        assert visit.barriers(axe) + visit.complaints == []

    with a_visit(browser, family.url, language=language, width=width) as nobody:
        nobody.opens("/sign-in")
        nobody.page.locator("input[name=token]").fill("nobody's")
        nobody.clicks("main form button")
        is_clear(nobody, ".form-error-message, .error-message, .alert-error")
    cookies = family.cookies_of(ROLES["coordinator"])
    with a_visit(browser, family.url, language=language, width=width, cookies=cookies) as karen:
        for typed in ("12", "0101701234"):
            karen.opens("/coordinator")
            karen.page.locator("input[name=cpr]").fill(typed)
            karen.clicks("main form button")
            is_clear(karen, ".form-error-message, .error-message, .alert-error")


def test_the_judge_would_say_so(browser: Browser, family: Family, axe: str) -> None:
    with a_visit(browser, family.url) as visit:
        visit.opens("/sign-in")
        visit.says("void document.querySelector('main').append(document.createElement('img'))")
        visit.says("document.querySelector('main').style.minWidth = '3000px'")
        found = [one.partition(":")[0] for one in visit.barriers(axe)]
        assert found == ["image-alt", "it scrolls sideways"]
        visit.says("void fetch('http://127.0.0.1:9/').catch(() => 0)")
        visit.says("""{
            const added = document.createElement('script'); added.textContent = 'window.ran = true';
            document.body.append(added);
        }""")
        assert visit.says("window.ran === undefined")
        assert sum("Content Security Policy" in one for one in visit.complaints) >= 2


def _into(finished: list[Request]) -> Callable[[Request], None]:
    return lambda request: finished.append(request)


@pytest.mark.parametrize("role", [NOBODY, COORDINATOR, CITIZEN, OPERATOR, ADMINISTRATOR])
def test_every_page_is_light_at_the_first_visit(browser: Browser, family: Family, role: str) -> None:
    finished: list[Request] = []
    with a_visit(browser, family.url, cookies=family.cookies_of(EVERYBODY[role])) as visit:
        visit.page.on("requestfinished", _into(finished))
        visit.page.route("**/*", lambda route: route.continue_())  # so the browser keeps nothing for the next page
        for page in pages_of(role):
            finished.clear()
            visit.page.goto(family.address(page.where), wait_until="load")
            sizes = {one.url: one.sizes()["responseBodySize"] for one in finished if one.resource_type != "font"}
            assert any(".css?" in address for address in sizes), "the style is weighed too"
            assert sum(sizes.values()) <= PAGE_BYTES, f"{page.where}: {sizes}"
