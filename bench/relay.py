"""Rings per second: the relay, with its rows in the database, beside bare kombu with the same batches and confirms.

Both publish to the same quorum queues, persistent and mandatory, five hundred messages before they wait for the
broker's word on all of them. The relay takes its rows from the database before that, and writes down after it which
rings are kept; bare kombu knows its ids from the beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from kombu.connection import Connection

from bench import hub_deliveries
from bench.measure import Aim, Better, Row, in_turns
from bench.set_ups import Servers, operated
from hub.clock import monotonic, new_id, now
from hub.queue.broker import Broker
from hub.queue.relay import Relay
from hub.store.tables import outbox
from hub.store.transaction import Store

AIM = Aim(Better.HIGHER, 0.8)
RINGS = 5_000
BATCH = 500
_ROUNDS = 5
_PLANS = 50


def rows(servers: Servers | None) -> Iterator[Row]:
    """Measure on RabbitMQ; nothing without it."""
    if servers is None:
        return
    with ExitStack() as stack:
        ours = stack.enter_context(operated(servers))
        store = ours.new_store()
        stack.callback(store.close)
        broker = stack.enter_context(Broker(ours.broker_url, ours.prefix))
        stack.callback(broker.delete)
        _many_rows(store)
        relay = Relay(store, broker, ours.settings())
        stack.callback(relay.close)
        relay.turn()  # declares the queues
        bare = stack.enter_context(Connection(ours.broker_url))
        hub, kombu = in_turns([lambda: _relayed(store, broker, relay), lambda: published(bare, broker)], _ROUNDS)
    yield Row("rings of the relay, PostgreSQL, RabbitMQ", "kombu, batched confirms", "rings/s", hub, kombu, AIM)


def _many_rows(store: Store) -> None:
    """Open some plans, and give them standing rows enough for one round."""
    authorities = hub_deliveries.joined(["http://127.0.0.1:9"] * len(hub_deliveries.RECIPIENTS))
    for number in range(_PLANS):
        hub_deliveries.open_case(number, store, authorities)
    with store.begin() as unit:
        plans = list(unit.connection.execute(sa.select(outbox.c.plan_id).distinct()).scalars())
        for number in range(RINGS // len(plans)):
            for plan in plans:
                unit.outbox.ensure(plan, f"recipient-{number}", "rest", now())


def _relayed(store: Store, broker: Broker, relay: Relay) -> float:
    """Make every row due, and let the relay ring until none wants ringing."""
    broker.purge()
    with store.begin() as unit:
        plans = list(unit.connection.execute(sa.select(outbox.c.plan_id).distinct()).scalars())
        unit.outbox.mark_due(plans, now(), "c")
        wanted = unit.connection.execute(sa.select(sa.func.count()).where(outbox.c.due_at.is_not(None))).scalar_one()
    start = monotonic()
    while not relay.turn():
        pass
    seconds = monotonic() - start
    if sum(broker.depths().values()) < wanted:
        raise AssertionError("Not every ring waits in a queue.")
    return float(wanted / seconds)


def published(connection: Connection, broker: Broker) -> float:
    """Publish as many messages of the same size, batch by batch, over a channel of this round's own."""
    broker.purge()
    ids = [new_id() for _ in range(RINGS)]
    waiting: set[int] = set()
    with connection.channel() as channel:
        channel.confirm_select()
        channel.events["basic_ack"].add(lambda number, up_to: _acked(waiting, number, up_to))
        start = monotonic()
        for first in range(0, RINGS, BATCH):
            for number, one in enumerate(ids[first : first + BATCH], start=first + 1):
                waiting.add(number)
                _publish(channel, broker, one)
            while waiting:
                connection.drain_events(timeout=10)
        return RINGS / (monotonic() - start)


def _publish(channel: Any, broker: Broker, one: UUID) -> None:
    message = channel.prepare_message(
        orjson.dumps({"outbox": str(one)}).decode(),
        content_type="application/json",
        content_encoding="utf-8",
        properties={"delivery_mode": 2},
    )
    channel.basic_publish(message, broker.exchange.name, broker.queue_for("rest", False), mandatory=True)


def _acked(waiting: set[int], number: int, up_to: bool) -> None:
    if up_to:
        waiting.difference_update([one for one in waiting if one <= number])
    else:
        waiting.discard(number)
