"""Somebody at a window of the browser: opens pages, and keeps whatever the browser complains of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.npm_folder import node_with

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

NARROW, WIDE = 320, 1280
LANGUAGES = ("da", "en")
_NPM = Path(__file__).parent / "npm"
_PHONE = 600  # pixels: anything narrower is held in a hand
#: axe leaves WCAG 2.2 out unless it is asked; ``best-practice`` is what is good besides.
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_JUDGES = """rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']}).then(
    found => found.violations.map(one => one.id + ': ' + one.nodes.map(node => node.target.join(' ')).join(' | ')))"""
_OPENS_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true })"


@dataclass
class Visit:
    """One window. All that the browser complains of is in ``complaints``."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._hears)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def opens(self, path: str) -> int:
        """Go to an address; return the status of the answer."""
        answer = self.page.goto(path)
        assert answer is not None, path
        status: int = answer.status
        return status

    def stays_at(self, url: str) -> None:
        """Let no page lead or ask elsewhere from now on."""
        self.page.route(lambda wanted: not wanted.startswith(url), lambda route: route.abort("aborted"))

    def clicks(self, what: str | Locator, seconds: float = 20) -> None:
        """Click on what leads to another page, and wait until that has loaded.

        A click by itself waits until the other page begins to come: what is asked right after may be of either.
        """
        with self.page.expect_navigation(timeout=1_000 * seconds):
            (self.page.locator(what) if isinstance(what, str) else what).click(timeout=1_000 * seconds)

    def chooses(self, sub: str, path: str = "/sign-in") -> None:
        """Go to an address as nobody, and be somebody at the sandbox's provider."""
        self.opens(path)
        self.clicks("main a.button")
        self.clicks(f"button[value={sub}]")

    def path(self) -> str:
        """Return where the window is, without the host."""
        where: str = self.says("location.pathname")
        return where

    def says(self, expression: str) -> Any:
        """Return what an expression is worth on the page."""
        return self.page.evaluate(expression)

    def scrolls_sideways(self) -> bool:
        """Tell whether the page is wider than its window."""
        is_wider: bool = self.says("document.documentElement.scrollWidth > window.innerWidth")
        size = self.page.viewport_size
        return is_wider or (size is not None and self.says("document.documentElement.scrollWidth") > size["width"])

    def unfolds(self) -> None:
        """Open all that is folded."""
        self.says(_OPENS_ALL)

    def barriers(self, axe: str) -> list[str]:
        """Return what would shut somebody out of the page, with all of it unfolded."""
        self.unfolds()
        self.page.evaluate(axe)
        found: list[str] = self.page.evaluate(_JUDGES, _RULES)
        return [*found, "it scrolls sideways"] if self.scrolls_sideways() else found

    def _hears(self, message: ConsoleMessage) -> None:
        is_of_the_page_itself = message.location.get("url") == self.page.url and "status of" in message.text
        # A page that is refused or missing is looked at on purpose; what a page asks for besides must be there.
        if message.type in ("warning", "error") and not is_of_the_page_itself:
            self.complaints.append(message.text)


@contextmanager
def a_visit(
    browser: Browser,
    url: str,
    *,
    language: str = "da",
    width: int = WIDE,
    cookies: Mapping[str, str] | None = None,
    **context: Any,
) -> Iterator[Visit]:
    """Open a window of its own, with nothing known from another.

    :param cookies: of somebody who is signed in.
    :param context: further wishes of Playwright, such as ``java_script_enabled=False``.
    """
    asked: dict[str, Any] = {
        "base_url": url, "locale": language, "timezone_id": "Europe/Copenhagen",
        "viewport": {"width": width, "height": 900}, "is_mobile": width < _PHONE, **context,
    }  # fmt: skip
    opened = browser.new_context(**asked)
    opened.set_default_timeout(20_000)
    if cookies:
        opened.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    try:
        yield Visit(opened.new_page())
    finally:
        opened.close()


def axe_source() -> str:
    """Return the judge, as a script."""
    node_with(_NPM)
    return (_NPM / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
