"""A collision is accepted in the browser, remembered, and asked about again when a side of it moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.family import ROLES, Family
from tests.browser.pages import COORDINATOR
from tests.browser.told import employment_writes
from tests.browser.visit import LANGUAGES, NARROW, Visit, a_visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.integration, pytest.mark.browser]
PAGE, REASON = "/coordinator/plans/{plan}/findings", "Kirsten vil selv gerne have begge møder på en tirsdag."
OPEN, ACCEPTED = "section[aria-labelledby=open] article", "details.past article"


def counts(visit: Visit, family: Family) -> tuple[int, int]:
    """Return how many collisions are open and how many are accepted, as the page shows them when it is opened anew."""
    assert visit.opens(family.address(PAGE)) == 200
    return visit.page.locator(OPEN).count(), visit.page.locator(ACCEPTED).count()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reason_that_says_nothing_is_asked_for_again_on_a_page_that_shuts_nobody_out(
    browser: Browser, family: Family, axe: str, language: str
) -> None:
    cookies = family.cookies_of(ROLES[COORDINATOR])
    with a_visit(browser, family.url, language=language, width=NARROW, cookies=cookies) as visit:
        before = counts(visit, family)
        visit.unfolds()
        visit.page.locator(f"{OPEN} textarea").first.fill("ok")
        visit.clicks(visit.page.locator(f"{OPEN} button").first)
        assert visit.page.locator(".form-error-message").count() == 1
        assert visit.page.locator(f"{OPEN} textarea").first.input_value() == "ok", "what was typed is not lost"
        assert visit.barriers(axe) + visit.complaints == []
        assert counts(visit, family) == before


def test_accepting_a_collision_is_remembered_until_a_side_moves(browser: Browser, family: Family, axe: str) -> None:
    cookies = family.cookies_of(ROLES[COORDINATOR])
    with a_visit(browser, family.url, cookies=cookies) as visit:
        assert counts(visit, family) == (1, 0)
        visit.unfolds()
        visit.page.locator(f"{OPEN} textarea").fill(REASON)
        visit.clicks(f"{OPEN} button")
        assert counts(visit, family) == (0, 1)
        visit.unfolds()
        assert REASON in visit.page.locator(ACCEPTED).inner_text()
        assert visit.barriers(axe) + visit.complaints == []
    with a_visit(browser, family.url, language="en", cookies=cookies) as another_window:
        assert counts(another_window, family) == (0, 1)
        employment_writes(family.hub, 3, "11:00", "11:45")
        assert counts(another_window, family) == (1, 0), "it is not the collision that was accepted"
