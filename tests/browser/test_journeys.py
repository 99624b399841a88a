"""Whole errands by the keyboard alone: Tab, Enter and what is typed; each stop is seen, and none is a trap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from hub.cli.contract_check import SECONDS
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


def test_an_operator_finds_what_died_and_has_it_brought_back(browser: Browser, family: Family) -> None:
    with a_visit(browser, family.url) as visit:
        signs_in(visit, "Olav Prøve, operator", "/operations")
        presses(visit, "Døde breve", "/operations/dead-letters")
        goes_to(visit, "Genafspil denne gruppe")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**/operations/replays/new?*")
        goes_to(visit, "reason", by="name")
        visit.page.keyboard.type("Modtageren har rettet fejlen hos sig selv")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**/operations/replays/*-*")
        goes_to(visit, "Start")
        visit.page.keyboard.press("Enter")
        visit.page.locator("#progress .badge-warning").wait_for()
        presses(visit, "Genafspilninger", "/operations/replays")
        presses(visit, "Log ud", "/sign-in?left=yes")
        assert visit.complaints == []


@pytest.mark.timeout(300)
def test_an_administrator_sees_requests_tries_an_adapter_and_publishes_rules(browser: Browser, family: Family) -> None:
    with a_visit(browser, family.url) as visit:
        signs_in(visit, "Anders Prøve, administrator", "/administration")
        presses(visit, "Borgernes anmodninger", "/administration/requests")
        presses(visit, "Også afsluttede", "/administration/requests?show=all")
        presses(visit, "Myndigheder", "/administration/authorities")
        goes_to(visit, "Prøv mod aftalen")
        visit.page.keyboard.press("Enter")
        visit.page.locator("main :is([role=status], [role=alert])").wait_for(timeout=1_000 * SECONDS)
        visit.opens("/administration/rules")
        goes_to(visit, "Til version 1")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**/administration/rules/drafts/*")
        goes_to(visit, "Udgiv")
        visit.page.keyboard.press("Enter")
        visit.page.locator(".badge", has_text="Udgivet").wait_for()
        assert visit.complaints == []


def test_a_coordinator_asks_to_look_into_a_dead_letter_and_is_told_that_it_is_not_theirs(
    browser: Browser, family: Family
) -> None:
    with a_visit(browser, family.url, cookies=family.cookies_of("karen")) as visit:
        visit.opens(family.address("/coordinator/dead-letters/{letter}"))
        goes_to(visit, "reason", by="name")
        visit.page.keyboard.type("Modtageren spørger, hvad den skal have")
        goes_to(visit, "Se det", stops=1)
        visit.page.keyboard.press("Enter")
        visit.page.locator("main [role=alert]").wait_for()
        assert "Intet er vist." in visit.page.inner_text("main")
        assert visit.complaints == []


def test_the_first_stop_leads_past_the_top(browser: Browser, family: Family) -> None:
    with a_visit(browser, family.url, cookies=family.cookies_of("karen")) as visit:
        visit.opens("/coordinator")
        goes_to(visit, "Gå til indholdet", stops=1)
        visit.page.keyboard.press("Enter")
        goes_to(visit, "cpr", stops=1)
