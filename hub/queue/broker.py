"""The broker: a fixed set of queues, and how one thread is connected to it.

    broker = Broker("amqp://…", "hub")               # or memory://, the same seen from outside, within one process
    kept = Ringer(broker).ring(rings)                # the ids that wait in a queue now, as the broker has confirmed
    for heard in Listener(broker, 16).hear(0.2):     # urgent ones first
        ...

Queues are ``<prefix>.<channel>.<urgent|normal>``, never one per person or partner. On RabbitMQ they are quorum queues.
A ringer and a listener each have a connection of their own and belong to one thread. They connect when they are used;
after an error they connect anew at the next use.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self

from amqp.exceptions import AMQPError, PreconditionFailed  # type: ignore[import-untyped]
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.exceptions import KombuError

from hub.errors import BrokerDiffers, BrokerDown
from hub.queue.mute import Mute, say_mute

CHANNELS = ("soap", "xml", "rest", "feed", "webhook", "page", "post")
_URGENCIES = ("urgent", "normal")
_HEARTBEAT = 10  # seconds; without it a dead connection is noticed after eleven minutes
_ANSWER_SECONDS = 15.0  # for all questions of one block
_ERRORS = (
    AMQPError,
    KombuError,
    OSError,
    AttributeError,  # py-amqp's own when a connection breaks halfway (kombu.transport.pyamqp says so)
)
_QUORUM = {
    "x-queue-type": "quorum",
    # Only a net under us: attempts are counted in our database. Nothing is dead-lettered, for nothing is lost by it.
    "x-delivery-limit": 20,
}
_OPTIONS: dict[str, dict[str, Any]] = {
    "memory": {"polling_interval": 0.01},
    # kombu's confirm_publish waits for each message by itself; ``Ringer`` confirms a batch at a time instead.
    "amqp": {"read_timeout": 10, "write_timeout": 10, "client_properties": {"product": "one-plan-hub"}},
}


class Broker:
    """Where rings wait. Safe to share between threads."""

    def __init__(self, url: str, prefix: str) -> None:
        """Know a broker; nothing is connected yet.

        :param url: ``amqp://…`` or ``memory://``.
        :param prefix: the exchange's name and the first part of every queue's.
        """
        self._url = url
        self._lock = threading.Lock()
        self._link = Link(self)
        self.exchange = Exchange(prefix, type="direct", durable=True)
        self.queues = {
            (channel, urgency == "urgent"): Queue(
                f"{prefix}.{channel}.{urgency}",
                self.exchange,
                routing_key=f"{prefix}.{channel}.{urgency}",
                durable=True,
                queue_arguments=_QUORUM,
            )
            for channel in CHANNELS
            for urgency in _URGENCIES
        }
        self._names = {kind: str(queue.name) for kind, queue in self.queues.items()}
        #: Queues into which nobody in this process rings for a while.
        self.mute = Mute()

    def queue_for(self, channel: str, is_urgent: bool) -> str:
        """Return the name of the queue of a channel, or of one that does its work; it is its routing key too."""
        # An authority from outside may name a channel of its own. Every worker listens to every queue, so any will do.
        own = self._names.get((channel, is_urgent)) or self._names["rest", is_urgent]
        as_urgent = (name for (_, urgency), name in self._names.items() if urgency is is_urgent)
        return own if own not in self.mute else next((name for name in as_urgent if name not in self.mute), own)

    def leave_alone(self, queue: str) -> None:
        """Have nobody ring into a queue for a while, and say so: it gives no answer."""
        self.mute.add(queue)
        say_mute(queue)

    def __repr__(self) -> str:
        return f"Broker({self.exchange.name!r})"  # its address may hold a password

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; used again, it connects again."""
        with self._lock:
            self._link.close()

    def ping(self) -> None:
        """Ask for a sign of life. :raises BrokerDown: there is none."""
        with self._lock:
            self._answering()

    def depths(self) -> dict[str, int]:
        """Return how many rings wait in each queue. :raises BrokerDown: it does not answer."""
        with self._channel() as channel:
            names = [queue.name for queue in self.queues.values()]
            return {name: channel.queue_declare(name, passive=True).message_count for name in names}

    def purge(self) -> None:
        """Throw away every ring that waits; the relay rings again. :raises BrokerDown: it does not answer."""
        with self._channel() as channel:
            for queue in self.queues.values():
                channel.queue_purge(queue.name)

    def delete(self) -> None:
        """Delete the queues and the exchange; who connects next declares them anew. :raises BrokerDown: no answer."""
        with self._channel() as channel:
            for queue in self.queues.values():
                channel.queue_delete(queue.name)
            channel.exchange_delete(self.exchange.name)
        self.close()

    @contextmanager
    def _channel(self) -> Iterator[Any]:
        with (
            self._lock,
            self._answering().talking() as connection,
            in_time(connection),
            connection.channel() as channel,
        ):
            yield channel

    def _answering(self) -> Link:
        """Return our own link once it answers; one that lay unused for long may be dead, and is made anew."""
        try:
            self._link.stay()
        except BrokerDown:
            self._link.stay()
        return self._link

    def connect(self) -> Connection:
        """Return a fresh connection, of the caller's own."""
        connection = Connection(self._url, heartbeat=_HEARTBEAT, connect_timeout=3)
        is_memory = connection.transport_cls == "memory"
        connection.transport_options = dict(_OPTIONS["memory" if is_memory else "amqp"])
        # kombu's connect() sleeps two seconds before its second try; how long to wait is the loops' own business.
        connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, reraise_as_library_errors=False)
        return connection


