"""GET /fhir/CarePlan/{id}/$everything, beside a naive server that is made of fhir.resources, on both set-ups."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

from bench.facades import FHIR, MARKS, naive_facade
from bench.measure import Aim, Better, Row
from bench.programs import Program
from bench.set_ups import Servers, SetUp, each
from bench.view import by_readers
from bench.views import SEEN, Address, hub_view

AIM = Aim(Better.HIGHER, 1)
_READINGS = 16  # in a round, by all readers together


def rows(servers: Servers | None) -> Iterator[Row]:
    """Measure the embedded set-up, and the one with servers where there are some."""
    for set_up in each(servers):
        yield from _rows(set_up)


def _rows(set_up: SetUp) -> Iterator[Row]:
    with ExitStack() as stack:
        plan: Address = stack.enter_context(Program(hub_view, set_up)).ask("address")
        path = f"{plan.path.replace('/plans/', '/fhir/CarePlan/')}/$everything"
        ours = replace(plan, path=path, accept=FHIR, marks=MARKS)
        theirs: Address = stack.enter_context(Program(naive_facade, set_up)).ask("address")
        for at_once, hub, naive in by_readers(ours, theirs, _READINGS):
            what = f"$everything of {SEEN}, {at_once}, {set_up.name}"
            yield Row(what, "naive fhir.resources server", "reads/s", hub, naive, AIM)
