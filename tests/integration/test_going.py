"""``hub serve`` that is told to stop says so first, goes on answering, and lets go of kept connections."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx
import pytest

from hub.cli.town import SetUp, Town
from hub.clock import monotonic
from tests.patience import wait_for

pytestmark = pytest.mark.integration

GOING_SECONDS = 8


@pytest.mark.slow
def test_a_process_that_is_about_to_end_is_not_ready_and_answers(tmp_path: Path) -> None:
    with Town(tmp_path, SetUp(settings={"going_seconds": GOING_SECONDS})) as town, httpx.Client(timeout=20) as client:
        url, process = town.url("hub"), town.programs["hub"].process
        assert process is not None
        assert client.get(f"{url}/readyz").headers.get("connection") != "close"
        began = monotonic()
        process.terminate()
        ready = wait_for(lambda: client.get(f"{url}/readyz"), lambda answer: answer.status_code == 503, 5)
        assert (ready.status_code, ready.headers["connection"]) == (503, "close")
        assert ready.json()["next_step"] == "Send to another one."
        assert int(ready.headers["retry-after"]) > 0
        threading.Event().wait(1)
        answered = client.get(f"{url}/healthz")
        assert (answered.status_code, answered.headers["connection"]) == (200, "close")
        process.wait(20)
        assert GOING_SECONDS <= monotonic() - began < GOING_SECONDS + 8


@pytest.mark.slow
def test_told_twice_it_ends_at_once(tmp_path: Path) -> None:
    with Town(tmp_path, SetUp(settings={"going_seconds": 30})) as town:
        process = town.programs["hub"].process
        assert process is not None
        process.terminate()
        wait_for(lambda: httpx.get(f"{town.url('hub')}/readyz"), lambda answer: answer.status_code == 503, 5)
        began = monotonic()
        process.terminate()
        process.wait(20)
        assert monotonic() - began < 10
