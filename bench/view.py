"""GET /plans/{id}, filtered by consents and audited, beside a bare FastAPI route, on both set-ups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPConnection
from urllib.parse import urlsplit

from bench.measure import Aim, Better, Row, Turn, in_turns
from bench.programs import Program
from bench.set_ups import Servers, SetUp, each
from bench.views import SEEN, Address, bare_view, hub_view
from hub.clock import monotonic

AIM = Aim(Better.HIGHER, 0.5)
_ROUNDS = 15
_READINGS = 24  # in a round, by all readers together
_READERS = (1, 4)


def rows(servers: Servers | None) -> Iterator[Row]:
    """Measure the embedded set-up, and the one with servers where there are some."""
    for set_up in each(servers):
        yield from _rows(set_up)


def _rows(set_up: SetUp) -> Iterator[Row]:
    with ExitStack() as stack:
        ours = stack.enter_context(Program(hub_view, set_up)).ask("address")
        theirs = stack.enter_context(Program(bare_view, set_up)).ask("address")
        for at_once, hub, bare in by_readers(ours, theirs, _READINGS):
            what = f"GET a plan of {SEEN}, {at_once}, {set_up.name}"
            yield Row(what, "bare FastAPI route", "reads/s", hub, bare, AIM)


def by_readers(ours: Address, theirs: Address, readings: int) -> Iterator[tuple[str, Sequence[float], Sequence[float]]]:
    """Let one reader, and then four at once, read here and there by turns; give who reads, and the readings a second.

    :param readings: in a round, by all readers together.
    """
    for readers in _READERS:
        hub, other = in_turns([_turn(ours, readers, readings), _turn(theirs, readers, readings)], _ROUNDS)
        yield "1 reader" if readers == 1 else f"{readers} readers at once", hub, other


def _turn(address: Address, readers: int, readings: int) -> Turn:
    """Return a turn in which some readers, each on a connection of its own, read one time after the other."""

    def rate() -> float:
        with ThreadPoolExecutor(readers) as pool:
            start = monotonic()
            list(pool.map(read_often, [address] * readers, [readings // readers] * readers))
            return readings / (monotonic() - start)

    return rate


def read_often(address: Address, times: int) -> None:
    """Read a plan again and again over one connection. :raises AssertionError: it is not the plan."""
    connection = HTTPConnection(urlsplit(address.url).netloc, timeout=20)
    headers = {"Authorization": f"Bearer {address.token}", "Accept": address.accept}
    for _ in range(times):
        connection.request("GET", address.path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or sum(body.count(mark) for mark in address.marks) != SEEN:
            raise AssertionError(f"A server of the benchmark answered {answer.status}, or another plan.")
    connection.close()
