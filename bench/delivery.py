"""Deliveries per second: the hub beside a Celery task, and two workers beside one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count

from bench import celery_deliveries, hub_deliveries
from bench.celery_deliveries import Task
from bench.measure import Aim, Better, Row, Turn, in_turns
from bench.programs import Program
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
    does: Task


_THREADS = _Other("Celery, same two commits, threads", "threads", Task.WHOLE)
_PREFORK = _Other("Celery, same two commits, prefork", "prefork", Task.WHOLE)
_WRITES = _Other("Celery, their writes alone, threads", "threads", Task.WRITES)
_BARE = _Other("Celery, bare rows, threads", "threads", Task.BARE)


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
        urls = hub_deliveries.recipients_in(stack)
        turns = [_hub(stack, servers, urls, workers) for workers in ([WORKERS], [WORKERS // 2] * 2)]
        turns += [_celery(stack, servers, urls, other) for other in (_THREADS, _PREFORK, _WRITES, _BARE)]
        one, two, threads, prefork, writes, bare = in_turns(turns, _ROUNDS)
    yield Row("due → settled, one process of 4 threads", _THREADS.name, _UNIT, one, threads, AIM)
    yield Row("due → settled, two processes of 2 threads", _PREFORK.name, _UNIT, two, prefork, AIM)
    yield Row("due → settled, one process of 4 threads", _WRITES.name, _UNIT, one, writes)
    yield Row("due → settled, one process of 4 threads", _BARE.name, _UNIT, one, bare)


def _celery(stack: ExitStack, servers: Servers, urls: list[str], other: _Other) -> Turn:
    """Return a turn that publishes every task while the worker sleeps, and then lets it work."""
    set_up = stack.enter_context(operated(servers))
    stack.callback(celery_deliveries.forget_queues, set_up)
    tasks = stack.enter_context(Program(celery_deliveries.deliveries, set_up, urls, CASES, other.does))
    worker = stack.enter_context(Program(celery_deliveries.worker, set_up, urls, other.pool))

    def turn() -> float:
        with worker.asleep():
            tasks.ask("publish")
        return float(tasks.ask("rate"))

    return turn


def _one_and_two(servers: Servers) -> Iterator[Row]:
    """One worker process of one thread, and two of them, when recipients take their time."""
    with ExitStack() as stack:
        urls = hub_deliveries.recipients_in(stack, SLOW_SECONDS)
        turns = [_hub(stack, servers, urls, [1, 1]), _hub(stack, servers, urls, [1])]
        both, alone = in_turns(turns, _ROUNDS)
    yield Row("two workers of one thread, 20 ms a call", "one such worker", _UNIT, both, alone, AIM_OF_TWO)


def _hub(stack: ExitStack, servers: Servers, urls: list[str], workers: list[int]) -> Turn:
    """Return a turn that gives every case its next version while the workers sleep, and then lets them deliver.

    :param workers: of each process, how many deliver at once.
    """
    set_up = stack.enter_context(operated(servers))
    stack.callback(hub_deliveries.forget_queues, set_up)
    cases = stack.enter_context(Program(hub_deliveries.cases, set_up, urls, CASES))
    programs = [stack.enter_context(Program(hub_deliveries.worker, set_up, urls, own)) for own in workers]
    versions = count()

    def turn() -> float:
        with ExitStack() as asleep:
            for program in programs:
                asleep.enter_context(program.asleep())
            cases.ask(next(versions))
        return float(cases.ask("rate"))

    return turn
