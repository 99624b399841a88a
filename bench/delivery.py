"""Deliveries per second: the hub beside a Celery task, on both set-ups, and one worker beside two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import count

from bench import celery_deliveries, hub_deliveries
from bench.measure import Aim, Better, Row, Turn, in_turns
from bench.programs import Answer, Program
from bench.recipients import recipient
from bench.set_ups import Servers, SetUp, operated

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


_OTHERS = (
    _Other("Celery, same commits, threads", "threads"),
    _Other("Celery, same commits, prefork", "prefork"),
    _Other("Celery, bare rows, threads", "threads", is_bare=True),
)


def rows(servers: Servers | None) -> Iterator[Row]:
    """Measure on PostgreSQL and RabbitMQ; nothing without them.

    Embedded, Celery has nothing to offer: its worker and its publisher would share one process's memory and one writer.
    """
    if servers is not None:
        yield from _beside_celery(lambda: operated(servers), _OTHERS)
        yield from _one_and_two(servers)


def _beside_celery(new: Callable[[], AbstractContextManager[SetUp]], others: Sequence[_Other]) -> Iterator[Row]:
    with ExitStack() as stack:
        urls = _recipients(stack, 0)
        ours = stack.enter_context(new())
        turns = [_hub(stack, ours, urls, [hub_deliveries.worker])]
        turns += [_celery(stack, stack.enter_context(new()), urls, other) for other in others]
        hub, *celery = in_turns(turns, _ROUNDS)
    for other, rates in zip(others, celery, strict=True):
        yield Row(f"due → settled, {ours.name}", other.name, _UNIT, hub, rates, None if other.is_bare else AIM)


def _celery(stack: ExitStack, set_up: SetUp, urls: list[str], other: _Other) -> Turn:
    """Return a turn that publishes every task while the worker sleeps, and then lets it work."""
    if not set_up.is_embedded:
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
        one, two = (stack.enter_context(operated(servers)) for _ in range(2))
        turns = [
            _hub(stack, two, urls, [hub_deliveries.lone_worker] * 2),
            _hub(stack, one, urls, [hub_deliveries.lone_worker]),
        ]
        both, alone = in_turns(turns, _ROUNDS)
    yield Row("two workers of one thread, 20 ms a call", "one such worker", _UNIT, both, alone, AIM_OF_TWO)


def _recipients(stack: ExitStack, seconds: float) -> list[str]:
    return [str(stack.enter_context(Program(recipient, seconds)).ask("url")) for _ in hub_deliveries.RECIPIENTS]


def _hub(
    stack: ExitStack, set_up: SetUp, urls: list[str], workers: list[Callable[..., AbstractContextManager[Answer]]]
) -> Turn:
    """Return a turn that gives every case its next version, and then lets the workers deliver."""
    if not set_up.is_embedded:
        stack.callback(hub_deliveries.forget_queues, set_up)
    cases = stack.enter_context(Program(hub_deliveries.cases, set_up, urls, CASES))
    programs = [stack.enter_context(Program(worker, set_up, urls)) for worker in workers]
    versions = count()

    def turn() -> float:
        cases.ask(next(versions))
        with ThreadPoolExecutor(len(programs)) as asking:
            return float(max(asking.map(lambda program: program.ask("rate"), programs)))

    return turn
