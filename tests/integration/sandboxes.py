"""Start a sandbox system as the process it is in a demo, and speak to its control API; or be its other side."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import orjson

TOKEN = "the hub's token at the system"


@dataclass(frozen=True)
class Sandbox:
    """A running system."""

    url: str
    process_id: int

    def ask(self, method: str, path: str, content: Any = None) -> Any:
        body = None if content is None else orjson.dumps(content)
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data=body, headers=headers, method=method)  # noqa: S310
        with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310
            return orjson.loads(response.read())


@contextmanager
def a_sandbox(
    name: str, place: Path, *more: str, hub_url: str = "http://127.0.0.1:9", token: str = TOKEN
) -> Iterator[Sandbox]:
    """Run ``python -m hub.sandbox NAME`` until the block ends."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "token").write_text(token)
    (place / "hub-token").write_text("the system's token at the hub")
    arguments = [sys.executable, "-m", "hub.sandbox", name, "--port", "0", "--store", str(place / "store.db")]
    arguments += ["--hub-url", hub_url, "--hub-token-file", str(place / "hub-token")]
    arguments += ["--token-file", str(place / "token"), *more]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            yield Sandbox(orjson.loads(running.stdout.readline())["url"], running.pid)
        finally:
            running.terminate()


@contextmanager
def a_server(status: int, body: bytes, content_type: str = "application/json", **headers: str) -> Iterator[Any]:
    """Answer every request the same way and remember what was asked."""
    asked: list[tuple[str, str, dict[str, str], bytes]] = []

    class Answering(BaseHTTPRequestHandler):
        def answer(self) -> None:
            given = self.rfile.read(int(self.headers.get("content-length", 0)))
            asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, given))
            self.send_response(status)
            for name, value in {"Content-Type": content_type, "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_DELETE = answer

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
