"""What counting costs: a read of a plan from a hub that counts, beside the same while it does not.

In processor time of the hub's own process, which says the same whatever else the machine does meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from time import process_time
from typing import Any

from bench.measure import Aim, Better, Row, Turn, in_turns
from bench.programs import Answer, Program
from bench.set_ups import Servers, SetUp, each
from bench.view import read_often
from bench.views import SEEN, Address, hub_view
from hub.api.measured import Measured
from hub.metrics.counts import Counts

AIM = Aim(Better.LOWER, 1.05)
READINGS = 60  # in a round
_ROUNDS = 12
_COUNTING = {
    (Counts, "add"): Counts.add,
    (Counts, "observe"): Counts.observe,
    (Counts, "take"): Counts.take,
    (Measured, "__call__"): Measured.__call__,
}


def rows(servers: Servers | None) -> Iterator[Row]:
    """Measure the embedded set-up, and the one with servers where there are some."""
    for set_up in each(servers):
        yield from _rows(set_up)


def _rows(set_up: SetUp) -> Iterator[Row]:
    with ExitStack() as stack:
        program = stack.enter_context(Program(switched_view, set_up))
        counting, silent = in_turns([_turn(program, counts=True), _turn(program, counts=False)], _ROUNDS)
        yield Row(
            f"GET a plan of {SEEN}, counted, {set_up.name}", "not counted", "ms of processor", counting, silent, AIM
        )


def _turn(program: Program, *, counts: bool) -> Turn:
    def milliseconds() -> float:
        begun = program.ask("counts" if counts else "silent")
        read_often(begun.address, READINGS)
        return float(1000 * (program.ask("").at - begun.at) / READINGS)

    return milliseconds


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a plan is read, and how much time of the processor its hub has taken until now, seconds."""

    address: Address
    at: float


@contextmanager
def switched_view(set_up: SetUp) -> Iterator[Answer]:
    """Serve the hub's API over a plan; each question may say whether it counts from now on."""
    with hub_view(set_up) as address:

        def switch(question: Any) -> Stand:
            if question:
                for (kind, name), real in _COUNTING.items():
                    setattr(kind, name, real if question == "counts" else _SILENT[name])
            return Stand(address(question), process_time())

        yield switch


def _nothing(*_: Any, **__: Any) -> None:
    """Count nothing."""


def _passed_on(measured: Any, scope: Any, receive: Any, send: Any) -> Any:
    """Let a request through, as if nobody stood there."""
    return measured._app(scope, receive, send)


_SILENT = {"add": _nothing, "observe": _nothing, "take": _nothing, "__call__": _passed_on}
