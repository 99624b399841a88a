"""A balancer before several hubs: it asks each for ``/readyz``, and sends new connections to those that say yes.

with a_balancer([hub.url for hub in hubs]) as balancer:
    lab.door = balancer.url
"""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from urllib.parse import urlsplit

import httpx

_LOOK_SECONDS = 0.2


class Balancer:
    """Passes connections on, each to the next one that is ready; what is under way is never moved.

    :ivar went: address of a hub → connections that it was given.
    """

    def __init__(self, hubs: Sequence[str]) -> None:
        self.hubs, self.ready = hubs, list(hubs)
        self.went = dict.fromkeys(hubs, 0)
        self._door = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"
        self._turns = itertools.count()
        self.is_over = threading.Event()

    def looks(self) -> None:
        """Ask who is ready, again and again."""
        with httpx.Client(timeout=5, headers={"Connection": "close"}) as client:
            while not self.is_over.wait(_LOOK_SECONDS):
                self.ready = [hub for hub in self.hubs if _is_ready(client, hub)]

    def serves(self) -> None:
        """Take connections until the door is shut."""
        with suppress(OSError):
            while not self.is_over.is_set():
                client, _ = self._door.accept()
                threading.Thread(target=self._passes_on, args=(client,), daemon=True).start()

    def shut(self) -> None:
        """Take no connection any more."""
        self.is_over.set()
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _passes_on(self, client: socket.socket) -> None:
        with closing(client):
            ready = self.ready
            if not ready:
                return
            hub = ready[next(self._turns) % len(ready)]
            self.went[hub] += 1
            at = urlsplit(hub)
            with suppress(OSError), closing(socket.create_connection((at.hostname or "", at.port or 80))) as server:
                back = threading.Thread(target=_pumps, args=(server, client), daemon=True)
                back.start()
                _pumps(client, server)
                back.join()


def _pumps(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65_536):
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _is_ready(client: httpx.Client, hub: str) -> bool:
    try:
        return client.get(f"{hub}/readyz").is_success
    except httpx.TransportError:
        return False


@contextmanager
def a_balancer(hubs: Sequence[str]) -> Iterator[Balancer]:
    """Stand before several hubs until the block ends."""
    balancer = Balancer(hubs)
    deeds = [threading.Thread(target=deed, daemon=True) for deed in (balancer.looks, balancer.serves)]
    for one in deeds:
        one.start()
    try:
        yield balancer
    finally:
        balancer.shut()
        for one in deeds:
            one.join(10)
