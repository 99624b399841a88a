"""Signing in at an identity provider of another site, in a real Chromium: what browsers make of cookies and forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.family import Family, a_family
from tests.browser.visit import LANGUAGES, NARROW, a_visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.integration, pytest.mark.browser]


# In real time, as the provider is; localhost and 127.0.0.1 are two sites to a browser, as a provider and a hub are.
@pytest.fixture(scope="module")
def family(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Family]:
    with a_family(tmp_path_factory.mktemp("family")) as known:
        yield known


def test_a_coordinator_comes_back_from_another_site_and_is_signed_in(browser: Browser, family: Family) -> None:
    wanted = f"{family.url}{family.address('/coordinator/plans/{plan}')}"
    with a_visit(browser, family.url) as visit:
        visit.opens(wanted)
        visit.page.locator("main a.button").click()
        assert visit.page.url.startswith(family.provider.url), "another site"
        assert "Sandbox." in visit.page.inner_text("body")
        visit.page.locator("button[value=karen]").click()
        visit.page.wait_for_url(wanted)
        assert visit.page.inner_text("h1") == "Kirsten Test Berggren"
        assert visit.says("document.cookie") == "", "no script sees the session"
        visit.page.locator("header form button").click()
        visit.page.wait_for_url(f"{family.url}/sign-in?left=yes")
        visit.opens(wanted)
        assert visit.path() == "/sign-in"
        assert visit.complaints == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_has_several_roles_chooses_on_a_page_that_shuts_nobody_out(
    browser: Browser, family: Family, axe: str, language: str
) -> None:
    with a_visit(browser, family.url, language=language, width=NARROW) as visit:
        visit.opens("/sign-in")
        visit.page.locator("main a.button").click()
        visit.page.locator("button[value=ditte]").click()
        assert visit.page.locator("button[name=offer]").count() == 2
        assert visit.barriers(axe) == []
        visit.page.locator('button[name=offer][value="1"]').click()
        visit.page.wait_for_url(f"{family.url}/coordinator")
        assert visit.complaints == []


@pytest.mark.parametrize("sub", ["uffe", "lone", "nina"])
def test_who_gets_no_further_is_told_so_on_a_page_that_shuts_nobody_out(
    browser: Browser, family: Family, axe: str, sub: str
) -> None:
    with a_visit(browser, family.url, width=NARROW) as visit:
        visit.opens("/sign-in")
        visit.page.locator("main a.button").click()
        visit.page.locator(f"button[value={sub}]").click()
        visit.page.wait_for_url(f"{family.url}/sign-in/back?*")
        assert visit.barriers(axe) + visit.complaints == []
