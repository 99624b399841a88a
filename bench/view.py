"""GET /plans/{id}, filtered by consents and audited, beside a bare FastAPI route, on both set-ups."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from http.client import HTTPConnection
from urllib.parse import urlsplit

from bench.measure import Aim, Better, Row, Turn, in_turns
from bench.programs import Program
from bench.set_ups import Servers, SetUp, embedded, operated
from bench.views import SEEN, Address, bare_view, hub_view
from hub.clock import monotonic

AIM = Aim(Better.HIGHER, 0.5)
_ROUNDS = 6
_READINGS = 24  # in a round, by all readers together
_READERS = (1, 4)


def rows(servers: Servers | None) -> Iterator[Row]:
    """Measure the embedded set-up, and the one with servers where there are some."""
    yield from _rows(embedded())
    if servers:
        yield from _rows(operated(servers))


def _rows(opened: AbstractContextManager[SetUp]) -> Iterator[Row]:
    with ExitStack() as stack:
        set_up = stack.enter_context(opened)
        ours = stack.enter_context(Program(hub_view, set_up)).ask("address")
        theirs = stack.enter_context(Program(bare_view, set_up)).ask("address")
        for readers in _READERS:
            hub, bare = in_turns([_turn(ours, readers), _turn(theirs, readers)], _ROUNDS)
            at_once = "1 reader" if readers == 1 else f"{readers} readers at once"
            yield Row(
                f"GET a plan of {SEEN}, {at_once}, {set_up.name}", "bare FastAPI route", "reads/s", hub, bare, AIM
            )


def _turn(address: Address, readers: int) -> Turn:
    """Return a turn in which some readers, each on a connection of its own, read one time after the other."""

    def rate() -> float:
        with ThreadPoolExecutor(readers) as pool:
            start = monotonic()
            list(pool.map(read_often, [address] * readers, [_READINGS // readers] * readers))
            return _READINGS / (monotonic() - start)

    return rate


def read_often(address: Address, times: int) -> None:
    """Read a plan again and again over one connection. :raises AssertionError: it is not the plan."""
    connection = HTTPConnection(urlsplit(address.url).netloc, timeout=20)
    for _ in range(times):
        connection.request("GET", address.path, headers={"Authorization": f"Bearer {address.token}"})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or body.count(b'"registered_at"') != SEEN:
            raise AssertionError(f"A server of the benchmark answered {answer.status}, or another plan.")
    connection.close()
