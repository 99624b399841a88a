"""Connections to one system: kept for the next request, each used by one thread at a time, and shut when time is up.

A kept connection may have been closed by the other side unseen. Whoever sends over one asks ``is_kept`` and
``is_heard`` when it breaks, to tell that from a system that fails on a request.
"""

from __future__ import annotations

import socket
import ssl
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import httpx

from hub.adapters._http_address import ForbiddenPeer, check_peer
from hub.clock import monotonic

# Shorter than firewalls and most servers keep one: who drops it without a word would cost us a read's whole time.
_IDLE_SECONDS = 10.0
_LONGEST_LIFE = 300.0  # seconds; then the name is asked for again, and the certificate checked
_MOST_IDLE = 8


class Line:
    """A way to one system with at most one connection. It may be lent to a thread, and is closed by whoever has it."""

    def __init__(self, tls: ssl.SSLContext, *, link_local: bool = False) -> None:
        """Prepare a line; nothing is connected yet.

        :param link_local: let it go to addresses of the link itself.
        """
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=_IDLE_SECONDS)
        # The transport alone: a client would bring cookies from one answer into the next request, and log the URL.
        self._transport = httpx.HTTPTransport(verify=tls, trust_env=False, limits=limits)
        weakref.finalize(self, self._transport.close)  # an adapter is let go of without a word
        self._link_local = link_local
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._is_shut = False
        self._made_at = self._left_at = monotonic()
        #: The request under way goes over a connection that an earlier one has made.
        self.is_kept = False
        #: The answer to the request under way has begun.
        self.is_heard = False

    def send(self, request: httpx.Request) -> httpx.Response:
        """Send a request; the answer's body is still to be read, and the answer to be closed."""
        self.is_kept, self.is_heard = self._socket is not None, False
        request.extensions["trace"] = self._watch
        return self._transport.handle_request(request)

    def shut(self) -> None:
        """End the request under way, from another thread: whoever waits for bytes gets an error."""
        with self._lock:
            self._is_shut = True
            if self._socket is not None:
                with suppress(OSError):  # closed already
                    # The plain socket's own method: the TLS one would wait for the other side's goodbye.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of the connection."""
        self._transport.close()

    def put_down(self) -> None:
        """The request is over; the line waits for another."""
        self._left_at = monotonic()

    def is_fit(self) -> bool:
        """Tell whether another request may go over it."""
        now = monotonic()
        return now - self._left_at < _IDLE_SECONDS and now - self._made_at < _LONGEST_LIFE

    def _watch(self, event: str, about: Mapping[str, Any]) -> None:
        """See what httpcore does, step by step."""
        if event == "http11.receive_response_headers.complete":
            self.is_heard = True
        elif event == "connection.connect_tcp.started":
            self.is_kept = False
        elif event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            stream = about["return_value"]
            with self._lock:
                self._socket = stream.get_extra_info("socket")
                is_shut = self._is_shut
            if is_shut:
                self.shut()
            if event.endswith("connect_tcp.complete") and not self._link_local:
                self._check(stream)

    def _check(self, stream: Any) -> None:
        try:
            check_peer(stream.get_extra_info("server_addr")[0])
        except ForbiddenPeer:
            stream.close()
            raise


class Lines:
    """Lines that wait for requests, the one used last first."""

    def __init__(self, make: Callable[[], Line], most_idle: int = _MOST_IDLE) -> None:
        """Prepare; there is no line yet.

        :param most_idle: 0 keeps none.
        """
        self._make, self._most_idle = make, most_idle
        self._idle: deque[Line] = deque()

    @contextmanager
    def one(self) -> Iterator[Line]:
        """Lend a line; it is kept if all went well with it."""
        line = self._take()
        try:
            yield line
        except BaseException:
            line.close()
            raise
        line.put_down()
        self._idle.append(line)
        while len(self._idle) > self._most_idle:
            self._drop_oldest()

    def close(self) -> None:
        """Let go of all that wait, and of those in use when they come back."""
        self._most_idle = 0
        self.drop()

    def drop(self) -> None:
        """Let go of all that wait."""
        while self._idle:
            self._drop_oldest()

    def _take(self) -> Line:
        while True:
            try:
                line = self._idle.pop()
            except IndexError:
                return self._make()
            if line.is_fit():
                return line
            line.close()

    def _drop_oldest(self) -> None:
        with suppress(IndexError):  # another thread was quicker
            self._idle.popleft().close()
