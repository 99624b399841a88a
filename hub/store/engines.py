"""How the hub is connected to its database: durable, patient for some seconds, and over connections that answer."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import QueuePool
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from hub.clock import monotonic
from hub.errors import SettingsRefused

_BUSY_SECONDS = 10
_KEPT_ON_SQLITE = 6
#: A connection that was used a moment ago is not asked for a sign of life: that is a way to the server and back.
_RESTED_SECONDS = 1.0
#: A server out of reach is given up after about ten seconds, whether it owes an acknowledgement or an answer; TCP alone
#: takes minutes or for ever (https://www.postgresql.org/docs/current/libpq-connect.html, keepalives).
_SIGNS_OF_LIFE = {
    "tcp_user_timeout": 10_000,  # milliseconds
    "keepalives_idle": 4,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
#: What the server is asked of each session. A hub that vanished in the middle of a transaction leaves its locks behind:
#: the server ends what has been idle in one for longer than the hub ever is, and looks for clients that are gone.
_ASKED_OF_SERVER = {
    "idle_in_transaction_session_timeout": "30s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "timezone": "UTC",  # as the store gives instants back: nothing to convert
}

#: Options of a statement whose rows hold much that is sealed: PostgreSQL sends it as bytes, where it would otherwise
#: spell each by two letters, and the driver read them back.
IN_BINARY = {"hub_in_binary": True}


def new_engine(url: URL) -> sa.Engine:
    """Return an engine, nothing connected yet. :raises SettingsRefused: no database that the hub may use."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    if url.get_backend_name() == "postgresql":
        asked = {"lock_timeout": f"{_BUSY_SECONDS}s", **_ASKED_OF_SERVER}
        engine = sa.create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_use_lifo=True,  # by turns, each would rest so long that it has to be asked for a sign of life
            hide_parameters=True,  # what an error quotes may end on an operator's terminal
            pool_size=20,
            max_overflow=20,
            pool_timeout=_BUSY_SECONDS,
            connect_args={
                "connect_timeout": 3,
                "options": " ".join(f"-c {name}={value}" for name, value in asked.items()),
                **_SIGNS_OF_LIFE,
            },
        )
        event.listen(engine, "connect", _refuse_forgetful_server)
        event.listen(engine, "do_execute", _choose_format)
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", _ask_for_life)
        return engine
    raise SettingsRefused(
        f"HUB_DATABASE_URL names {url.get_backend_name()!r}.", "Use sqlite:///FILE or postgresql://user@host/database."
    )


def _sqlite_engine(url: URL) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise SettingsRefused("HUB_DATABASE_URL names no file.", "Use sqlite:///FILE: what is accepted must last.")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(
        url,
        poolclass=QueuePool,
        # A busy moment opens as many as it needs and closes them again. What is kept would keep up to 2 MB of the same
        # pages each; and one writes at a time, so a few are all that can work.
        pool_use_lifo=True,
        hide_parameters=True,
        pool_size=_KEPT_ON_SQLITE,
        max_overflow=40 - _KEPT_ON_SQLITE,
        pool_timeout=_BUSY_SECONDS,
        connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False, "isolation_level": None},
    )
    event.listen(engine, "connect", _make_durable)
    event.listen(engine, "begin", _begin_on_sqlite)
    return engine


def _make_durable(connection: Any, _record: object) -> None:
    # A file becomes WAL once. Who comes while another makes it so is told at once that it is locked: for this SQLite
    # waits for nobody, whatever its timeout says (https://www.sqlite.org/c3ref/busy_handler.html).
    patience = Retrying(
        stop=stop_after_delay(_BUSY_SECONDS), wait=wait_fixed(0.02), retry=retry_if_exception(_is_locked), reraise=True
    )
    patience(connection.execute, "PRAGMA journal_mode=WAL")
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _is_locked(error: BaseException) -> bool:
    return isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def _begin_on_sqlite(connection: sa.Connection) -> None:
    is_read_only = connection.get_execution_options().get("hub_read_only", False)
    connection.exec_driver_sql("BEGIN" if is_read_only else "BEGIN IMMEDIATE")


def _refuse_forgetful_server(connection: Any, _record: object) -> None:
    """Refuse a server that acknowledges before it has written: an accepted message could be lost with its power."""
    with connection.cursor() as cursor:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            cursor.execute(f"SHOW {name}")
            if cursor.fetchone()[0] == "off":
                raise SettingsRefused(f"PostgreSQL runs with {name}=off.", f"Set {name}=on, then start the hub again.")
    connection.rollback()


def _choose_format(cursor: Any, _statement: str, _parameters: object, context: Any) -> None:
    """Choose how rows come, and let the driver ask for them as ever.

    An event of the dialect: for one of the engine each new connection would put the lists of its listeners together.
    """
    if context is not None and context.execution_options.get("hub_in_binary"):
        cursor.format = context.dialect.dbapi.pq.Format.BINARY


def _note_use(_connection: Any, record: Any) -> None:
    record.info["used_at"] = monotonic()


def _ask_for_life(connection: Any, record: Any, _proxy: object) -> None:
    """Ask a connection that has rested whether its server still hears; the pool takes another if it does not."""
    used_at = record.info.get("used_at")
    if used_at is None or monotonic() - used_at < _RESTED_SECONDS:
        return
    try:
        connection.execute("SELECT 1")
        connection.commit()  # rolled back, psycopg would forget every statement that it has prepared
    except connection.OperationalError as error:
        raise DisconnectionError from error
