"""A database whose disk is full says so, keeps what it has, and goes on by itself once there is room."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from hub.errors import StoreBusy
from hub.store.migrations import upgrade
from hub.store.tables import policies
from hub.store.transaction import Store
from hub.testing.clock import THEN
from tests.faults.postgresql_node import a_postgresql_node
from tests.faults.small_disk import SmallDisk, a_small_disk
from tests.integration.databases import EMBEDDED, MUNICIPALITY, OPERATED, a_store

pytestmark = pytest.mark.integration

#: More than is left in pages that the database has already; dice, which no database can make smaller.
_LARGE = os.urandom(2_000_000).hex()


@contextmanager
def _on_a_small_disk(kind: str) -> Iterator[tuple[Store, SmallDisk]]:
    with a_small_disk(96) as disk:
        if kind == EMBEDDED:
            yield a_store(f"sqlite:///{disk.folder / 'hub.db'}"), disk
            return
        with a_postgresql_node(disk.folder) as node:
            yield a_store(node.new_database()), disk


def _writes(store: Store, version: int) -> None:
    with store.begin() as unit:
        row = {"municipality": MUNICIPALITY, "version": version, "published_at": THEN, "published_by": "test"}
        unit.connection.execute(policies.insert().values(**row, document=_LARGE if version > 1 else "{}"))


@pytest.mark.parametrize("kind", [EMBEDDED, OPERATED])
def test_a_full_disk_is_told_as_one_and_ends_when_there_is_room(kind: str) -> None:
    with _on_a_small_disk(kind) as (store, disk):
        upgrade(store)
        _writes(store, 1)
        disk.fill()
        with pytest.raises(StoreBusy) as refused:
            _writes(store, 2)
        assert refused.value.sentence == "The disk of the database is full."
        assert "room" in refused.value.next_step
        store.ping()
        disk.free()
        _writes(store, 3)
        with store.begin(read_only=True) as unit:
            kept = unit.connection.execute(sa.select(policies.c.version).order_by(policies.c.version)).scalars().all()
        assert kept == [1, 3]
        store.close()
