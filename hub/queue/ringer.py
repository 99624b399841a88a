"""Ring for rows of the outbox, in batches, and wait for the broker's word that each ring is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
import structlog
from amqp import spec  # type: ignore[import-untyped]
from kombu.connection import Connection

from hub.clock import monotonic
from hub.errors import BrokerDown
from hub.queue.broker import Broker, Link, is_memory
from hub.queue.confirms import Confirms
from hub.store.lease import Ring

_CONFIRM_SECONDS = 10
_PUBLISHED = "Bssbb"  # AMQP 0-9-1, basic.publish: reserved, exchange, routing key, mandatory, immediate

_log = structlog.get_logger()


class Ringer(Link):
    """What one thread rings with."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(broker)
        self._confirms = Confirms()
        self._queues: dict[UUID, str] = {}
        self._channel: Any = None
        self._is_blocked = False
        self._is_memory = False

    def ring(self, rings: Sequence[Ring]) -> frozenset[UUID]:
        """Ring for rows; return those whose ring surely waits in a queue.

        :raises BrokerDown: before all was answered; any of them may wait in a queue or not.
        """
        self._send_all(rings)
        return self.kept(rings)

    def _send_all(self, rings: Sequence[Ring]) -> None:
        """Send rings off; what became of them, ``kept`` tells.

        Not by the channel's ``basic_publish``: it looks for news from the broker before each message, which costs a
        third of the sending. ``kept`` hears the news of a whole batch.
        """
        self._queues = {ring.id: self._broker.queue_for(ring.channel, ring.is_urgent) for ring in rings}
        with self.talking():
            for ring in rings:
                self._send(ring)

    def kept(self, rings: Sequence[Ring]) -> frozenset[UUID]:
        """Wait for the broker's word on the rings that were sent off last. :raises BrokerDown: see ``ring``."""
        with self.talking() as connection:
            until = monotonic() + _CONFIRM_SECONDS
            while self._confirms.is_waiting:
                if monotonic() > until:
                    raise self._no_answer()
                self.stay_alive(connection, 1)
            kept = self._confirms.take()
            if len(kept) < len(rings):
                _log.warning("rings-not-kept", rings=len(rings), kept=len(kept))
                self.declare(connection)  # a queue may have been deleted
            return kept

    def _no_answer(self) -> BrokerDown:
        if not self._is_blocked:
            for queue in {self._queues[ring] for ring in self._confirms.waiting}:
                self._broker.leave_alone(queue)
            return BrokerDown(f"The broker has not confirmed a ring in {_CONFIRM_SECONDS} seconds.")
        return BrokerDown(
            "The broker takes no rings: it has raised an alarm, for memory or disk.",
            "See rabbitmqctl status, and give it room. Intake goes on; deliveries follow by themselves.",
        )

    def _blocked(self, _reason: str) -> None:
        self._is_blocked = True

    def _unblocked(self) -> None:
        self._is_blocked = False

    def _open(self, connection: Connection) -> None:
        self._channel = connection.channel()
        self._confirms = Confirms()
        self._is_blocked = False
        self._is_memory = is_memory(connection)
        if not self._is_memory:
            connection.connection.on_blocked, connection.connection.on_unblocked = self._blocked, self._unblocked
            self._channel.confirm_select()
            self._channel.events["basic_ack"].add(self._confirms.acked)
            self._channel.events["basic_nack"].add(self._confirms.nacked)
            self._channel.events["basic_return"].add(self._returned)

    def _send(self, ring: Ring) -> None:
        queue, exchange = self._queues[ring.id], self._broker.exchange.name
        message = self._channel.prepare_message(
            orjson.dumps({"outbox": str(ring.id)}).decode(),
            content_type="application/json",
            content_encoding="utf-8",
            properties={"delivery_mode": 2},
        )
        number = self._confirms.expect(ring.id)
        if not self._is_memory:
            self._channel.send_method(spec.Basic.Publish, _PUBLISHED, (0, exchange, queue, True, False), message)
        elif self._channel.state.has_binding(queue, exchange, queue):
            self._channel.basic_publish(message, exchange, queue)
            self._confirms.acked(number, False)
        else:
            _log.warning("ring-returned", queue=queue)
            self._confirms.nacked(number, False)

    def _returned(self, _error: object, _exchange: str, routing_key: str, message: Any) -> None:
        _log.warning("ring-returned", queue=routing_key)
        self._confirms.returned(UUID(orjson.loads(message.body)["outbox"]))
