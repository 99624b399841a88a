"""Whole errands by the keyboard alone: Tab, Enter and what is typed; each stop is seen, and none is a trap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.family import Family, a_family
from tests.browser.stops import goes_to, presses
from tests.browser.told import KIRSTEN
from tests.browser.visit import Visit, a_visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.integration, pytest.mark.browser]


@pytest.fixture(scope="module")
def family(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Family]:
    with a_family(tmp_path_factory.mktemp("family")) as known:  # in real time: they sign in at the provider
        yield known


def signs_in(visit: Visit, called: str, home: str) -> None:
    visit.opens("/sign-in")
    goes_to(visit, "Log ind med prøvelogin")
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url("**/authorize?*")
    goes_to_button_of_the_provider(visit, called)
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(lambda url: url.endswith(home))


def goes_to_button_of_the_provider(visit: Visit, called: str) -> None:
    """Press Tab until there; what the sandbox's own page looks like is its own affair."""
    goes_to(visit, called, is_ours=False)


def test_a_coordinator_signs_in_finds_a_family_reads_a_plan_and_signs_out(browser: Browser, family: Family) -> None:
    with a_visit(browser, family.url) as visit:
        signs_in(visit, "Karen Prøve, coordinator", "/coordinator")
        goes_to(visit, "cpr")
        visit.page.keyboard.type(f"{KIRSTEN[:6]}-{KIRSTEN[6:]}")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url(f"**{family.address('/coordinator/plans/{plan}')}")
        assert visit.page.inner_text("h1") == "Kirsten Test Berggren"
        presses(visit, "Familien", family.address("/coordinator/families/{plan}"))
        presses(visit, "Lars Test Berggren", family.address("/coordinator/plans/{sons_plan}"))
        goes_to(visit, "Hvorfor kan jeg se det?")
        visit.page.keyboard.press("Enter")
        assert visit.page.locator("details[open]").count() == 1
        visit.opens("/coordinator")
        presses(visit, "Log ud", "/sign-in?left=yes")
        assert visit.complaints == []


def test_a_citizen_reads_the_own_plan_and_who_has_seen_it(browser: Browser, family: Family) -> None:
    family.hub.ask("coordinator", "GET", family.address("/plans/{plan}"))
    with a_visit(browser, family.url) as visit:
        signs_in(visit, "Kirsten Test Berggren, citizen", "/citizen")
        assert visit.page.inner_text("h1") == "Min plan"
        presses(visit, "Hvem har set min plan", "/citizen/seen")
        goes_to(visit, "Hvorfor måtte de det?")
        visit.page.keyboard.press("Enter")
        assert visit.page.locator("details[open]").inner_text().strip() != "Hvorfor måtte de det?"
        visit.opens("/citizen")
        goes_to(visit, "Luk siden hurtigt", stops=4)
        presses(visit, "Log ud", "/sign-in?left=yes")
        assert visit.complaints == []


def test_the_first_stop_leads_past_the_top(browser: Browser, family: Family) -> None:
    with a_visit(browser, family.url, cookies=family.cookies_of("karen")) as visit:
        visit.opens("/coordinator")
        goes_to(visit, "Gå til indholdet", stops=1)
        visit.page.keyboard.press("Enter")
        goes_to(visit, "cpr", stops=1)
