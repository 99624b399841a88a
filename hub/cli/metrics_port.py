"""A port of its own for whoever watches a process: its numbers for Prometheus, and whether it is well.

    GET /metrics    what it has counted, and how everything stands (docs/reference/metrics.md)
    GET /healthz    it answers
    GET /readyz     it can do its work; 503 where it cannot

Whoever reaches it needs no token, and learns nothing of a person: names of authorities, words of the code, numbers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import structlog

from hub import __version__
from hub.cli.assembly import Rooms
from hub.errors import SettingsRefused, Unavailable, told
from hub.flow.measured import measure
from hub.flow.readiness import readiness
from hub.flow.standing import called
from hub.metrics import instruments as of
from hub.metrics.counts import MEDIA_TYPE
from hub.metrics.state import Sample, SharedLook, StateCollector
from hub.settings import Settings

Health = Callable[[], Mapping[str, Any]]
#: How long who has connected may take to ask, and to listen.
_SECONDS = 5.0

_log = structlog.get_logger()


@contextmanager
def metrics_port(rooms: Rooms, broker_answers: Callable[[], object], health: Health) -> Iterator[Mapping[str, str]]:
    """Serve this process's numbers while the block lasts; give the address by name, nothing where no port is set.

    :raises SettingsRefused: nobody can listen there; another process may have the port.
    """
    settings, store = rooms.settings, rooms.store
    if settings.metrics_port is None:
        yield {}
        return
    names = called(rooms.authorities, settings)
    look = SharedLook(partial(measure, names, store, settings))
    store.counts.tell_of(StateCollector(store.counts, look, partial(_of_itself, health)))
    pages = {
        "/metrics": lambda: (MEDIA_TYPE, store.counts.text()),
        "/healthz": lambda: _json({"status": "ok"}),
        "/readyz": lambda: _json(readiness(store, broker_answers, health)),
    }
    with _opened(settings, pages) as port:
        thread = threading.Thread(target=port.serve_forever, name="hub-metrics", daemon=True)
        thread.start()
        try:
            yield {"metrics": f"http://{settings.metrics_host}:{port.server_port}/metrics"}
        finally:
            port.shutdown()
            thread.join()


class _Port(ThreadingHTTPServer):
    """Answers each question on a thread of its own, which nobody waits for at the end."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], pages: Mapping[str, Callable[[], tuple[str, bytes]]]) -> None:
        super().__init__(address, _Answer)
        self.pages = pages

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of who hung up halfway; a bug is said where it is met."""


def _opened(settings: Settings, pages: Mapping[str, Callable[[], tuple[str, bytes]]]) -> _Port:
    try:
        return _Port((settings.metrics_host, settings.metrics_port or 0), pages)
    except OSError:
        raise SettingsRefused(
            "Nobody can listen at HUB_METRICS_HOST and HUB_METRICS_PORT.",
            "Give each process a port of its own; where they share a settings file, in the environment of each.",
        ) from None


class _Answer(BaseHTTPRequestHandler):
    """One question and its answer."""

    server: _Port
    server_version, sys_version = "hub", ""
    timeout = _SECONDS

    def do_GET(self) -> None:
        """Answer."""
        page = self.server.pages.get(self.path)
        if page is None:
            self._say(404, *_json({"code": "not-found", "next_step": "Ask for /metrics, /healthz or /readyz."}))
            return
        try:
            media_type, content = page()
        except Unavailable as error:
            said = {"code": error.code, "sentence": error.sentence, "next_step": error.next_step}
            self._say(503, *_json(said))
        except Exception as error:
            _log.error("metrics-failed", **told(error))
            self._say(500, *_json({"code": "failed", "next_step": "Read the log of this time and report it."}))
            raise
        else:
            self._say(200, media_type, content)

    def log_message(self, format: str, *args: Any) -> None:
        """Write no line for each question: who watches asks every few seconds."""

    def _say(self, status: int, media_type: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(content)


def _json(said: Mapping[str, Any]) -> tuple[str, bytes]:
    return "application/json", orjson.dumps(said)


def _of_itself(health: Health) -> Iterable[Sample]:
    """Yield what this process knows of itself."""
    yield Sample(of.INFO, (__version__,), 1)
    for loop, how in health().items():
        yield Sample(of.LOOP_TROUBLED, (loop, how["trouble"]), float(bool(how["trouble"])))
        if how["last_turn_at"]:
            yield Sample(of.LOOP_TURN, (loop,), datetime.fromisoformat(how["last_turn_at"]).timestamp())
