"""Running for good: the API and the pages, and whoever delivers."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import uvicorn

from hub.api.app import create_app
from hub.cli.assembly import Rooms
from hub.errors import SettingsRefused
from hub.identity.tokens import Identity
from hub.queue.broker import Broker
from hub.queue.relay import Relay
from hub.queue.running import LoopThread, Running
from hub.store.migrations import is_current
from hub.ui.pages import add_pages

#: Seconds that deliveries on the wire get to end when the process is told to stop; longer than a send.
_GRACE = 20


class _Announcing(uvicorn.Server):
    """Says in one line of JSON where it listens, once it does."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(orjson.dumps({"ready": "hub", "url": self._url}).decode() + "\n")
        sys.stdout.flush()


def serve_api(rooms: Rooms) -> None:
    """Serve the API and the pages until told to stop; the embedded set-up also delivers from here.

    :raises SettingsRefused: the tables are older than this version.
    """
    _check_tables(rooms)
    settings = rooms.settings
    identity = Identity(settings.clients)
    door = socket.create_server((settings.host, settings.port))
    url = f"http://{settings.host}:{door.getsockname()[1]}"
    with Broker(settings.broker_url, settings.queue_prefix) as broker, _delivering(rooms, broker) as health:
        api = create_app(
            rooms.store,
            rooms.authorities,
            settings,
            identity,
            broker_answers=broker.ping,
            health=health,
            post=rooms.post,
        )
        add_pages(api, rooms.store, identity, settings)
        config = uvicorn.Config(
            api,
            http="httptools",
            ws="none",
            proxy_headers=False,  # whoever is on this machine could send X-Forwarded-Proto; HUB_PUBLIC_URL says it
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=_GRACE,
        )
        _Announcing(config, url).run(sockets=[door])


@contextmanager
def _delivering(rooms: Rooms, broker: Broker) -> Iterator[Callable[[], dict[str, Any]]]:
    """Deliver beside the API where the set-up is embedded, or only ring at once for workers; give how that goes."""
    if not rooms.settings.is_embedded:
        relay = LoopThread(Relay(rooms.store, broker, rooms.settings))
        relay.start()
        try:
            yield lambda: {relay.name: relay.health()}
        finally:
            relay.stop()
            relay.join(_GRACE)
        return
    running = Running(rooms.store, broker, rooms.authorities, rooms.settings, rooms.post, rooms.register)
    running.start()
    try:
        yield running.health
    finally:
        running.stop(_GRACE)


def work(rooms: Rooms) -> None:
    """Deliver until told to stop.

    :raises SettingsRefused: the broker is in the memory of another process; or the tables are older.
    """
    settings = rooms.settings
    if settings.is_embedded:
        raise SettingsRefused(
            "memory:// lives inside one process: a worker of its own would never hear a ring.",
            "Run 'hub serve' alone, which delivers too; or set HUB_DATABASE_URL to PostgreSQL and HUB_BROKER_URL to "
            "RabbitMQ and run 'hub serve' and 'hub worker' side by side.",
        )
    _check_tables(rooms)
    told_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_stop.set())
    with Broker(settings.broker_url, settings.queue_prefix) as broker:
        running = Running(rooms.store, broker, rooms.authorities, settings, rooms.post, rooms.register)
        running.start()
        sys.stdout.write(orjson.dumps({"ready": "worker"}).decode() + "\n")
        sys.stdout.flush()
        told_to_stop.wait()
        running.stop(_GRACE)


def _check_tables(rooms: Rooms) -> None:
    if not is_current(rooms.store):
        raise SettingsRefused("The database has older tables than this version of the hub.", "Run: hub migrate")
