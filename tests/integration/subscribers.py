"""A subscriber on a real socket, which checks what it is told by code of its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

SECRET, OLD_SECRET = base64.b64encode(b"n" * 32).decode(), base64.b64encode(b"o" * 32).decode()


@dataclass
class Heard:
    """One request: its headers, lower case, and its body."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = orjson.loads(self.body)
        return event

    def is_signed_with(self, secret: str) -> bool:
        """Check as the standard says, from its text and not with the hub's code."""
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        mac = hmac.new(base64.b64decode(secret), signed, hashlib.sha256).digest()
        return f"v1,{base64.b64encode(mac).decode()}" in self.headers["webhook-signature"].split(" ")


@dataclass
class Subscriber:
    """What was heard, and what is answered."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)

    @property
    def positions(self) -> list[int]:
        return [one.event["position"] for one in self.heard]


@contextmanager
def a_subscriber() -> Iterator[Subscriber]:
    """Listen until the block ends."""
    subscriber = Subscriber()

    class Listening(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            subscriber.heard.append(Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(subscriber.status)
            for name, value in {"Content-Length": "0", **subscriber.headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    subscriber.url = f"http://127.0.0.1:{server.server_port}/hooks/plan"
    try:
        yield subscriber
    finally:
        server.shutdown()
        server.server_close()
