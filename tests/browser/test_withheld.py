"""What a coordinator may not see changes nothing that a browser is given: not a byte, not a pixel, on any page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.browser.family import ROLES, Family
from tests.browser.pages import CITIZEN, COORDINATOR, pages_of
from tests.browser.told import social_services_write
from tests.browser.visit import LANGUAGES, a_visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.integration, pytest.mark.browser]


def given(browser: Browser, family: Family, language: str) -> Mapping[str, bytes]:
    """Return every page of the coordinator as it comes, and the plan's as it looks."""
    cookies, found = family.cookies_of(ROLES[COORDINATOR]), {}
    with a_visit(browser, family.url, language=language, cookies=cookies) as visit:
        for page in pages_of(COORDINATOR):
            answer = visit.page.goto(family.address(page.where))
            assert answer is not None
            assert answer.status == page.status
            assert visit.path() == family.address(page.where).partition("?")[0]
            found[page.where] = answer.body()
        visit.opens(family.address("/coordinator/plans/{plan}"))
        visit.unfolds()
        found["the plan's picture"] = visit.page.screenshot(full_page=True)
    return found


def own_plan(browser: Browser, family: Family) -> str:
    with a_visit(browser, family.url, cookies=family.cookies_of(ROLES[CITIZEN])) as visit:
        visit.opens("/citizen")
        said: str = visit.page.inner_text("main")
        return said


@pytest.mark.parametrize("language", LANGUAGES)
def test_plans_that_differ_only_in_what_is_withheld_are_the_same_pages(
    browser: Browser, family: Family, language: str
) -> None:
    clock, version = family.clock, 10 + LANGUAGES.index(language)
    assert clock is not None
    clock.advance(timedelta(minutes=5))
    before, at = given(browser, family, language), clock()
    clock.move_to(at - timedelta(minutes=2))
    social_services_write(family.hub, version, "Angst", f"Hemmeligt {version}")
    clock.move_to(at)
    assert f"Hemmeligt {version}" in own_plan(browser, family), "it was taken in, and its citizen sees it"
    after = given(browser, family, language)
    assert [name for name in before if before[name] != after[name]] == []
