"""Signing in at an identity provider of another site, in a real Chromium: what browsers make of cookies and forms."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Chromium, a_chromium
from tests.integration.api.served import ANNA_CPR, Served
from tests.integration.sandboxes import Sandbox, a_sandbox
from tests.integration.set_up import eventually
from tests.integration.ui.provider import a_hub_with, registers

pytestmark = [pytest.mark.integration, pytest.mark.browser]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    # localhost and 127.0.0.1 are two sites to a browser, as a provider and a hub are.
    with a_sandbox("identity", tmp_path_factory.mktemp("identity"), "--host", "localhost") as running:
        yield running


@pytest.fixture(scope="module")
def hub(provider: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with a_hub_with(f"sqlite:///{tmp_path_factory.mktemp('pages') / 'hub.db'}", provider.url) as running:
        registers(provider, running)
        yield running


@pytest.fixture
def tab(tmp_path: Path) -> Iterator[Chromium]:
    with a_chromium(tmp_path / "profile") as browser:
        browser.prefers("da")
        yield browser


def comes_to(tab: Chromium, address: str) -> None:
    """Wait until the tab has come to a page, by whatever way."""

    def is_there() -> bool:
        try:
            return bool(tab.says(f"document.readyState === 'complete' && location.href === {address!r}"))
        except AssertionError:  # between two pages there is none to ask
            return False

    eventually(is_there)


def chooses(tab: Chromium, provider: Sandbox, sub: str) -> None:
    """Press somebody's button at the provider."""
    eventually(lambda: tab.says("location.pathname === '/authorize' && document.readyState === 'complete'"))
    assert "Sandbox." in tab.says("document.body.innerText")
    tab.says(f"document.querySelector('button[value={sub}]').click()")


def test_a_coordinator_comes_back_from_another_site_and_is_signed_in(
    hub: Served, provider: Sandbox, tab: Chromium
) -> None:
    wanted = f"{hub.url}/coordinator/plans/{hub.plan}"
    tab.opens(wanted)
    tab.says("document.querySelector('main a.button').click()")
    chooses(tab, provider, "karen")
    comes_to(tab, wanted)
    assert "Anna Test Andersen" in tab.says("document.querySelector('h1').innerText")
    tab.opens(f"{hub.url}/coordinator")
    tab.sends("main form", cpr=ANNA_CPR)
    comes_to(tab, wanted)
    assert tab.says("document.cookie") == "", "no script sees the session"
    tab.says("document.querySelector('header form button').click()")
    comes_to(tab, f"{hub.url}/sign-in?left=yes")
    tab.opens(wanted)
    assert tab.says("location.pathname") == "/sign-in"
    assert [one for one in tab.complaints if "favicon" not in one] == []


def test_who_has_several_roles_chooses_on_a_page_of_the_hub(hub: Served, provider: Sandbox, tab: Chromium) -> None:
    tab.opens(f"{hub.url}/sign-in")
    tab.says("document.querySelector('main a.button').click()")
    chooses(tab, provider, "ditte")
    eventually(lambda: tab.says("document.querySelectorAll('button[name=offer]').length") == 2)
    tab.says("document.querySelector('button[name=offer][value=\"1\"]').click()")
    comes_to(tab, f"{hub.url}/coordinator")
