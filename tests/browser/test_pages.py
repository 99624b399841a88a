"""What only a real browser can tell: our style is in force, long words break, no script sees the session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.visit import NARROW, WIDE, a_visit
from tests.integration.api.served import Served, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.integration, pytest.mark.browser]
LONG = "Sammenhængende" * 12
ELEMENTS = (
    {"id": "g", "title": "Job i en butik"},
    {"id": "s", "kind": "sub-goal", "title": LONG, "part_of": "g"},
    {"id": "a", "kind": "activity", "category": "activities", "title": "Mentor", "part_of": "s"},
    {"id": "m", "kind": "appointment", "category": "appointments", "title": "Samtale om praktik"},
    {"id": "n", "kind": "need", "category": "needs", "title": "Aflastning"},
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(f"sqlite:///{tmp_path_factory.mktemp('pages') / 'hub.db'}") as running:
        yield running


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_a_plan_of_long_words_fits_in_our_style_and_no_script_sees_the_session(
    hub: Served, browser: Browser, width: int
) -> None:
    cpr, opened = hub.opens_plan(name=LONG)
    hub.sends(cpr, *ELEMENTS)
    with a_visit(browser, hub.url, width=width) as visit:
        visit.opens("/coordinator")
        visit.page.locator("input[name=token]").fill(hub.tokens["coordinator"])
        visit.clicks("main form button")
        visit.page.locator("input[name=cpr]").fill(cpr)
        visit.clicks("main form button")
        assert visit.path() == f"/coordinator/plans/{opened['plan']}"
        assert visit.page.locator("article").count() == len(ELEMENTS)
        assert visit.says("getComputedStyle(document.querySelector('header .container')).display") == "flex", "our own"
        assert "IBM Plex" in visit.says("getComputedStyle(document.body).fontFamily"), "the design system's"
        assert not visit.scrolls_sideways()
        visit.unfolds()
        assert not visit.scrolls_sideways()
        assert visit.says("document.cookie") == ""
        visit.clicks("header form button")
        assert visit.path() == "/sign-in"
        visit.opens("/coordinator")
        assert visit.path() == "/sign-in"
        assert visit.complaints == []
