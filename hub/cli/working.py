"""Delivering for good: relay, workers, sweeper and jobs. Knows neither the API nor a page, so that it starts soon."""

from __future__ import annotations

import signal
import sys
import threading

import orjson

from hub.cli.assembly import Rooms
from hub.cli.collecting import spare_what_stays
from hub.cli.metrics_port import metrics_port
from hub.cli.span_export import spans_sent
from hub.errors import SettingsRefused
from hub.flow.rotation import check_keys
from hub.queue.broker import Broker
from hub.queue.running import Running
from hub.store.migrations import is_current

#: Seconds that deliveries on the wire get to end when the process is told to stop; longer than a send.
GRACE = 20


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
    check_tables(rooms)
    told_to_stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told_to_stop.set())
    with spans_sent(rooms), Broker(settings.broker_url, settings.queue_prefix) as broker:
        running = loops(rooms, broker)
        with metrics_port(rooms, broker.ping, running.health) as metrics:
            spare_what_stays()  # before it works: what is under way then is no part of it
            running.start()
            sys.stdout.write(orjson.dumps({"ready": "worker", **metrics}).decode() + "\n")
            sys.stdout.flush()
            told_to_stop.wait()
            running.stop(GRACE)


def loops(rooms: Rooms, broker: Broker) -> Running:
    """Return all that a process does which delivers."""
    post, register, witnesses = rooms.post, rooms.register, rooms.witnesses
    return Running(rooms.store, broker, rooms.authorities, rooms.settings, post, register, witnesses)


def check_tables(rooms: Rooms) -> None:
    """Look at what is stored. :raises SettingsRefused: its tables are older, or it needs a key that is not set."""
    if not is_current(rooms.store):
        raise SettingsRefused("The database has older tables than this version of the hub.", "Run: hub migrate")
    check_keys(rooms.store)
