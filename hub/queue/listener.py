"""Hear rings, urgent ones first; each is answered once, by the thread that heard it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
import structlog
from amqp.exceptions import InternalError  # type: ignore[import-untyped]
from kombu.connection import Connection
from kombu.messaging import Consumer

from hub.clock import monotonic
from hub.errors import BrokerDown
from hub.queue.broker import Broker, Link, NoAnswer, in_time
from hub.queue.mute import Mute

_MOST_AT_ONCE = 200
#: After so long without a ring the queues are listened to anew. A broker that has lost an answer of ours, or a consumer
#: of its own, would be silent for good, and its rings would wait.
_SILENCE_SECONDS = 30.0
_QUEUE_SECONDS = 5.0  # to begin to listen to one queue

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """A ring that was heard."""

    outbox_id: UUID
    is_urgent: bool
    message: Any = field(repr=False)


class Listener(Link):
    """What one thread listens with."""

    def __init__(self, broker: Broker, prefetch: int) -> None:
        """Listen to every queue.

        :param prefetch: how many rings of a queue may be unanswered at a time.
        """
        super().__init__(broker)
        self._prefetch = prefetch
        self._fresh: list[Heard] = []
        self._unanswered: set[Heard] = set()
        self._channels: list[Any] = []
        self._heard_at = 0.0
        self._mute = Mute()

    @property
    def is_owing(self) -> bool:
        """Tell whether a ring is unanswered."""
        return bool(self._unanswered)

    def hear(self, seconds: float) -> list[Heard]:
        """Wait up to some seconds for a ring; return all that have come. :raises BrokerDown: none can come."""
        with self.talking() as connection:
            while self.stay_alive(connection, 0 if self._fresh else seconds) and len(self._fresh) < _MOST_AT_ONCE:
                pass
            self._listen_anew(connection)
        heard, self._fresh = self._fresh, []
        return sorted(heard, key=lambda one: not one.is_urgent)

    def answer(self, heard: Heard) -> None:
        """Take a ring off its queue; one heard over a connection that broke has come back by itself.

        :raises BrokerDown: the broker does not take the answer.
        """
        if heard in self._unanswered:
            with self.talking():
                self._unanswered.remove(heard)
                heard.message.ack()

    def close(self) -> None:
        """Give unanswered rings back and hang up."""
        unanswered, self._unanswered = self._unanswered, set()
        if unanswered and self._connection is not None:
            with suppress(BrokerDown), self.talking():
                for heard in unanswered:
                    heard.message.requeue()
        super().close()

    def _listen_anew(self, connection: Connection) -> None:
        """Listen over fresh channels where it has been silent for long; what the broker had given comes again."""
        if self._fresh or self._unanswered:
            self._heard_at = monotonic()
        elif monotonic() - self._heard_at > _SILENCE_SECONDS or self._mute.want_asking:
            with in_time(connection):
                for channel in self._channels:
                    channel.close()
                self._open(connection)

    def _drop(self) -> None:
        self._fresh, self._unanswered = [], set()
        super()._drop()

    def _open(self, connection: Connection) -> None:
        self._channels, self._heard_at = [], monotonic()
        answering = [kind for kind, queue in self._broker.queues.items() if queue.name not in self._mute]
        if not answering:
            raise NoAnswer
        for kind in answering:
            self._listen_to(connection, kind)

    def _listen_to(self, connection: Connection, kind: tuple[str, bool]) -> None:
        """Listen to a queue. :raises NoAnswer: it is mute; it is left out for a while."""
        # A channel of its own: the broker's end of one that waits for a mute queue keeps what other queues gave it.
        channel, queue = connection.channel(), self._broker.queues[kind]
        self._channels.append(channel)
        came = self._urgent if kind[1] else self._normal
        consumer = Consumer(channel, [queue], on_message=came, accept=["json"], auto_declare=False)
        try:
            with in_time(connection, _QUEUE_SECONDS):
                consumer.qos(prefetch_count=self._prefetch)
                consumer.consume()
        except (NoAnswer, InternalError):  # the broker's own word once it has waited for the queue's leader in vain
            self._mute.add(queue.name)
            self._broker.leave_alone(queue.name)
            raise
        self._mute.discard(queue.name)
        self._broker.mute.discard(queue.name)

    def _urgent(self, message: Any) -> None:
        self._came(message, True)

    def _normal(self, message: Any) -> None:
        self._came(message, False)

    def _came(self, message: Any, is_urgent: bool) -> None:
        outbox_id = _read(message)
        if outbox_id is None:  # it carries nothing of ours, and left alone it would come again and again
            _log.warning("foreign-message", queue=message.delivery_info.get("routing_key"))
            message.reject(requeue=False)
            return
        heard = Heard(outbox_id, is_urgent, message)
        self._unanswered.add(heard)
        self._fresh.append(heard)


def _read(message: Any) -> UUID | None:
    """Read a ring; None for anything else."""
    if message.content_type != "application/json":
        return None
    try:
        content = orjson.loads(message.body)
        return UUID(content["outbox"]) if content.keys() == {"outbox"} else None
    except (ValueError, TypeError, AttributeError, KeyError):
        return None
