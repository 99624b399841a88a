"""Recipients on loopback that write down each delivery and answer as a scenario wants."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import orjson

from hub.clock import monotonic

#: Recipient → where its contract puts elements, an element's id, and ids of what is withdrawn.
WORDS = {"social": ("Elementer", "Id", "TrukketTilbage"), "youth": ("Delt", "ElementId", "Tilbagekaldt")}


@dataclass(slots=True)
class Delivery:
    """One request that brought a plan update, as the recipient saw it.

    :ivar titles: element id → its title, of what was disclosed.
    :ivar began_at: when its body had come; monotonic seconds.
    :ivar answered_at: when its answer was written; None: never, or not yet.
    :ivar status: of the answer.
    """

    recipient: str
    plan: UUID
    sequence: int
    key: str
    titles: dict[str, str]
    withdrawn: tuple[str, ...]
    began_at: float
    answered_at: float | None = None
    status: int | None = None


@dataclass
class Recipient:
    """A recipient's system. Its door is a real HTTP server.

    :ivar behaviour: answers instead of the recipient when it is set: it is given the request's handler
        (``BaseHTTPRequestHandler``: headers, wfile, connection) and the delivery, and may call ``taken_in`` itself,
        wait, write rubbish or close the connection. What does not end in ``taken_in`` is not held.
    """

    name: str
    deliveries: list[Delivery] = field(default_factory=list)
    behaviour: Callable[[BaseHTTPRequestHandler, Delivery], None] | None = None
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _held: dict[UUID, dict[str, str]] = field(default_factory=dict)
    _sequences: dict[UUID, int] = field(default_factory=dict)

    def held(self, plan: UUID) -> dict[str, str]:
        """Return what it holds of a plan: element id → title."""
        with self._lock:
            return dict(self._held.get(plan, {}))

    def seen(self) -> list[Delivery]:
        """Return every delivery so far, in the order in which they came."""
        with self._lock:
            return list(self.deliveries)

    def comes(self, handler: BaseHTTPRequestHandler, body: bytes) -> Delivery:
        """Write a delivery down as it comes."""
        elements, element_id, withdrawn = WORDS[self.name]
        update = orjson.loads(body)
        delivery = Delivery(
            recipient=self.name,
            plan=UUID(update["PlanId"]),
            sequence=update["Sekvens"],
            key=handler.headers["idempotency-key"],
            titles={one[element_id]: one["Titel"] for one in update[elements]},
            withdrawn=tuple(update[withdrawn]),
            began_at=monotonic(),
        )
        with self._lock:
            self.deliveries.append(delivery)
        return delivery

    def taken_in(self, handler: BaseHTTPRequestHandler, delivery: Delivery) -> None:
        """Take a delivery in, unless a later one came before, and answer with a receipt."""
        with self._lock:
            if delivery.sequence >= self._sequences.get(delivery.plan, 0):
                self._sequences[delivery.plan] = delivery.sequence
                held = self._held.setdefault(delivery.plan, {})
                held.update(delivery.titles)
                for element in delivery.withdrawn:
                    held.pop(element, None)
        answer(handler, 200, {"Status": "taken-in", "Sekvens": delivery.sequence}, delivery)


def answer(handler: BaseHTTPRequestHandler, status: int, content: Any, delivery: Delivery, **headers: str) -> None:
    """Answer with JSON. :param headers: further ones; ``Retry_After="1"`` is ``Retry-After: 1``."""
    body = orjson.dumps(content)
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    delivery.status = status
    handler.wfile.write(body)
    delivery.answered_at = monotonic()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """A hub that was killed has broken the connection: that is what the scenario wants."""


@contextmanager
def a_recipient(name: str) -> Iterator[Recipient]:
    """Serve a recipient until the block ends. :param name: one of ``WORDS``: whose contract it speaks."""
    recipient = Recipient(name)

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1  # headers and body of an answer leave together

        def do_PUT(self) -> None:
            if not re.search(r"/[0-9a-f-]{36}$", self.path):
                self.send_error(404)
                return
            delivery = recipient.comes(self, self.rfile.read(int(self.headers["content-length"])))
            with suppress(ConnectionError):
                (recipient.behaviour or recipient.taken_in)(self, delivery)
                self.wfile.flush()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = _Server(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    recipient.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield recipient
    finally:
        server.shutdown()
        server.server_close()
