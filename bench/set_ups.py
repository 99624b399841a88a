"""The two ways to set the hub up: one process with SQLite, and PostgreSQL with RabbitMQ. Nothing is left of either."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from hub.cli.assembly import open_store
from hub.clock import new_id
from hub.flow.policies import publish_first_policy
from hub.settings import Settings
from hub.store.migrations import upgrade
from hub.store.transaction import Store

DATABASE = os.environ.get("HUB_TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
BROKER = os.environ.get("HUB_TEST_BROKER_URL", "amqp://guest:guest@127.0.0.1:5672//")
ACTOR = "bench"
#: Deliveries, or tasks, under way at once in one process; the same for everyone who is compared.
WORKERS = 4


@dataclass(frozen=True, slots=True)
class Servers:
    """The PostgreSQL and RabbitMQ that answer on this machine."""

    database_url: str
    broker_url: str


@dataclass(frozen=True, slots=True)
class SetUp:
    """One set-up for one measurement: a database of its own, and a first part of queue names that nobody else has."""

    name: str
    database_url: str
    broker_url: str
    prefix: str

    @property
    def is_embedded(self) -> bool:
        """Tell whether everything lives in one process."""
        return self.broker_url.startswith("memory:")

    def settings(self) -> Settings:
        """Return the hub's settings here; every process of a measurement has the same."""
        keys: dict[str, Any] = {"keys": {1: b"\x01" * 32}, "index_key": b"\x02" * 32}
        return Settings(
            database_url=self.database_url,
            broker_url=self.broker_url,
            queue_prefix=self.prefix,
            workers=WORKERS,
            **keys,
        )

    def new_store(self) -> Store:
        """Make the hub's tables, put the Danish rules in force, and return the open store."""
        store = open_store(self.settings())
        upgrade(store)
        rules = tomllib.loads((files("hub.consent") / "danish_rules.toml").read_text("utf-8"))
        publish_first_policy(rules, store, actor=ACTOR, correlation_id="c")
        return store


def find_servers() -> Servers | None:
    """Return the servers; None unless both answer."""
    try:
        with _on_server() as server:
            server.exec_driver_sql("SELECT 1")
        with Connection(BROKER, connect_timeout=3) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0)
    except (sa.exc.OperationalError, OperationalError):
        return None
    return Servers(DATABASE, BROKER)


@contextmanager
def embedded() -> Iterator[SetUp]:
    """Give a set-up in one process."""
    with TemporaryDirectory(prefix="hub-bench-") as folder:
        yield SetUp("SQLite, memory", f"sqlite:///{Path(folder) / 'bench.db'}", "memory://", "bench")


@contextmanager
def operated(servers: Servers) -> Iterator[SetUp]:
    """Give a set-up on servers."""
    name = f"hub_bench_{new_id().hex[:12]}"
    with _on_server() as server:
        server.exec_driver_sql(f'CREATE DATABASE "{name}"')
    try:
        url = sa.make_url(servers.database_url).set(database=name).render_as_string(hide_password=False)
        yield SetUp("PostgreSQL, RabbitMQ", url, servers.broker_url, name.replace("_", "-"))
    finally:
        with _on_server() as server:
            server.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')


def each(servers: Servers | None) -> Iterator[SetUp]:
    """Give the embedded set-up, then the one with servers where there are some; each ends before the next begins."""
    with embedded() as one:
        yield one
    if servers:
        with operated(servers) as one:
            yield one


@contextmanager
def _on_server() -> Iterator[sa.Connection]:
    engine = sa.create_engine(
        sa.make_url(DATABASE).set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": 3},
    )
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
