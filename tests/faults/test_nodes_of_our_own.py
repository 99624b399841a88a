"""The PostgreSQL node and the small disk that fault scenarios stand on do what their names say."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.faults.postgresql_node import PostgresNode, a_postgresql_node
from tests.faults.small_disk import a_small_disk
from tests.patience import wait_for

pytestmark = [pytest.mark.integration, pytest.mark.faults]


@pytest.fixture(scope="module")
def node() -> Iterator[PostgresNode]:
    with a_postgresql_node() as made:
        yield made


@pytest.mark.servers
def test_it_keeps_its_commits_as_in_operation(node: PostgresNode) -> None:
    with psycopg.connect(node.url) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            row = connection.execute(f"SHOW {setting}".encode()).fetchone()
            assert row == ("on",), setting


@pytest.mark.servers
@pytest.mark.parametrize("end", [PostgresNode.stop, PostgresNode.stop_at_once, PostgresNode.kill])
def test_it_ends_and_has_what_was_committed_when_it_starts_again(
    node: PostgresNode, end: Callable[[PostgresNode], None]
) -> None:
    url = node.new_database()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        connection.execute("INSERT INTO kept VALUES (7)")
        end(node)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=2)
    node.start()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(7,)]


@pytest.mark.servers
def test_every_connection_of_others_can_be_broken(node: PostgresNode) -> None:
    others = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    wait_for(lambda: node.tell(others), lambda many: many == 0)  # what an earlier test had open goes in its own time
    with psycopg.connect(node.url) as first, psycopg.connect(node.url) as second:
        assert node.terminate_backends() == 2
        for connection in (first, second):
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
    assert node.is_running
    assert node.tell("SELECT 1") == 1


def test_a_small_disk_is_full_until_it_is_freed() -> None:
    with a_small_disk(4) as disk:
        assert 3 << 20 < disk.fill() <= 4 << 20
        with pytest.raises(OSError, match="No space") as full:
            (disk.folder / "more").write_bytes(b"x" * 8192)
        assert full.value.errno == errno.ENOSPC
        disk.free()
        (disk.folder / "more").write_bytes(b"x" * 8192)
    assert not disk.folder.exists()


@pytest.mark.servers
def test_a_node_on_a_full_disk_refuses_to_write_and_stays_up() -> None:
    with a_small_disk(96) as disk, a_postgresql_node(disk.folder) as node:
        node.tell("CREATE TABLE kept (text text)")
        disk.fill()
        with pytest.raises(psycopg.errors.DiskFull):
            node.tell("INSERT INTO kept SELECT repeat('x', 1000) FROM generate_series(1, 10000)")
        assert node.is_running
        disk.free()
        assert node.tell("INSERT INTO kept SELECT repeat('x', 1000) FROM generate_series(1, 100)") == 100
