"""How long from the acceptance of a message to its recipients' receipts, when the hub is idle and at half load.

A program accepts, as ``hub serve`` does, and rings at once for what it has accepted; another delivers, as
``hub worker`` does. Bare: the same request by the client alone, with its answer.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from itertools import count

import sqlalchemy as sa

from bench import hub_deliveries
from bench.hub_deliveries import RECIPIENTS, due, joined, open_case, recipients_in, settled_a_second, take_in
from bench.measure import Aim, Better, Row
from bench.programs import Answer, Program
from bench.set_ups import WORKERS, Servers, SetUp, operated
from bench.waiting import until
from hub.clock import monotonic, now
from hub.queue.broker import Broker
from hub.queue.relay import Relay
from hub.queue.running import LoopThread
from hub.store.tables import attempts
from hub.store.trace_tables import delivery_causes
from hub.store.transaction import Store

AT_IDLE, AT_HALF_LOAD = Aim(Better.LOWER, 50, "ms"), Aim(Better.LOWER, 2_000, "ms")
CASES = 60
_APART_SECONDS = 0.25  # between two messages of an idle hub
_LOAD_SECONDS = 15


def rows(servers: Servers | None) -> Iterator[Row]:
    """Measure on PostgreSQL and RabbitMQ; nothing without them."""
    if servers is None:
        return
    with ExitStack() as stack:
        urls = recipients_in(stack)
        set_up = stack.enter_context(operated(servers))
        stack.callback(hub_deliveries.forget_queues, set_up)
        door = stack.enter_context(Program(accepting, set_up, urls))
        stack.enter_context(Program(hub_deliveries.worker, set_up, urls, WORKERS))
        door.ask("burst")  # warms up
        idle = door.ask("idle")
        capacity = door.ask("burst")
        loaded = door.ask(capacity / 2)
    yield Row("accept → settled, idle: p50", "its p99", "ms", [_quantile(idle, 0.5)], [_quantile(idle, 0.99)], AT_IDLE)
    yield Row(
        f"accept → settled, half load ({capacity / 2:.0f} deliveries/s): p99",
        "its p50",
        "ms",
        [_quantile(loaded, 0.99)],
        [_quantile(loaded, 0.5)],
        AT_HALF_LOAD,
    )


@contextmanager
def accepting(set_up: SetUp, urls: Sequence[str]) -> Iterator[Answer]:
    """Accept one message after the other (``idle``), all at once (``burst``), or so many deliveries a second.

    Idle and at a rate it answers with milliseconds from each acceptance to each receipt, in a burst with deliveries a
    second.
    """
    store, authorities, versions = set_up.new_store(), joined(urls), count()
    for number in range(CASES):
        open_case(number, store, authorities)

    def accepted(number: int, version: int) -> None:
        take_in(number, version, store, authorities)

    def idle() -> list[float]:
        version, begun = next(versions), now()
        for number in range(CASES):
            accepted(number, version)
            time.sleep(_APART_SECONDS)
        until(lambda: not due(store))
        return _since_acceptance(store, begun)

    def burst() -> float:
        version, begun = next(versions), now()
        with ThreadPoolExecutor(WORKERS) as doors:
            list(doors.map(lambda number: accepted(number, version), range(CASES)))
        until(lambda: not due(store))
        return settled_a_second(store, begun)

    def at_rate(deliveries_a_second: float) -> list[float]:
        apart, start, begun = len(RECIPIENTS) / deliveries_a_second, monotonic(), now()
        version = -1
        for turn in range(int(_LOAD_SECONDS / apart)):
            version = next(versions) if turn % CASES == 0 else version
            time.sleep(max(0.0, start + turn * apart - monotonic()))
            accepted(turn % CASES, version)
        until(lambda: not due(store))
        return _since_acceptance(store, begun)

    with Broker(set_up.broker_url, set_up.prefix) as broker:
        relay = LoopThread(Relay(store, broker, set_up.settings()))
        relay.start()
        deeds = {"idle": idle, "burst": burst}
        yield lambda question: deeds[question]() if question in deeds else at_rate(question)
        relay.stop()
        relay.join()
    store.close()


def _since_acceptance(store: Store, since: datetime) -> list[float]:
    """Return milliseconds from each acceptance to the receipt of the delivery that told of it, for each recipient."""
    told = sa.and_(
        attempts.c.outbox_id == delivery_causes.c.outbox_id,
        attempts.c.mark >= delivery_causes.c.mark,
        attempts.c.outcome == "taken-in",
    )
    query = (
        sa.select(delivery_causes.c.caused_at, sa.func.min(attempts.c.finished_at))
        .join(attempts, told)
        .where(delivery_causes.c.caused_at >= since)
        .group_by(delivery_causes.c.outbox_id, delivery_causes.c.mark, delivery_causes.c.caused_at)
    )
    with store.begin(read_only=True) as unit:
        return [(ended - began) / timedelta(milliseconds=1) for began, ended in unit.connection.execute(query)]


def _quantile(found: Sequence[float], share: float) -> float:
    return sorted(found)[min(len(found) - 1, int(share * len(found)))]