class Link:
    """A connection of one thread."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._connection: Connection | None = None

    @contextmanager
    def talking(self) -> Iterator[Connection]:
        """Use the connection; make it when there is none, and drop it on any error.

        :raises BrokerDown: the broker cannot be reached, breaks off or refuses.
        """
        try:
            if self._connection is None:
                self._connection = self._broker.connect()
                self.declare(self._connection)
                with in_time(self._connection):
                    self._open(self._connection)
            yield self._connection
        except BaseException as error:
            self._drop()
            if isinstance(error, _ERRORS):
                raise BrokerDown(f"The broker does not do its part ({type(error).__name__}).") from error
            raise

    def close(self) -> None:
        """Hang up; used again, it connects again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*_ERRORS):
                connection.release()

    def stay(self) -> None:
        """Be connected and show it. :raises BrokerDown: it cannot be."""
        with self.talking() as connection:
            while self.stay_alive(connection):
                pass

    def declare(self, connection: Connection) -> None:
        """Have the exchange and the queues; what is there already stays as it is.

        :raises BrokerDiffers: one of them is there and made otherwise; it stays as it is too.
        """
        with in_time(connection):
            channel = connection.channel()
            _declare(self._broker.exchange(channel), "exchange")
            for queue in self._broker.queues.values():
                _declare(queue(channel), "queue")
            channel.close()

    def _open(self, connection: Connection) -> None:
        """Prepare a fresh connection."""

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*_ERRORS):
                connection.collect()

    def stay_alive(self, connection: Connection, seconds: float = 0) -> bool:
        """Take in one event, if one comes in time, and keep the heartbeat going. Tell whether one came."""
        with suppress(TimeoutError):
            connection.drain_events(timeout=seconds)
            return True
        if connection.supports_heartbeats:
            connection.heartbeat_check()
        return False


def _declare(entity: Exchange | Queue, what: str) -> None:
    try:
        entity.declare()
    except PreconditionFailed as error:  # RabbitMQ names what differs: "inequivalent arg 'x-max-length' for queue …"
        found = re.search(r"inequivalent arg '([\w-]+)'", str(error))
        differs = f" ({found[1]})" if found else ""
        raise BrokerDiffers(
            f"The {what} {entity.name} is there, and made otherwise than the hub's{differs}."
        ) from error


class NoAnswer(OSError):
    """The broker has not answered a question in its time."""


@contextmanager
def in_time(connection: Connection, seconds: float | None = None) -> Iterator[None]:
    """Cut a connection whose broker does not answer within the block's time; who waits then hears of an error.

    A quorum queue without a leader answers nothing while heartbeats go on, so that no read of the socket times out.

    :raises NoAnswer: it was cut.
    """
    if is_memory(connection):
        yield
        return
    is_cut = threading.Event()
    line: socket.socket = connection.connection.transport.sock
    timer = threading.Timer(seconds or _ANSWER_SECONDS, _cut, (line, is_cut))
    timer.daemon = True
    timer.start()
    try:
        yield
    except _ERRORS as error:
        if is_cut.is_set():
            raise NoAnswer from error
        raise
    finally:
        timer.cancel()


def _cut(line: socket.socket, is_cut: threading.Event) -> None:
    is_cut.set()
    with suppress(OSError):  # it has just been closed
        line.shutdown(socket.SHUT_RDWR)


def is_memory(connection: Connection) -> bool:
    """Tell whether the broker lives in this process."""
    return bool(connection.transport.driver_type == "memory")
