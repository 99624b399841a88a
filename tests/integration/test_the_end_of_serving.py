"""``hub serve`` that is told to stop: who waits is answered, and nobody waits for them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from hub.cli.town import SetUp, Town
from hub.clock import monotonic
from tests.integration.ui.provider import comes_back, is_sent_back, starts
from tests.integration.ui.visitor import Visitor

pytestmark = pytest.mark.integration

#: How long readers ask to wait, and how long the end may take at most.
WAIT_SECONDS, END_SECONDS = 30, 8


@pytest.mark.slow
def test_the_hub_ends_at_once_though_readers_of_feeds_wait(tmp_path: Path) -> None:
    set_up = SetUp(authorities={"children": {"delivery": "feed"}}, settings={"feed_wait_seconds": WAIT_SECONDS})
    with Town(tmp_path, set_up) as town, ThreadPoolExecutor(2) as pool:
        have_asked = threading.Barrier(3)

        def reads() -> httpx.Response:
            with httpx.Client(timeout=2 * WAIT_SECONDS) as client:
                headers = {"Authorization": f"Bearer {town.tokens['children']}"}
                assert client.get(town.url("hub") + "/feed", headers=headers).status_code == 200
                have_asked.wait()
                return client.get(town.url("hub") + f"/feed?wait={WAIT_SECONDS}", headers=headers)

        readers = [pool.submit(reads) for _ in range(2)]
        have_asked.wait()
        threading.Event().wait(1)
        assert not any(reader.done() for reader in readers)
        process = town.programs["hub"].process
        assert process is not None
        began = monotonic()
        process.terminate()
        for answer in (reader.result() for reader in readers):
            assert (answer.status_code, answer.json()) == (200, []), "to whom nothing has come: as if the time were up"
            assert answer.headers["connection"] == "close"
        process.wait(WAIT_SECONDS)
        assert monotonic() - began < END_SECONDS


@pytest.mark.slow
def test_the_hub_ends_at_once_though_pages_listen(tmp_path: Path) -> None:
    with Town(tmp_path) as town, Visitor(town.url("hub")) as operator:
        told = is_sent_back(town.url("identity"), starts(operator, "/operations"), "olav")
        assert comes_back(operator, **told).status_code == 200
        with operator.client.stream("GET", "/operations/bell") as answer:
            lines = answer.iter_lines()
            assert next(lines) == "event: moved"
            process = town.programs["hub"].process
            assert process is not None
            began = monotonic()
            process.terminate()
            assert set(lines) <= {"event: moved", "data:", "", ":"}, "it ends as a stream ends"
        process.wait(WAIT_SECONDS)
        assert monotonic() - began < END_SECONDS
