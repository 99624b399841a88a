"""Where and with what a run was made."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa
from kombu.connection import Connection

from bench.set_ups import Servers

ROOT = Path(__file__).parents[1]
_LIBRARIES = ("lxml", "orjson", "jsonschema-rs", "sqlalchemy", "psycopg", "kombu", "celery", "fastapi", "uvicorn")


def facts(servers: Servers | None) -> Iterator[tuple[str, str]]:
    """Yield what a reader needs to judge the times, which the ratios do not need."""
    yield "commit", _commit()
    yield "machine", f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}"
    yield "load", f"{os.getloadavg()[1]:.1f} programs at once in the last five minutes; the run itself is about two"
    yield "Python", platform.python_version()
    yield "PostgreSQL", _postgresql(servers.database_url) if servers else "none answers"
    yield "RabbitMQ", _rabbitmq(servers.broker_url) if servers else "none answers"
    yield "libraries", ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)


def _commit() -> str:
    try:
        return _git("rev-parse", "--short", "HEAD") + (" with changes" if _git("status", "--porcelain", "hub") else "")
    except (OSError, subprocess.CalledProcessError):
        return "not in a git checkout"


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout.strip()  # noqa: S603


def _postgresql(url: str) -> str:
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        said = str(connection.execute(sa.text("SHOW server_version")).scalar_one())
    engine.dispose()
    return said.split()[0]


def _rabbitmq(url: str) -> str:
    with Connection(url) as connection:
        connection.connect()
        return str(connection.connection.server_properties["version"])
