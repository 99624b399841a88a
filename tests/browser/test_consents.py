"""A citizen's consents by the keyboard alone and without scripts; and whoever leaves on the way has changed nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.family import ROLES, Family
from tests.browser.pages import CITIZEN
from tests.browser.stops import goes_to, presses
from tests.browser.visit import LANGUAGES, NARROW, WIDE, Visit, a_visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.integration, pytest.mark.browser]
CARDS, CHECK = "/citizen/consents", "/citizen/consents/{plan}/check"


def is_shared(family: Family) -> Mapping[str, Any]:
    """Return what is written down of Kirsten's consents, and what each recipient may see by them."""
    plan = family.addresses["plan"]
    asked = (f"/consents?plan={plan}", f"/plans/{plan}/who-can-see")
    answers = [family.hub.ask("coordinator", "GET", path) for path in asked]
    assert all(one.is_success for one in answers), [one.text for one in answers]
    return {path: _timeless(one.json()) for path, one in zip(asked, answers, strict=True)}


def topics_seen(visit: Visit) -> list[str]:
    """Return what of each topic somebody sees, as the table of who knows what shows it."""
    visit.opens("/citizen/who-can-see")
    cells: list[str] = visit.page.locator("table.who td .extent:not(.none) summary").all_inner_texts()
    return cells


def _timeless(value: Any) -> Any:
    """Leave out when an answer was given."""
    return {name: part for name, part in value.items() if name != "as_of"} if isinstance(value, dict) else value


def comes_to_the_check(visit: Visit, family: Family, *topics: str) -> None:
    """Go as far as the page that checks a yes to employment services."""
    visit.opens(CARDS)
    form = visit.page.locator("form[action$='/answer']:has(input[value=employment])")
    visit.clicks(form.locator("button[value=yes]"))
    for topic in topics:
        visit.page.locator(f"#category-{topic}").check()
    visit.page.locator("#months-3").check()
    visit.clicks("form[action$='/check'] button")
    assert visit.path() == family.address(CHECK)


def by_its_button(visit: Visit, family: Family) -> None:
    comes_to_the_check(visit, family, "goals")
    visit.clicks("form[action$='/confirm'] button[value=no]")
    assert visit.path().endswith("/unchanged")


def by_the_browsers_back(visit: Visit, family: Family) -> None:
    comes_to_the_check(visit, family, "goals")
    for _ in range(2):
        with suppress(Exception):  # to a page that a form has brought Chromium asks first; nobody says yes here
            visit.page.go_back()


def by_the_link_to_the_cards(visit: Visit, family: Family) -> None:
    visit.opens(CARDS)
    visit.clicks("form[action$='/answer']:has(input[value=employment]) button[value=yes]")
    visit.clicks("a[href$='/unchanged']")
    assert visit.path().endswith("/unchanged")


def by_closing_the_window(visit: Visit, family: Family) -> None:
    comes_to_the_check(visit, family, "goals", "appointments")
    visit.page.close()


def by_loading_again(visit: Visit, family: Family) -> None:
    comes_to_the_check(visit, family, "goals")
    visit.page.reload()
    visit.opens(family.address(CHECK))


def from_a_withdrawal(visit: Visit, family: Family) -> None:
    visit.opens(CARDS)
    visit.clicks(f"form:has(input[value='{family.addresses['given']}']) button[value=withdraw]")
    visit.clicks("form[action$='/confirm'] button[value=no]")
    assert visit.path().endswith("/unchanged")


@pytest.mark.parametrize("runs_scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize(
    "leaves",
    [
        by_its_button,
        by_the_browsers_back,
        by_the_link_to_the_cards,
        by_closing_the_window,
        by_loading_again,
        from_a_withdrawal,
    ],
)
def test_cancelling_never_changes_what_is_shared(
    browser: Browser, family: Family, leaves: Callable[[Visit, Family], None], runs_scripts: bool
) -> None:
    before, cookies = is_shared(family), family.cookies_of(ROLES[CITIZEN])
    with a_visit(browser, family.url, cookies=cookies, java_script_enabled=runs_scripts) as visit:
        leaves(visit, family)
    assert is_shared(family) == before


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_yes_and_no_weigh_the_same_and_nobody_is_shut_out_on_the_way(
    browser: Browser, family: Family, axe: str, width: int, language: str
) -> None:
    looks = """buttons => buttons.map(one => { const style = getComputedStyle(one), place = one.getBoundingClientRect();
        return [style.color, style.backgroundColor, style.borderColor, style.fontSize, style.fontWeight, place.height];
    })"""
    cookies = family.cookies_of(ROLES[CITIZEN])
    with a_visit(browser, family.url, language=language, width=width, cookies=cookies) as visit:
        visit.opens(CARDS)
        assert visit.page.locator("form[action$='/answer']").count() >= 2
        for form in visit.page.locator("form[action$='/answer']").all():
            yes, no = form.locator("button").evaluate_all(looks)
            assert yes == no
        visit.clicks("form[action$='/answer']:has(input[value=employment]) button[value=yes]")
        assert visit.barriers(axe) == [], "the page that asks"
        comes_to_the_check(visit, family, "goals")
        yes, no = visit.page.locator("form[action$='/confirm'] button").evaluate_all(looks)
        assert yes == no
        assert visit.barriers(axe) + visit.complaints == []


def test_a_consent_is_given_and_taken_back_by_the_keyboard_alone(browser: Browser, family: Family, axe: str) -> None:
    with a_visit(browser, family.url, language="da", cookies=family.cookies_of(ROLES[CITIZEN])) as visit:
        before = topics_seen(visit)
        visit.opens("/citizen")
        presses(visit, "Mine samtykker", CARDS)
        presses(visit, "Ja, giv lov: Beskæftigelse", "/answer")
        assert visit.barriers(axe) == [], "the page that asks"
        visit.page.reload()  # what was unfolded or focused is as it was; a form that is loaded again is asked again
        goes_to(visit, "category-goals", by="name")
        visit.page.keyboard.press("Space")
        goes_to(visit, "months", by="name")
        visit.page.keyboard.press("Space")
        presses(visit, "Se, hvad det betyder", "/check")
        goes_to(visit, "answer", by="name")  # yes comes first, and nothing else on the page can be answered
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**/receipts/*")
        assert visit.page.inner_text("h1") == "Du har sagt ja"
        given = topics_seen(visit)
        assert len(given) == len(before) + 2, "the system of employment services, and their caseworkers in the hub"
        visit.opens(CARDS)
        presses(visit, "Træk samtykket tilbage: Ja: Beskæftigelse må se mål", "/change")
        goes_to(visit, "answer", by="name")
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url("**/receipts/*")
        assert visit.barriers(axe) + visit.complaints == []
        assert topics_seen(visit) == before
