"""Accept → two recipients settled, per second: the hub beside a Celery task, on both set-ups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from itertools import count

from bench import celery_deliveries, hub_deliveries
from bench.measure import Aim, Better, Row, Turn, in_turns
from bench.programs import Program
from bench.recipients import recipient
from bench.set_ups import Servers, SetUp, embedded, operated

AIM = Aim(Better.HIGHER, 0.8)
CASES = 40
_ROUNDS = 5
_UNIT = "deliveries/s"


def rows(servers: Servers | None) -> Iterator[Row]:
    """Measure the embedded set-up, and the one with servers where there are some."""
    with ExitStack() as stack:
        urls = [stack.enter_context(Program(recipient)).ask("url") for _ in hub_deliveries.RECIPIENTS]
        yield from _embedded(urls)
        if servers:
            yield from _operated(urls, lambda: operated(servers))


def _embedded(urls: list[str]) -> Iterator[Row]:
    with ExitStack() as stack:
        ours, theirs = (stack.enter_context(embedded()) for _ in range(2))
        turns = [
            _turn(stack.enter_context(Program(hub_deliveries.deliveries, ours, urls, CASES))),
            _turn(stack.enter_context(Program(celery_deliveries.deliveries, theirs, urls, CASES))),
        ]
        hub, celery = in_turns(turns, _ROUNDS)
    yield Row(f"accept → 2 settled, {ours.name}", "Celery, SQLite, memory, threads", _UNIT, hub, celery, AIM)


def _operated(urls: list[str], new: Callable[[], AbstractContextManager[SetUp]]) -> Iterator[Row]:
    with ExitStack() as stack:
        ours = stack.enter_context(new())
        stack.callback(hub_deliveries.forget_queues, ours)
        turns = [_turn(stack.enter_context(Program(hub_deliveries.deliveries, ours, urls, CASES)))]
        stack.enter_context(Program(hub_deliveries.worker, ours, urls))
        pools = ("threads", "prefork")
        for pool in pools:
            theirs = stack.enter_context(new())
            stack.callback(celery_deliveries.forget_queues, theirs)
            turns.append(_turn(stack.enter_context(Program(celery_deliveries.deliveries, theirs, urls, CASES))))
            stack.enter_context(Program(celery_deliveries.worker, theirs, urls, pool))
        hub, *celery = in_turns(turns, _ROUNDS)
    for pool, rates in zip(pools, celery, strict=True):
        yield Row(f"accept → 2 settled, {ours.name}", f"Celery, same servers, {pool}", _UNIT, hub, rates, AIM)


def _turn(program: Program) -> Turn:
    """Return a turn that gives every case its next version."""
    versions = count()
    return lambda: program.ask(next(versions))
