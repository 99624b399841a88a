"""The system's own Chromium, driven by Playwright, which fetches none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = ("--disable-dev-shm-usage", "--disable-background-networking", "--no-proxy-server")


@contextmanager
def a_chromium() -> Iterator[Browser]:
    """Start Chromium; skip where it or Playwright is missing, unless HUB_TEST_REQUIRE_BROWSER=1."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        _gone("there is no Chromium; install it (apt-get install chromium)")
    try:
        from playwright.sync_api import sync_playwright  # here, for only `make browser` installs it
    except ModuleNotFoundError:
        _gone("there is no Playwright; make browser installs it, and runs these tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=_OPTIONS,
            chromium_sandbox=os.getuid() != 0,  # its sandbox refuses to run as root
        )
        try:
            yield browser
        finally:
            browser.close()


def _gone(why: str) -> NoReturn:
    """Skip, or fail where a browser is required."""
    if os.environ.get("HUB_TEST_REQUIRE_BROWSER") == "1":
        raise AssertionError(f"HUB_TEST_REQUIRE_BROWSER=1, and {why}")
    pytest.skip(f"{why}; HUB_TEST_REQUIRE_BROWSER=1 insists")
