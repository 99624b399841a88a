from __future__ import annotations

import threading

import pytest
from structlog.testing import capture_logs

from hub.clock import new_id
from hub.errors import BrokerDown, told
from hub.queue.listener import Heard
from hub.queue.running import LoopThread
from hub.queue.worker import Table, outcome_of


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
