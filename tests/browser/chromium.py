"""A real Chromium, driven over its own debugging pipe (the Chrome DevTools Protocol): no driver between."""

from __future__ import annotations

import base64
import itertools
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pytest

_CODES = {"Tab": 9}
_PAUSE = threading.Event()
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


class Chromium:
    """One tab. All that it complains of is in ``complaints``."""

    def __init__(self, commands: BinaryIO, answers: BinaryIO) -> None:
        self._commands, self._answers = commands, answers
        self._numbers = itertools.count(1)
        self._session = ""
        self._is_loaded = False
        self.complaints: list[str] = []
        target = self._asks("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._asks("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._asks(f"{domain}.enable")

    def opens(self, address: str) -> None:
        """Go to an address and wait until the page is there."""
        self._is_loaded = False
        self._asks("Page.navigate", url=address)
        self._until_loaded()

    def sends(self, form: str, **fields: str) -> None:
        """Fill in a form as a person does, press its button, and wait for the page that follows."""
        for name, value in fields.items():
            self.says(f"document.querySelector({self._quoted(f'{form} [name={name}]')}).focus()")
            self._asks("Input.insertText", text=value)
        self._is_loaded = False
        self.says(f"document.querySelector({self._quoted(f'{form} button')}).click()")
        self._until_loaded()

    def presses_button(self, selector: str) -> None:
        """Press a button, and wait for the page that follows."""
        self._is_loaded = False
        self.says(f"document.querySelector({self._quoted(selector)}).click()")
        self._until_loaded()

    def until(self, expression: str) -> None:
        """Wait until an expression is true on the page, which may go on by itself meanwhile."""
        for _ in range(200):
            # Between two pages there is nobody to answer.
            answer = self._asks("Runtime.evaluate", expression=expression, returnByValue=True)
            if answer["result"].get("value") is True:
                return
            _PAUSE.wait(0.05)
        raise AssertionError(f"It never came to be that {expression}")

    def runs_no_scripts(self) -> None:
        """Run no script of any page from now on."""
        self._asks("Emulation.setScriptExecutionDisabled", value=True)

    def heading(self) -> str:
        """Return what the page is about, without running a script on it."""
        document = self._asks("DOM.getDocument")["root"]["nodeId"]
        node = self._asks("DOM.querySelector", nodeId=document, selector="h1")["nodeId"]
        text: str = self._asks("DOM.getOuterHTML", nodeId=node)["outerHTML"]
        return text.partition(">")[2].partition("<")[0]

    def presses(self, key: str) -> None:
        """Press a key."""
        for kind in ("keyDown", "keyUp"):
            self._asks("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=_CODES[key])

    def says(self, expression: str) -> Any:
        """Return what an expression is worth on the page."""
        answer = self._asks("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def awaits(self, expression: str) -> Any:
        """Return what the promise that an expression makes comes to."""
        answer = self._asks("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def is_wide(self, pixels: int) -> None:
        """Look through a window so many pixels wide."""
        self._asks(
            "Emulation.setDeviceMetricsOverride", width=pixels, height=900, deviceScaleFactor=1, mobile=pixels < 600
        )

    def prefers(self, language: str) -> None:
        """Ask for pages in a language."""
        self._asks("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})

    def picture(self) -> bytes:
        """Return the whole page as PNG, to look at."""
        taken = self._asks("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(taken["data"])

    def _until_loaded(self) -> None:
        while not self._is_loaded:
            self._hears()

    def _asks(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        asked: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            asked["sessionId"] = self._session
        self._commands.write(orjson.dumps(asked) + b"\0")
        self._commands.flush()
        while (answer := self._hears()).get("id") != number:
            pass
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _hears(self) -> dict[str, Any]:
        """Read the next message: an answer, or an event, which is noted."""
        message = bytearray()
        while (sign := self._answers.read(1)) != b"\0":
            assert sign, "Chromium has ended"
            message += sign
        heard: dict[str, Any] = orjson.loads(message)
        match heard.get("method"):
            case "Page.loadEventFired":
                self._is_loaded = True
            case "Runtime.exceptionThrown" | "Runtime.consoleAPICalled":
                self.complaints.append(str(heard["params"]))
            case "Log.entryAdded" if heard["params"]["entry"]["level"] in ("warning", "error"):
                self.complaints.append(heard["params"]["entry"]["text"])
        return heard

    @staticmethod
    def _quoted(text: str) -> str:
        return orjson.dumps(text).decode()


@contextmanager
def a_chromium(folder: Path) -> Iterator[Chromium]:
    """Start Chromium with an empty profile; skip where there is none, unless it is required."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        if os.environ.get("HUB_TEST_REQUIRE_BROWSER") == "1":
            raise AssertionError("HUB_TEST_REQUIRE_BROWSER=1, and there is no Chromium")
        pytest.skip(
            "there is no Chromium; install it (apt-get install chromium), or HUB_TEST_REQUIRE_BROWSER=1 to insist"
        )
    commands_out, commands_in = os.pipe()
    answers_out, answers_in = os.pipe()
    # Chromium reads commands from descriptor 3 and answers on 4; a shell puts the pipes there.
    started = subprocess.Popen(
        ["/bin/bash", "-c", f'exec "$0" "$@" 3<&{commands_out} 4>&{answers_in}', program, *_options(folder)],
        pass_fds=(commands_out, answers_in),
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    os.close(commands_out)
    os.close(answers_in)
    try:
        with open(commands_in, "wb") as commands, open(answers_out, "rb") as answers:
            yield Chromium(commands, answers)
    finally:
        started.terminate()
        started.wait(20)


def _options(folder: Path) -> list[str]:
    options = [
        "--headless", "--remote-debugging-pipe", f"--user-data-dir={folder}", "--no-first-run", "--disable-gpu",
        "--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking", "--no-proxy-server",
    ]  # fmt: skip
    return [*options, "--no-sandbox"] if os.getuid() == 0 else options  # its sandbox refuses to run as root
