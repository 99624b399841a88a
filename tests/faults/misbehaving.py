"""Ways in which a recipient's system fails: each answers a delivery wrongly, late, without end or not at all.

misbehaves = Misbehaving(hangs_after_headers)
lab.recipients["social"].behaviour = misbehaves
...
misbehaves.longest, misbehaves.most     # seconds that the hub stayed, calls at once
"""

from __future__ import annotations

import gzip
import select
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from hub.clock import monotonic
from tests.faults.recipients import Delivery, answer

Behaviour = Callable[[BaseHTTPRequestHandler, Delivery], None]

#: Longer than the hub may stay; whoever is still there then has found the fault.
_LONG = 40.0
_GIGABYTE = 1 << 30
_BOMB = gzip.compress(bytes(20 << 20), 9)  # one to a thousand
_LAUGHS = b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;</a>'


@dataclass
class Misbehaving:
    """A behaviour, and how it was met.

    :ivar stays: seconds that the hub stayed with each delivery.
    :ivar most: deliveries under way at once.
    """

    behaves: Behaviour
    stays: list[float] = field(default_factory=list)
    most: int = 0
    _under_way: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, handler: BaseHTTPRequestHandler, delivery: Delivery) -> None:
        """Misbehave once, and close the connection."""
        with self._lock:
            self._under_way += 1
            self.most = max(self.most, self._under_way)
        handler.close_connection = True
        try:
            with suppress(OSError):
                self.behaves(handler, delivery)
                handler.wfile.flush()
        finally:
            with self._lock:
                self._under_way -= 1
                self.stays.append(monotonic() - delivery.began_at)

    @property
    def longest(self) -> float:
        """Return the seconds that the hub stayed with one delivery, at most."""
        return max(self.stays, default=0.0)


def hangs(handler: BaseHTTPRequestHandler, _delivery: Delivery) -> None:
    """It accepts, reads, and says nothing."""
    _until_left(handler.connection)


def hangs_after_headers(handler: BaseHTTPRequestHandler, _delivery: Delivery) -> None:
    """It begins an answer and does not go on."""
    handler.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{")
    _until_left(handler.connection)


def drips(handler: BaseHTTPRequestHandler, _delivery: Delivery) -> None:
    """One byte comes each second: no single read takes too long, their sum does."""
    handler.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 200\r\n\r\n")
    until = monotonic() + _LONG
    while monotonic() < until:
        handler.connection.sendall(b" ")
        if _has_left(handler.connection, 1):  # else a call that was given up would count for a second more
            return


def talks_binary(handler: BaseHTTPRequestHandler, _delivery: Delivery) -> None:
    """What comes is no HTTP."""
    handler.connection.sendall(bytes(range(256)) * 8)


def shows_a_page(handler: BaseHTTPRequestHandler, _delivery: Delivery) -> None:
    """A proxy before it answers 200 with a page for people."""
    _say(handler, b"200 OK", b"text/html", b"<html><body>Welcome. Please sign in.</body></html>")


def answers_xml(handler: BaseHTTPRequestHandler, _delivery: Delivery) -> None:
    """200 with XML that grows as it is read."""
    _say(handler, b"200 OK", b"application/json", _LAUGHS)


def answers_nothing(handler: BaseHTTPRequestHandler, _delivery: Delivery) -> None:
    """200, and an empty body."""
    _say(handler, b"200 OK", b"application/json", b"")


def answers_half(handler: BaseHTTPRequestHandler, delivery: Delivery) -> None:
    """A receipt of which the end is missing, though its length fits."""
    _say(handler, b"200 OK", b"application/json", b'{"Status": "taken-in", "Sekvens": %d' % delivery.sequence)


def answers_another(handler: BaseHTTPRequestHandler, delivery: Delivery) -> None:
    """A receipt for another sequence."""
    answer(handler, 200, {"Status": "taken-in", "Sekvens": delivery.sequence + 1_000}, delivery)


def answers_a_gigabyte(handler: BaseHTTPRequestHandler, _delivery: Delivery) -> None:
    """200 with a body that does not end."""
    handler.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
    piece = b" " * 65_536
    for _ in range(_GIGABYTE // len(piece)):
        handler.connection.sendall(piece)


def answers_a_bomb(handler: BaseHTTPRequestHandler, _delivery: Delivery) -> None:
    """A compressed body, a thousand times as big when it is not."""
    _say(handler, b"200 OK", b"application/json\r\nContent-Encoding: gzip", _BOMB)


def breaks_off(handler: BaseHTTPRequestHandler, _delivery: Delivery) -> None:
    """It resets the connection in the middle of its answer."""
    handler.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60\r\n\r\n{")
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def says(status: int, **headers: str) -> Behaviour:
    """Return a behaviour: every delivery is answered so."""
    return lambda handler, delivery: answer(handler, status, {}, delivery, **headers)


def _say(handler: BaseHTTPRequestHandler, status: bytes, kind: bytes, body: bytes) -> None:
    head = b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (status, kind, len(body))
    handler.connection.sendall(head + body)


def _has_left(connection: socket.socket, seconds: float) -> bool:
    """Wait for a while; tell whether who calls has hung up meanwhile."""
    told, _, _ = select.select([connection], [], [], seconds)
    return bool(told) and not connection.recv(1, socket.MSG_PEEK)


def _until_left(connection: socket.socket) -> None:
    connection.settimeout(_LONG)
    while connection.recv(1_024):
        pass
