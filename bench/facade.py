"""GET /fhir/CarePlan/{id}/$everything, beside a naive server that is made of fhir.resources, on both set-ups."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from http.client import HTTPConnection
from urllib.parse import urlsplit

from bench.facades import naive_facade
from bench.measure import Aim, Better, Row, Turn, in_turns
from bench.programs import Program
from bench.set_ups import Servers, SetUp, embedded, operated
from bench.views import SEEN, Address, hub_view
from hub.clock import monotonic

AIM = Aim(Better.HIGHER, 1)
_ROUNDS = 6
_READINGS = 16  # in a round, by all readers together
_READERS = (1, 4)
_OF_ELEMENTS = tuple(f'"resourceType":"{kind}"'.encode() for kind in ("Goal", "ServiceRequest", "Appointment"))


def rows(servers: Servers | None) -> Iterator[Row]:
    """Measure the embedded set-up, and the one with servers where there are some."""
    yield from _rows(embedded())
    if servers:
        yield from _rows(operated(servers))


def _rows(opened: AbstractContextManager[SetUp]) -> Iterator[Row]:
    with ExitStack() as stack:
        set_up = stack.enter_context(opened)
        plan: Address = stack.enter_context(Program(hub_view, set_up)).ask("address")
        ours = replace(plan, path=f"{plan.path.replace('/plans/', '/fhir/CarePlan/')}/$everything")
        theirs: Address = stack.enter_context(Program(naive_facade, set_up)).ask("address")
        for readers in _READERS:
            hub, naive = in_turns([_turn(ours, readers), _turn(theirs, readers)], _ROUNDS)
            at_once = "1 reader" if readers == 1 else f"{readers} readers at once"
            what = f"$everything of {SEEN}, {at_once}, {set_up.name}"
            yield Row(what, "naive fhir.resources server", "reads/s", hub, naive, AIM)


def _turn(address: Address, readers: int) -> Turn:
    """Return a turn in which some readers, each on a connection of its own, read one time after the other."""

    def rate() -> float:
        with ThreadPoolExecutor(readers) as pool:
            start = monotonic()
            list(pool.map(_read_often, [address] * readers, [_READINGS // readers] * readers))
            return _READINGS / (monotonic() - start)

    return rate


def _read_often(address: Address, times: int) -> None:
    """Read all of a plan again and again over one connection. :raises AssertionError: it is not the plan."""
    connection = HTTPConnection(urlsplit(address.url).netloc, timeout=20)
    for _ in range(times):
        headers = {"Authorization": f"Bearer {address.token}", "Accept": "application/fhir+json"}
        connection.request("GET", address.path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or sum(body.count(kind) for kind in _OF_ELEMENTS) != SEEN:
            raise AssertionError(f"A server of the benchmark answered {answer.status}, or another plan.")
    connection.close()
