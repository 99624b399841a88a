"""Deliveries per second: the hub beside a Celery task, and two workers beside one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count

from bench import celery_deliveries, hub_deliveries
from bench.measure import Aim, Better, Row, Turn, in_turns
from bench.programs import Program
from bench.recipients import recipient
from bench.set_ups import WORKERS, Servers, operated

AIM, AIM_OF_TWO = Aim(Better.HIGHER, 0.8), Aim(Better.HIGHER, 1.6)
CASES = 100
SLOW_SECONDS = 0.02
_ROUNDS = 5
_UNIT = "deliveries/s"


@dataclass(frozen=True, slots=True)
class _Other:
    name: str
    pool: str
    is_bare: bool = False


_THREADS = _Other("Celery, same commits, threads", "threads")
_PREFORK = _Other("Celery, same commits, prefork", "prefork")
_BARE = _Other("Celery, bare rows, threads", "threads", is_bare=True)


def rows(servers: Servers | None) -> Iterator[Row]:
    """Measure on PostgreSQL and RabbitMQ; nothing without them.

    Embedded, Celery has nothing to offer: its worker and its publisher would share one process's memory and one writer.
    """
    if servers is not None:
        yield from _beside_celery(servers)
        yield from _one_and_two(servers)


def _beside_celery(servers: Servers) -> Iterator[Row]:
    """As many deliveries at once as tasks: in one process of threads, and in more processes than one."""
    with ExitStack() as stack:
        urls = _recipients(stack, 0)
        turns = [_hub(stack, servers, urls, workers) for workers in ([WORKERS], [WORKERS // 2] * 2)]
        turns += [_celery(stack, servers, urls, other) for other in (_THREADS, _PREFORK, _BARE)]
        one, two, threads, prefork, bare = in_turns(turns, _ROUNDS)
    yield Row("due → settled, one process of 4 threads", _THREADS.name, _UNIT, one, threads, AIM)
    yield Row("due → settled, two processes of 2 threads", _PREFORK.name, _UNIT, two, prefork, AIM)
    yield Row("due → settled, one process of 4 threads", _BARE.name, _UNIT, one, bare)


def _celery(stack: ExitStack, servers: Servers, urls: list[str], other: _Other) -> Turn:
    """Return a turn that publishes every task while the worker sleeps, and then lets it work."""
    set_up = stack.enter_context(operated(servers))
    stack.callback(celery_deliveries.forget_queues, set_up)
    opener = celery_deliveries.bare_deliveries if other.is_bare else celery_deliveries.deliveries
    tasks = stack.enter_context(Program(opener, set_up, urls, CASES))
    worker = stack.enter_context(Program(celery_deliveries.worker, set_up, urls, other.pool))

    def turn() -> float:
        with worker.asleep():
            tasks.ask("publish")
        return float(tasks.ask("rate"))

    return turn


def _one_and_two(servers: Servers) -> Iterator[Row]:
    """One worker process of one thread, and two of them, when recipients take their time."""
    with ExitStack() as stack:
        urls = _recipients(stack, SLOW_SECONDS)
        turns = [_hub(stack, servers, urls, [1, 1]), _hub(stack, servers, urls, [1])]
        both, alone = in_turns(turns, _ROUNDS)
    yield Row("two workers of one thread, 20 ms a call", "one such worker", _UNIT, both, alone, AIM_OF_TWO)


def _recipients(stack: ExitStack, seconds: float) -> list[str]:
    return [str(stack.enter_context(Program(recipient, seconds)).ask("url")) for _ in hub_deliveries.RECIPIENTS]


def _hub(stack: ExitStack, servers: Servers, urls: list[str], workers: list[int]) -> Turn:
    """Return a turn that gives every case its next version, and then lets the workers deliver.

    :param workers: of each process, how many deliver at once.
    """
    set_up = stack.enter_context(operated(servers))
    stack.callback(hub_deliveries.forget_queues, set_up)
    cases = stack.enter_context(Program(hub_deliveries.cases, set_up, urls, CASES))
    programs = [stack.enter_context(Program(hub_deliveries.worker, set_up, urls, own)) for own in workers]
    versions = count()

    def turn() -> float:
        cases.ask(next(versions))
        with ThreadPoolExecutor(len(programs)) as asking:
            return float(max(asking.map(lambda program: program.ask("rate"), programs)))

    return turn
