"""A recipient's system on loopback that answers as it is told to: a real server, to see what an adapter makes of it."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How a system answers."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Says nothing for as long as the test runs.
    is_silent: bool = False
    #: Closes the connection without an answer.
    closes: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came. ``headers`` have lower-case names."""

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(slots=True)
class LoopbackSystem:
    """A running system: where it is, and what it was asked."""

    url: str
    behaviour: Behaviour
    asked: list[Asked] = field(default_factory=list)
    is_over: Event = field(default_factory=Event)


@contextmanager
def a_system(behaviour: Behaviour) -> Iterator[LoopbackSystem]:
    """Run a system until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.daemon_threads = True
    system = LoopbackSystem(f"http://127.0.0.1:{server.server_port}", behaviour)
    server.RequestHandlerClass = _door_of(system)
    running = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    running.start()
    try:
        yield system
    finally:
        system.is_over.set()
        server.shutdown()
        server.server_close()
        running.join()


def a_closed_address() -> str:
    """Return an address on loopback at which nobody listens."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{place.getsockname()[1]}"


def _door_of(system: LoopbackSystem) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        def answer(self) -> None:
            given = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            system.asked.append(Asked(self.command, self.path, headers, given))
            behaviour = system.behaviour
            self.close_connection = True
            if behaviour.is_silent:
                system.is_over.wait()
            if behaviour.is_silent or behaviour.closes:
                return
            told = {"Content-Type": behaviour.content_type, "Content-Length": str(len(behaviour.body))}
            with suppress(OSError):  # whoever asked may be gone
                self.send_response(behaviour.status)
                for name, value in {**told, **behaviour.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(behaviour.body)

        do_GET = do_PUT = do_POST = do_PATCH = answer

        def log_message(self, *_: object) -> None:
            """Keep quiet: a path may not be shown."""

    return Door
