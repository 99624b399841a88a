"""A recipient's system on a real socket, that takes plan updates in as a test wants it to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import orjson

from tests.integration.token_server import serving


@contextmanager
def taking_in(take_in: Callable[[Any, str], dict[str, Any]]) -> Iterator[str]:
    """Serve until the block ends; yield the address.

    :param take_in: is given an update and its idempotency key, and returns the receipt.
    """

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            update = orjson.loads(self.rfile.read(int(self.headers["content-length"])))
            body = orjson.dumps(take_in(update, self.headers["idempotency-key"]))
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_PUT

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with serving(Door) as url:
        yield url
