"""Serving for good: the API and the pages; with SQLite and memory:// deliveries too."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

import orjson
import uvicorn

from hub.api.app import create_app
from hub.api.feed import close_waiting_room
from hub.cli.assembly import Rooms
from hub.cli.collecting import spare_what_stays
from hub.cli.contract_check import contract_check
from hub.cli.metrics_port import metrics_port
from hub.cli.span_export import spans_sent
from hub.cli.working import GRACE, check_tables, loops
from hub.identity.access import Access
from hub.identity.tokens import Identity
from hub.queue.broker import Broker
from hub.queue.relay import Relay
from hub.queue.running import LoopThread
from hub.ui.pages import add_pages, close_pages

#: Seconds that a connection may rest between two requests. Longer than most proxies and HTTP clients rest theirs
#: (nginx 60, httpx 5): who asks over it at the very moment it is closed gets no answer, and cannot know what was done
#: (RFC 9112, section 9.5). A balancer that rests its own for longer, as some clouds' do, needs deploy/proxy between.
IDLE_SECONDS = 75


class _Announcing(uvicorn.Server):
    """Says in one line of JSON where it listens, once it does; lets nobody wait once it is told to stop."""

    def __init__(
        self,
        config: uvicorn.Config,
        urls: Mapping[str, str],
        at_the_end: Callable[[], None],
        going: tuple[Callable[[], None], float],
    ) -> None:
        super().__init__(config)
        self._urls, self._at_the_end = urls, at_the_end
        self._say_going: Callable[[], None] | None = going[0]
        self._going_seconds = going[1]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        spare_what_stays()
        sys.stdout.write(orjson.dumps({"ready": "hub", **self._urls}).decode() + "\n")
        sys.stdout.flush()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Say by ``/readyz`` for a while that the end comes, and go on answering; told twice, end at once."""
        say_going, self._say_going = self._say_going, None
        if say_going is None or not self._going_seconds:
            super().handle_exit(sig, frame)
            return
        say_going()
        ends = threading.Timer(self._going_seconds, super().handle_exit, (sig, frame))
        ends.daemon = True
        ends.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Before the connections are waited for: the application's own end comes only when they are all closed.
        self._at_the_end()
        await super().shutdown(sockets)


def serve_api(rooms: Rooms) -> None:
    """Serve the API and the pages until told to stop; the embedded set-up also delivers from here.

    :raises SettingsRefused: the tables are older than this version; or something stored needs a key that is not set.
    """
    check_tables(rooms)
    settings = rooms.settings
    identity = Identity(settings.clients)
    door = open_door(settings.host, settings.port)
    url = f"http://{settings.host}:{door.getsockname()[1]}"
    with (
        spans_sent(rooms),
        Broker(settings.broker_url, settings.queue_prefix) as broker,
        _delivering(rooms, broker) as health,
        metrics_port(rooms, broker.ping, health) as metrics,
    ):
        api = create_app(
            rooms.store,
            rooms.authorities,
            settings,
            Access(rooms.store, identity, settings.address),
            broker_answers=broker.ping,
            health=health,
            post=rooms.post,
        )
        add_pages(api, rooms.store, identity, settings, rooms.authorities, contract_check)

        def let_go() -> None:  # whoever waits for something to come: readers of feeds, and pages that listen
            close_waiting_room(api)
            close_pages(api)

        going = partial(setattr, api.state, "is_going", True), settings.going_seconds
        _Announcing(http_config(api), {"url": url, **metrics}, let_go, going).run(sockets=[door])


def open_door(host: str, port: int) -> socket.socket:
    """Listen at an address; what comes in by it is answered without a rest.

    asyncio switches Nagle's algorithm off only where a socket names its protocol, and ``create_server`` names none. An
    answer leaves in two parts: the second would wait until the caller's system has acknowledged the first, which takes
    it some 40 ms (RFC 9293, sections 3.7.4 and 3.8.6.3).

    :param port: 0 takes one that is free.
    :raises OSError: it is taken, or not this machine's.
    """
    door = socket.create_server((host, port))
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the connections that it takes have it from it
    return door


def http_config(api: Any) -> uvicorn.Config:
    """Return how the hub speaks HTTP.

    :param api: the application, ASGI.
    """
    return uvicorn.Config(
        api,
        http="httptools",
        ws="none",
        proxy_headers=False,  # whoever is on this machine could send X-Forwarded-Proto; HUB_PUBLIC_URL says it
        log_config=None,
        access_log=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=GRACE,
    )


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
            relay.join(GRACE)
        return
    running = loops(rooms, broker)
    running.start()
    try:
        yield running.health
    finally:
        running.stop(GRACE)
