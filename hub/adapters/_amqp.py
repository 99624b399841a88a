"""Speak to a broker of somebody else: publish persistent, mandatory, confirmed; take one message at a time.

line = AmqpLine("amqps://broker.example:5671/", "user", "password", name="region")
line.publish(body, exchange="events", routing_key="29188599", message_id="…")
with line.taken("events-for-us") as body: ...  # None when none waits

Every outcome is one of the hub's errors.
"""

from __future__ import annotations

import ssl
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from amqp.exceptions import AMQPError, MessageNacked  # type: ignore[import-untyped]
from kombu.connection import Connection
from kombu.exceptions import KombuError
from kombu.messaging import Producer

from hub.errors import RecipientDown, RecipientFailed, RecipientRefused, Refused, SourceDown

_CONNECT, _ANSWER = 3, 10  # seconds
_DOWN = (
    AMQPError,
    KombuError,
    OSError,
    AttributeError,  # py-amqp's own when a connection breaks halfway (kombu.transport.pyamqp says so)
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who the hub is at a broker, and whom it trusts."""

    user: str
    password: str = field(repr=False)
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None


class AmqpLine:
    """One connection to one broker, made when it is needed. Safe to share between threads, which take turns."""

    def __init__(self, url: str, credentials: Credentials, *, name: str) -> None:
        """Prepare a line; nothing is connected yet.

        :param url: ``amqps://host[:port][/vhost]``; its settings have been checked.
        :param name: the recipient's name, for the sentences of errors.
        """
        self._name, self._credentials = name, credentials
        self._place = urlsplit(url)
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._let_go: weakref.finalize[[], AmqpLine] | None = None

    def publish(
        self, body: bytes, *, exchange: str, routing_key: str, message_id: str, headers: Mapping[str, str]
    ) -> None:
        """Publish one message; returns when the broker has it in a queue.

        :param headers: beside the body, such as the trace it belongs to; nothing of a person.
        :raises RecipientDown: the broker does not answer, or does not know the exchange.
        :raises RecipientFailed: it did not take the message.
        :raises RecipientRefused: no queue is bound for the routing key.
        """
        returned: list[str] = []
        message = {
            "body": body,
            "exchange": exchange,
            "routing_key": routing_key,
            "message_id": message_id,
            "headers": dict(headers),
            "mandatory": True,
            "delivery_mode": 2,
            "content_type": "application/xml",
            "content_encoding": "utf-8",
            "confirm_timeout": _ANSWER,
        }
        with self._lock:
            try:
                self._send(message, returned)
            except MessageNacked:
                raise RecipientFailed(f"The broker of {self._name} did not take the event.") from None
            except _DOWN:
                raise RecipientDown(
                    f"The broker of {self._name} does not answer, or does not know the exchange.",
                    "See that it runs, and that url, user, password and exchange are what its operator has agreed to.",
                ) from None
        if returned:
            raise RecipientRefused(
                f"At the broker of {self._name} no queue takes the event.",
                "Ask its operator to bind the recipient's queue to the exchange by the CVR number.",
            )

    @contextmanager
    def taken(self, queue: str) -> Iterator[bytes | None]:
        """Take the next message of a queue; left well, it is off the queue.

        Left by a Refused it goes where the queue sends what it gives up; left by any other error, it waits on. If the
        broker does not hear of that any more, it brings the message again.

        :raises SourceDown: the broker does not answer, or there is no such queue.
        """
        with self._lock:
            message = self._next(queue)
            if message is None:
                yield None
                return
            tag, channel = message.delivery_info["delivery_tag"], message.channel
            try:
                yield bytes(message.body)
            except Refused:
                self._settle(lambda: channel.basic_reject(tag, requeue=False))
                raise
            except BaseException:
                self._settle(lambda: channel.basic_reject(tag, requeue=True))
                raise
            self._settle(lambda: channel.basic_ack(tag))

    def close(self) -> None:
        """Hang up; used again, it connects again."""
        with self._lock:
            self._hang_up()

    def _send(self, message: dict[str, Any], returned: list[str]) -> None:
        """Send a message; once more over a new connection where a kept one broke: a repeat has the same id."""
        was_kept = self._connection is not None

        def came_back(*said: Any) -> None:
            returned.append(said[1])

        try:
            channel = self._open()
            try:
                Producer(channel, auto_declare=False, on_return=came_back).publish(**message)
            finally:
                channel.events["basic_return"].discard(came_back)  # kombu only ever adds them
        except MessageNacked:
            raise
        except _DOWN:
            self._hang_up()
            if not was_kept:
                raise
            self._send(message, returned)

    def _next(self, queue: str) -> Any:
        try:
            # As it came: kombu would obey what a message says of its own compression, and py-amqp of its encoding.
            channel = self._open()
            channel.auto_decode = False
            return channel.basic_get(queue, no_ack=False)
        except _DOWN:
            self._hang_up()
            raise SourceDown(
                f"The broker of {self._name} does not answer, or has no such queue.",
                "See that it runs, and that url, user, password and queue are what its operator has agreed to.",
            ) from None

    def _settle(self, say: Callable[[], None]) -> None:
        try:
            say()
        except _DOWN:
            self._hang_up()

    def _open(self) -> Any:
        if self._connection is None:
            place, who = self._place, self._credentials
            self._connection = Connection(
                transport="pyamqp",
                hostname=place.hostname,
                port=place.port or (5671 if place.scheme == "amqps" else 5672),
                userid=who.user,
                password=who.password,
                virtual_host=unquote(place.path[1:]) or "/",
                ssl=self._tls() if place.scheme == "amqps" else False,
                connect_timeout=_CONNECT,
                transport_options={
                    "confirm_publish": True,
                    "read_timeout": _ANSWER,
                    "write_timeout": _ANSWER,
                    "client_properties": {"product": "one-plan-hub"},
                },
            )
            self._let_go = weakref.finalize(self, self._connection.release)  # an adapter is let go of without a word
        return self._connection.default_channel

    def _tls(self) -> dict[str, Any]:
        who = self._credentials
        given = {"ca_certs": who.ca_file, "certfile": who.certificate_file, "keyfile": who.key_file}
        return {
            **{name: str(path) for name, path in given.items() if path is not None},
            "cert_reqs": ssl.CERT_REQUIRED,
            "server_hostname": self._place.hostname,
        }

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if self._let_go is not None:
            self._let_go.detach()
        if connection is not None:
            connection.release()
