"""Rings rung, heard and answered: the hub's ringer and listener beside bare kombu, on the same queue; no database.

Both publish persistent and mandatory messages and wait for the broker's word batch by batch, both consume with the same
prefetch, and each message is acknowledged by itself. The hub listens to all its queues at once, knows what it has not
answered, and reads what each message says.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from kombu.connection import Connection
from kombu.messaging import Consumer

from bench.measure import Aim, Better, Row, in_turns
from bench.relay import BATCH, RINGS, published
from bench.set_ups import WORKERS, Servers, operated
from hub.clock import monotonic, new_id, now
from hub.queue.broker import Broker
from hub.queue.listener import Listener
from hub.queue.ringer import Ringer
from hub.store.lease import Ring

AIM = Aim(Better.HIGHER, 0.8)
PREFETCH = 4 * WORKERS  # as ``hub worker`` has it
_ROUNDS = 5


def rows(servers: Servers | None) -> Iterator[Row]:
    """Measure on RabbitMQ; nothing without it."""
    if servers is None:
        return
    with ExitStack() as stack:
        ours = stack.enter_context(operated(servers))
        broker = stack.enter_context(Broker(ours.broker_url, ours.prefix))
        stack.callback(broker.delete)
        ringer, listener = Ringer(broker), Listener(broker, PREFETCH)
        stack.callback(ringer.close)
        ringer.stay()  # declares the queues
        bare = stack.enter_context(Connection(ours.broker_url))
        hub, kombu = in_turns(
            [lambda: _hub_whole(broker, ringer, listener), lambda: _kombu_whole(bare, broker)], _ROUNDS
        )
        yield Row("rung, heard and answered, RabbitMQ", "kombu, confirms, acks", "rings/s", hub, kombu, AIM)
        hub, kombu = in_turns([lambda: _hub_hears(bare, broker, listener), lambda: _kombu_hears(bare, broker)], _ROUNDS)
        yield Row("heard and answered, RabbitMQ", f"kombu, prefetch {PREFETCH}, acks", "rings/s", hub, kombu, AIM)


def _hub_whole(broker: Broker, ringer: Ringer, listener: Listener) -> float:
    """Ring batch by batch, and then hear and answer all."""
    broker.purge()
    rings = [Ring(new_id(), "rest", False, now()) for _ in range(RINGS)]
    start = monotonic()
    kept = sum(len(ringer.ring(rings[first : first + BATCH])) for first in range(0, RINGS, BATCH))
    if kept != RINGS:
        raise AssertionError("Not every ring waits in a queue.")
    _hear_all(listener)
    return RINGS / (monotonic() - start)


def _kombu_whole(connection: Connection, broker: Broker) -> float:
    return RINGS / (RINGS / published(connection, broker) + _consume_all(connection, broker))


def _hub_hears(connection: Connection, broker: Broker, listener: Listener) -> float:
    published(connection, broker)
    return RINGS / _hear_all(listener)


def _kombu_hears(connection: Connection, broker: Broker) -> float:
    published(connection, broker)
    return RINGS / _consume_all(connection, broker)


def _hear_all(listener: Listener) -> float:
    """Hear and answer every ring, from the beginning to listen to the end of it; return how many seconds that took."""
    start, heard = monotonic(), 0
    while heard < RINGS:
        came = listener.hear(10)
        if not came:
            raise AssertionError("Not every ring was heard.")
        for one in came:
            listener.answer(one)
        heard += len(came)
    listener.close()  # otherwise it would take what the next in turn is to hear
    return monotonic() - start


def _consume_all(connection: Connection, broker: Broker) -> float:
    """Consume and acknowledge every message; return how many seconds that took."""
    heard = 0

    def came(message: Any) -> None:
        nonlocal heard
        message.ack()
        heard += 1

    start = monotonic()
    with connection.channel() as channel:
        queue = broker.queues["rest", False]
        consumer = Consumer(channel, [queue], on_message=came, accept=["json"], auto_declare=False)
        consumer.qos(prefetch_count=PREFETCH)
        consumer.consume()
        while heard < RINGS:
            connection.drain_events(timeout=10)
    return monotonic() - start
