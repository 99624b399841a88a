"""Databases to test on: a SQLite file, and a database of our own on the PostgreSQL server of the machine."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.clock import new_id
from hub.crypto.envelope import Keyring
from hub.store.migrations import upgrade
from hub.store.tables import metadata
from hub.store.transaction import Store, Unit

SERVER = os.environ.get("HUB_TEST_DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
MUNICIPALITY = "0376"

EMBEDDED = "sqlite"
OPERATED = pytest.param("postgresql", marks=pytest.mark.servers)


def a_keyring() -> Keyring:
    """Return the keys of the tests; every store of a test opens with the same."""
    return Keyring({1: b"\x01" * 32}, index_key=b"\x02" * 32)


def a_store(url: str) -> Store:
    """Open a database; another call with the same URL is another process's view of it."""
    return Store(url, a_keyring(), MUNICIPALITY)


@contextmanager
def a_postgresql_database(like: str = "template1") -> Iterator[str]:
    """Make a database of our own, empty or like another; gone afterwards."""
    name = f"hub_test_{new_id().hex}"
    server = sa.create_engine(
        sa.engine.make_url(SERVER).set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        connect_args={"connect_timeout": 3},
    )
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
    except sa.exc.OperationalError:
        if os.environ.get("HUB_TEST_REQUIRE_SERVERS") == "1":
            raise
        pytest.skip("no PostgreSQL server answers; set HUB_TEST_DATABASE_URL, or HUB_TEST_REQUIRE_SERVERS=1 to insist")
    try:
        yield sa.engine.make_url(SERVER).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')
        server.dispose()


@contextmanager
def an_empty_database(kind: str, folder: Path) -> Iterator[str]:
    """Make a database without tables and give its URL."""
    if kind == EMBEDDED:
        yield f"sqlite:///{folder / 'hub.db'}"
    else:
        with a_postgresql_database() as url:
            yield url


@contextmanager
def a_filled_store(kind: str, folder: Path, fill: Callable[[Unit], object]) -> Iterator[Store]:
    """Give a store of a database of its own that knows how much of what there is in it.

    :param fill: puts it there.
    """
    with an_empty_database(kind, folder) as url:
        store = a_store(url)
        upgrade(store)
        with store.begin() as unit:
            fill(unit)
        with store.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()
        yield store
        store.close()


def empty(store: Store) -> None:
    """Delete every row."""
    names = ", ".join(table.name for table in metadata.sorted_tables)
    with store.begin() as unit:
        unit.connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # the audit refuses it else
        unit.connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")


@contextmanager
def a_migrated_postgresql() -> Iterator[str]:
    """Make a database of our own with all tables, and no rows."""
    with a_postgresql_database(_with_tables()) as url:
        yield url


@contextmanager
def a_database_for_a_hub(kind: str, folder: Path) -> Iterator[str]:
    """Make a database without rows and give its URL; where making tables takes long, they are there already."""
    if kind == EMBEDDED:
        yield f"sqlite:///{folder / 'hub.db'}"
    else:
        with a_migrated_postgresql() as url:
            yield url


@cache
def _with_tables() -> str:
    """Make a database with all tables, once in a process, which others are copies of; return its name."""
    made = ExitStack()
    url = made.enter_context(a_postgresql_database())
    atexit.register(made.close)
    store = a_store(url)
    upgrade(store)
    store.close()
    return str(sa.engine.make_url(url).database)


def without_triggers(unit: Unit) -> None:
    """Do as who owns the database can; on PostgreSQL until the transaction ends."""
    if unit.connection.dialect.name == "postgresql":
        unit.connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        return
    names = unit.connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
    for name in names:
        unit.connection.exec_driver_sql(f"DROP TRIGGER {name}")
