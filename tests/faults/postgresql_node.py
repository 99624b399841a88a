"""A PostgreSQL node of a test's own, from the programs of the machine: it may be stopped, killed and starved.

    with a_postgresql_node() as node:
        url = node.new_database()
        node.stop_at_once(); node.start()

Everything of it lies in one folder, and it listens on a free port of loopback: the server that the machine may run is
another, and is never touched. It keeps what it has committed as in operation: fsync and full_page_writes are on.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from hub.cli.ports import free_ports
from hub.clock import monotonic, new_id
from tests.integration.set_up import eventually

#: PostgreSQL refuses to run as root; who runs it then.
_USER = "postgres"
_START_SECONDS = 60
_CONFIG = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = on
full_page_writes = on
synchronous_commit = on
shared_buffers = 32MB
max_connections = 100
max_wal_size = 64MB
min_wal_size = 32MB
autovacuum_naptime = 5s
log_min_messages = warning
"""


class PostgresNode:
    """One node; its program is run anew at each ``start``, its folder stays until the end."""

    def __init__(self, programs: Path, folder: Path, data: Path) -> None:
        """Make its files. :param data: where the tables lie; what was written ahead (WAL) lies in the folder."""
        self._programs, self._folder, self._data = programs, folder, data
        self._server: subprocess.Popen[bytes] | None = None
        (self.port,) = free_ports(1)
        for place in {folder, data}:
            _give_away(place)
        self._run("initdb", "-D", str(self._cluster), "-X", str(folder / "wal"), "-U", "postgres", "-A", "trust",
                  "--no-locale", "-E", "UTF8", "--wal-segsize=1")  # fmt: skip
        with (self._cluster / "postgresql.conf").open("a") as config:
            config.write(f"{_CONFIG}port = {self.port}\n")

    @property
    def _cluster(self) -> Path:
        return self._data / "cluster"

    @property
    def url(self) -> str:
        """Where its own first database is."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def new_database(self) -> str:
        """Make an empty database; return its URL."""
        name = f"hub_{new_id().hex}"
        self.tell(f'CREATE DATABASE "{name}"')
        return self.url.removesuffix("postgres") + name

    def tell(self, statement: str) -> int:
        """Run a statement as its owner; return the number of rows."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            return connection.execute(statement.encode()).rowcount

    def start(self) -> float:
        """Run the node, and wait until it answers; what it had kept it has again. Return the seconds that it took."""
        begun = monotonic()
        with (self._folder / "out").open("ab") as log:
            self._server = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self._cluster)],
                stdout=log, stderr=log, cwd=self._folder, start_new_session=True, user=_whom(), group=_whom(),
            )  # fmt: skip
        eventually(self._answers, _START_SECONDS)
        return monotonic() - begun

    def stop_at_once(self) -> None:
        """End it as ``pg_ctl stop -m immediate`` does: every connection breaks, and it recovers at its next start."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        """End it in good order, as ``pg_ctl stop -m fast`` does: open transactions are rolled back."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it as the kernel would (SIGKILL), with every process that serves a connection."""
        if self._server is not None:
            served = _children(self._server.pid)
            self._end(signal.SIGKILL)
            for pid in served:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in served), 30)

    def terminate_backends(self) -> int:
        """Break every connection of others, and stay up; return how many there were."""
        return self.tell(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )

    @property
    def is_running(self) -> bool:
        """Tell whether its program is there."""
        return self._server is not None and self._server.poll() is None

    def said(self) -> str:
        """Return what it has written to its log."""
        return (self._folder / "out").read_text("utf-8", errors="replace")

    def _end(self, how: signal.Signals) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.send_signal(how)
            server.wait(30)

    def _answers(self) -> bool:
        assert self.is_running, self.said()[-2000:]
        with suppress(psycopg.OperationalError):
            self.tell("SELECT 1")
            return True
        return False

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            capture_output=True, text=True, timeout=_START_SECONDS, cwd=self._folder, user=_whom(), group=_whom(),
        )  # fmt: skip
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"


@contextmanager
def a_postgresql_node(data: Path | None = None) -> Iterator[PostgresNode]:
    """Run a node of one's own until the block ends; skip the test where PostgreSQL's server is not installed.

    :param data: a folder, such as a disk of its own, for its tables; beside its other files if none is given.
    """
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="hub-postgresql-", ignore_cleanup_errors=True) as folder:
        node = PostgresNode(programs, Path(folder), data or Path(folder))
        try:
            node.start()
            yield node
        finally:
            node.kill()


def _programs() -> Path:
    on_path = shutil.which("postgres")
    places = [
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
        *([Path(on_path).parent] if on_path else []),
    ]
    for place in places:
        if (place / "postgres").exists() and (place / "initdb").exists():
            return place
    if os.environ.get("HUB_TEST_REQUIRE_SERVERS") == "1":
        raise FileNotFoundError("postgres")
    pytest.skip("PostgreSQL's server is not installed; install it, or set HUB_TEST_REQUIRE_SERVERS=1 to insist")


def _whom() -> str | None:
    return _USER if os.geteuid() == 0 else None


def _give_away(place: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(place, _USER, _USER)


def _children(parent: int) -> list[int]:
    """Return the processes that a process has started; PostgreSQL gives each a session of its own."""
    tasks = Path(f"/proc/{parent}/task/{parent}/children")
    return [int(pid) for pid in tasks.read_text().split()]
