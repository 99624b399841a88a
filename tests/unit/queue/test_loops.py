from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from hub.clock import monotonic, new_id
from hub.errors import BrokerDown, told
from hub.queue.listener import Heard
from hub.queue.running import LoopThread
from hub.queue.worker import Table, outcome_of
from tests.source import ROOT

#: A loop that fails, in a process that logs as the hub does: says whether it comes to a third turn, and how it is then.
FAILS = """
import threading
from hub.cli.log_lines import log_as_json
from hub.errors import StoreBusy
from hub.queue.running import LoopThread

class Failing:
    name, bell, turns = "failing", threading.Event(), 0
    def turn(self):
        self.turns += 1
        if self.turns == 3:
            self.bell.set()
        raise StoreBusy("The database does not answer.") if self.turns == 1 else ValueError("0201609995")

log_as_json()
loop = Failing()
thread = LoopThread(loop)
thread.start()
print(loop.bell.wait(20), thread.health()["trouble"], thread.is_alive())
"""


class Scripted:
    """A loop whose turns end as told; when the script is over, it waits to be stopped."""

    name = "scripted"

    def __init__(self, *turns: Exception | float) -> None:
        self.turns = list(turns)
        self.bell = threading.Event()
        self.is_over = threading.Event()
        self.is_closed = False

    def turn(self) -> float:
        if not self.turns:
            self.is_over.set()
            return 60
        outcome = self.turns.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def close(self) -> None:
        self.is_closed = True


def run(loop: Scripted) -> tuple[LoopThread, list[str]]:
    """Run the script to its end; return what was logged."""
    with capture_logs() as logs:
        thread = LoopThread(loop)
        thread.start()
        assert loop.is_over.wait(10)
        thread.stop()
        thread.join(10)
    assert not thread.is_alive()
    return thread, [log["event"] for log in logs]


def test_a_loop_that_meets_a_bug_says_so_and_goes_on() -> None:
    loop = Scripted(ValueError("0201609995"), 0.0)
    thread, said = run(loop)
    assert said == ["loop-failed", "loop-well-again"]
    assert thread.health()["trouble"] == ""
    assert loop.is_closed


def test_an_outage_is_logged_once_however_long_it_is() -> None:
    down = BrokerDown("It does not answer.")
    _, said = run(Scripted(down, down, down, 0.0, down))
    assert said == ["loop-held-up", "loop-well-again", "loop-held-up", "loop-well-again"]


@contextmanager
def a_log_that_breaks() -> Iterator[None]:
    """Let each line of the log end in an error, whatever it is."""

    def breaks(*_: Any) -> Any:
        raise RuntimeError

    before = structlog.get_config()["processors"]
    structlog.configure(processors=[breaks])
    try:
        yield
    finally:
        structlog.configure(processors=before)


@pytest.mark.parametrize("error", [BrokerDown("It does not answer."), ValueError("0201609995")])
def test_a_loop_whose_log_breaks_goes_on_and_shows_its_trouble(error: Exception) -> None:
    loop = Scripted(*[error] * 9)
    thread = LoopThread(loop)
    with a_log_that_breaks():
        thread.start()
        until = monotonic() + 10
        while len(loop.turns) > 6 and monotonic() < until:
            loop.is_over.wait(0.01)
        assert thread.health()["trouble"] == told(error)["code"]
        loop.turns.clear()
        assert loop.is_over.wait(10), "it does no turn any more"
        thread.stop()
        thread.join(10)
    assert (thread.health()["trouble"], loop.is_closed) == ("", True)


@pytest.mark.files
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_loop_turns_and_shows_its_trouble_though_the_disk_of_the_log_is_full() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", FAILS], stdout=subprocess.PIPE, stderr=full, text=True, check=True, cwd=ROOT
        )
    assert done.stdout.split() == ["True", "bug", "True"]


def test_a_bell_ends_a_rest() -> None:
    loop = Scripted(60.0)
    thread = LoopThread(loop)
    thread.start()
    assert not loop.is_over.wait(0.2)
    loop.bell.set()
    assert loop.is_over.wait(10)
    thread.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_what_is_told_of_an_error_holds_no_word_of_it() -> None:
    def breaks() -> None:
        raise KeyError("0201609995")

    error = outcome_of(breaks)
    assert isinstance(error, KeyError)
    said = told(error)
    assert (said["error"], said["code"]) == ("KeyError", "bug")
    assert "test_loops.py:" in said["where"]
    assert "0201609995" not in repr(said)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_only_errors_are_caught_and_no_order_to_end(kind: type[BaseException]) -> None:
    def ends() -> None:
        raise kind

    with pytest.raises(kind):
        outcome_of(ends)


def test_urgent_rings_are_taken_first_and_the_rest_in_the_order_they_came() -> None:
    table = Table()
    first, second, urgent = (Heard(new_id(), is_urgent, None) for is_urgent in (False, False, True))
    for heard in (first, second, urgent):
        table.lay(heard)
    assert [table.take(0.01) for _ in range(4)] == [urgent, first, second, None]


def test_a_ring_may_be_answered_only_when_its_delivery_is_settled() -> None:
    table, heard = Table(), Heard(new_id(), False, None)
    table.lay(heard)
    assert table.settled() == []
    assert table.take(0.01) is heard
    table.settle(heard)
    assert table.settled() == [heard]
    assert table.settled() == []
