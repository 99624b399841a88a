"""Signing in at an identity provider of another site, in a real Chromium: what browsers make of cookies and forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from hub.identity.signing_in import SignIns
from tests.browser.family import Family, a_family
from tests.browser.visit import LANGUAGES, NARROW, Visit, a_visit
from tests.patience import wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.integration, pytest.mark.browser]


# In real time, as the provider is; localhost and 127.0.0.1 are two sites to a browser, as a provider and a hub are.
@pytest.fixture(scope="module")
def family(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Family]:
    with a_family(tmp_path_factory.mktemp("family")) as known:
        yield known


def signs_in(visit: Visit, wanted: str, who: str = "karen") -> None:
    """Come to a page by the provider."""
    visit.chooses(who, wanted)
    visit.page.wait_for_url(wanted)


def test_a_coordinator_comes_back_from_another_site_and_is_signed_in(browser: Browser, family: Family) -> None:
    wanted = f"{family.url}{family.address('/coordinator/plans/{plan}')}"
    with a_visit(browser, family.url) as visit:
        visit.opens(wanted)
        visit.clicks("main a.button")
        assert visit.page.url.startswith(family.provider.url), "another site"
        assert "Sandbox." in visit.page.inner_text("body")
        visit.clicks("button[value=karen]")
        visit.page.wait_for_url(wanted)
        assert visit.page.inner_text("h1") == "Kirsten Test Berggren"
        assert visit.says("document.cookie") == "", "no script sees the session"
        visit.clicks("header form button")
        visit.page.wait_for_url(f"{family.url}/sign-in?left=yes")
        visit.opens(wanted)
        assert visit.path() == "/sign-in"
        assert visit.complaints == []


@pytest.mark.parametrize(
    ("who", "page", "part"),
    [("karen", "/coordinator/plans/{plan}", "/banners"), ("olav", "/operations", "/operations/now")],
)
def test_who_signs_out_gets_to_where_a_slow_provider_ends_its_session_though_the_page_still_asks(
    browser: Browser, family: Family, monkeypatch: pytest.MonkeyPatch, who: str, page: str, part: str
) -> None:
    end_session, answers = SignIns.end_session, list[int]()

    def slowly(sign_ins: SignIns) -> str:
        answers.clear()
        wait_for(lambda: 200 in answers, bool, 15)  # the page asks each second, or each tenth
        return end_session(sign_ins)

    monkeypatch.setattr(SignIns, "end_session", slowly)
    wanted = f"{family.url}{family.address(page)}"
    with a_visit(browser, family.url) as visit:
        signs_in(visit, wanted, who)
        visit.page.on("response", lambda one: answers.append(one.status) if part in one.url else None)
        visit.clicks("header form button")
        visit.page.wait_for_url(f"{family.url}/sign-in?left=yes")
        assert 200 in answers, "the page still asked, and was told to ask again"
        assert visit.complaints == []


def test_a_plan_left_open_is_gone_soon_after_its_reader_has_signed_out_in_another_window(
    browser: Browser, family: Family
) -> None:
    wanted = f"{family.url}{family.address('/coordinator/plans/{plan}')}"
    with a_visit(browser, family.url) as visit:
        signs_in(visit, wanted)
        another = visit.page.context.new_page()
        another.goto(f"{family.url}/coordinator")
        another.locator("header form button").click()
        visit.page.wait_for_url(f"{family.url}/sign-in?next=*")
        assert visit.complaints == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_has_several_roles_chooses_on_a_page_that_shuts_nobody_out(
    browser: Browser, family: Family, axe: str, language: str
) -> None:
    with a_visit(browser, family.url, language=language, width=NARROW) as visit:
        visit.chooses("ditte")
        assert visit.page.locator("button[name=offer]").count() == 2
        assert visit.barriers(axe) == []
        visit.clicks('button[name=offer][value="1"]')
        visit.page.wait_for_url(f"{family.url}/coordinator")
        assert visit.complaints == []


@pytest.mark.parametrize("sub", ["uffe", "lone", "nina"])
def test_who_gets_no_further_is_told_so_on_a_page_that_shuts_nobody_out(
    browser: Browser, family: Family, axe: str, sub: str
) -> None:
    with a_visit(browser, family.url, width=NARROW) as visit:
        visit.chooses(sub)
        visit.page.wait_for_url(f"{family.url}/sign-in/back?*")
        assert visit.barriers(axe) + visit.complaints == []
