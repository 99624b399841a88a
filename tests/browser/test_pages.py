"""The pages in a real Chromium: they sign in, fit a narrow screen, and give the browser nothing to complain of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Chromium, a_chromium
from tests.integration.api.served import Served, served

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


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Chromium]:
    with a_chromium(tmp_path / "profile") as browser:
        browser.prefers("da")
        yield browser


@pytest.mark.parametrize("width", [320, 1280])
def test_a_coordinator_signs_in_finds_a_plan_reads_it_and_signs_out(hub: Served, tab: Chromium, width: int) -> None:
    cpr, opened = hub.opens_plan(name=LONG)
    hub.sends(cpr, *ELEMENTS)
    tab.is_wide(width)

    def is_whole(address: str) -> None:
        assert tab.says("location.pathname") == address
        assert tab.says("document.documentElement.scrollWidth") <= width, "nobody scrolls sideways"
        assert tab.says("getComputedStyle(document.querySelector('header .container')).display") == "flex", "our style"
        assert "IBM Plex" in tab.says("getComputedStyle(document.body).fontFamily"), "the design system's"

    tab.opens(f"{hub.url}/coordinator")
    is_whole("/sign-in")
    tab.sends("main form", token=hub.tokens["coordinator"])
    is_whole("/coordinator")
    tab.sends("main form", cpr=cpr)
    is_whole(f"/coordinator/plans/{opened['plan']}")
    assert tab.says("document.querySelectorAll('article').length") == len(ELEMENTS)
    tab.says("document.querySelectorAll('details').forEach(one => { one.open = true })")
    is_whole(f"/coordinator/plans/{opened['plan']}")
    assert tab.says("document.cookie") == "", "no script sees the session"
    tab.sends("header form")
    is_whole("/sign-in")
    tab.opens(f"{hub.url}/coordinator")
    is_whole("/sign-in")
    assert tab.complaints == []


def test_the_first_stop_of_the_keyboard_leads_past_the_top(hub: Served, tab: Chromium) -> None:
    tab.opens(f"{hub.url}/sign-in")
    tab.presses("Tab")
    assert tab.says("document.activeElement.getAttribute('href')") == "#content"
    assert tab.says("document.activeElement.getBoundingClientRect().left") >= 0, "it shows when it is reached"
    assert tab.says("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_a_script_in_a_page_would_not_run(hub: Served, tab: Chromium) -> None:
    tab.opens(f"{hub.url}/sign-in")
    tab.says("""{
        const added = document.createElement('script'); added.textContent = 'window.ran = true';
        document.body.append(added);
    }""")
    assert tab.says("window.ran === undefined")
    assert any("Content Security Policy" in one for one in tab.complaints)


@pytest.mark.parametrize(("width", "language"), [(320, "da"), (1280, "en")])
def test_the_proof_of_a_revocation_fits_and_prints(hub: Served, tab: Chromium, width: int, language: str) -> None:
    cpr, opened = hub.opens_plan(name=LONG)
    hub.sends(cpr, *ELEMENTS)
    sharing = {"kind": "sharing", "plan": opened["plan"], "sources": ["*"], "recipients": ["*"], "categories": ["*"]}
    consent = hub.ask("coordinator", "POST", "/consents", sharing).json()["consent"]
    hub.ask("coordinator", "POST", f"/consents/{consent}/withdraw")
    tab.is_wide(width)
    tab.prefers(language)
    tab.opens(f"{hub.url}/coordinator")
    tab.sends("main form", token=hub.tokens["coordinator"])
    address = f"/coordinator/consents/{consent}/proof"
    tab.opens(f"{hub.url}{address}")
    assert tab.says("location.pathname") == address
    assert tab.says("document.documentElement.lang") == language
    assert tab.says("document.documentElement.scrollWidth") <= width, "nobody scrolls sideways"
    assert consent in tab.says("document.body.innerText")
    if os.environ.get("HUB_TEST_PICTURES"):
        Path(os.environ["HUB_TEST_PICTURES"], f"proof-{width}-{language}.png").write_bytes(tab.picture())
