"""The two set-ups a whole town runs on: embedded (SQLite, memory) and servers (PostgreSQL, RabbitMQ).

A town on servers gets a database and a queue prefix of its own, and both are gone after it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hub.cli.town import SetUp
from hub.clock import new_id
from hub.queue.broker import Broker
from tests.integration.databases import a_migrated_postgresql
from tests.integration.set_up import must_answer

BROKER = os.environ.get("HUB_TEST_BROKER_URL", "amqp://guest:guest@127.0.0.1:5672//")
EMBEDDED, SERVERS = "embedded", "servers"

both_set_ups = pytest.mark.parametrize(
    "set_up_name", [EMBEDDED, pytest.param(SERVERS, marks=pytest.mark.servers)], ids=[EMBEDDED, SERVERS]
)


@contextmanager
def a_set_up(name: str) -> Iterator[SetUp]:
    """Give a fresh set-up, and leave nothing of it."""
    if name == EMBEDDED:
        yield SetUp()
        return
    prefix = f"hub-test-{new_id().hex[:12]}"
    with Broker(BROKER, prefix) as broker:
        must_answer(broker)
        try:
            with a_migrated_postgresql() as database:
                yield SetUp(database, BROKER, prefix)
        finally:
            broker.delete()
