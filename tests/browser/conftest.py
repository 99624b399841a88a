from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import a_chromium
from tests.browser.family import MORNING, Family, a_family
from tests.browser.visit import axe_source

if TYPE_CHECKING:
    from playwright.sync_api import Browser


# Not for the whole session: while Playwright runs, no other test of the same process can run an event loop of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a file of tests; each visit has a window of its own."""
    with a_chromium() as running:
        yield running


@pytest.fixture(scope="module")
def axe() -> str:
    """The judge of accessibility, as a script."""
    return axe_source()


@pytest.fixture(scope="module")
def family(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Family]:
    """A hub that knows a family, on a morning that lasts for all tests of the file."""
    with a_family(tmp_path_factory.mktemp("family"), at=MORNING) as known:
        yield known
