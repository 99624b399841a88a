"""Every page, in both languages, narrow and wide: axe finds nothing, nothing scrolls sideways, no browser complains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Chromium, a_chromium
from tests.browser.test_pages import ELEMENTS
from tests.integration.api.served import ANNA_CPR, Served
from tests.integration.sandboxes import a_sandbox
from tests.integration.ui.provider import a_hub_with, registers
from tests.npm_folder import node_with

pytestmark = [pytest.mark.integration, pytest.mark.browser]
NPM = Path(__file__).parent / "npm"
WIDTHS, LANGUAGES = (320, 1280), ("da", "en")
#: By who looks: the pages, with {plan} for the plan and {consent} for a consent that was withdrawn.
PAGES = {
    "": ("/sign-in", "/sign-in?left=yes"),
    "karen": (
        "/coordinator",
        "/coordinator/plans/{plan}",
        "/coordinator/plans/{plan}/who-can-see",
        "/coordinator/families/{plan}",
        "/coordinator/consents/{consent}/proof",
        "/coordinator/nothing",
    ),
    "mette": ("/citizen", "/citizen/seen", "/citizen/who-can-see", "/citizen/nothing"),
    "olav": ("/welcome",),
}
#: What WCAG 2.2 AA asks and axe can judge, and what is good besides.
_AXE = "axe.run(document, {resultTypes: ['violations']}).then(found => found.violations.map(one => one.id + ': ' + "
_AXE += "one.nodes.map(node => node.target.join(' ')).join(' | ')))"


@pytest.fixture(scope="module")
def axe() -> str:
    """The judge, as a script."""
    node_with(NPM)
    return (NPM / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("pages")
    with (
        a_sandbox("identity", folder) as provider,
        a_hub_with(f"sqlite:///{folder / 'hub.db'}", provider.url) as running,
    ):
        registers(provider, running)
        running.sends(ANNA_CPR, *ELEMENTS)
        yield running


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Chromium]:
    with a_chromium(tmp_path / "profile") as browser:
        yield browser


@pytest.fixture(scope="module")
def addresses(hub: Served) -> dict[str, str]:
    sharing = {
        "kind": "sharing", "plan": str(hub.plan), "sources": ["children"], "recipients": ["employment"],
        "categories": ["goals"],
    }  # fmt: skip
    consent = hub.ask("coordinator", "POST", "/consents", sharing).json()["consent"]
    hub.ask("coordinator", "POST", f"/consents/{consent}/withdraw")
    return {"plan": str(hub.plan), "consent": consent}


def signs_in(tab: Chromium, hub: Served, sub: str) -> None:
    """Choose somebody at the provider, as a person does, and wait for the first page."""
    tab.opens(f"{hub.url}/sign-in/start?next=/welcome")
    tab.presses_button(f"button[value={sub}]")
    tab.until("!location.pathname.startsWith('/sign-in') && document.readyState === 'complete'")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("sub", PAGES)
def test_nobody_is_shut_out(
    hub: Served, tab: Chromium, axe: str, addresses: dict[str, str], sub: str, language: str
) -> None:
    tab.prefers(language)
    if sub:
        signs_in(tab, hub, sub)
    found: list[str] = []
    for path in PAGES[sub]:
        for width in WIDTHS:
            tab.is_wide(width)
            tab.opens(hub.url + path.format(**addresses))
            tab.says("document.querySelectorAll('details').forEach(one => { one.open = true })")
            tab.says(axe)
            found += [f"{path} at {width}: {one}" for one in tab.awaits(_AXE)]
            if tab.says("document.documentElement.scrollWidth") > width:
                found.append(f"{path} at {width}: it scrolls sideways")
    complaints = [one for one in tab.complaints if "404" not in one]  # that of /nothing, which is asked for to see it
    assert found + complaints == []


def test_the_citizens_pages_need_no_script(hub: Served, tab: Chromium) -> None:
    tab.prefers("da")
    signs_in(tab, hub, "mette")
    tab.runs_no_scripts()
    headings = []
    for path in PAGES["mette"][:3]:
        tab.opens(hub.url + path)
        headings.append(tab.heading())
    assert headings == ["Min plan", "Hvem har set min plan", "Hvem ved hvad"]


def test_the_judge_would_say_so(hub: Served, tab: Chromium, axe: str) -> None:
    tab.opens(f"{hub.url}/sign-in")
    tab.says("void document.querySelector('main').append(document.createElement('img'))")
    tab.says(axe)
    assert [one.partition(":")[0] for one in tab.awaits(_AXE)] == ["image-alt"]
