"""A server that has restarted: whose connections are found dead, and when."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
import sqlalchemy as sa

from hub.errors import StoreBusy
from hub.store.transaction import Store
from tests.integration.databases import a_postgresql_database, a_store

pytestmark = [pytest.mark.integration, pytest.mark.servers]

_CUT = sa.text(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def store() -> Iterator[Store]:
    """A database to which three connections stand that were used just now, and that then cuts them all."""
    with a_postgresql_database() as url:
        store, other = a_store(url), a_store(url)
        other.ping()
        with store.begin() as one, store.begin() as two, store.begin() as three:
            for unit in (one, two, three):
                unit.connection.execute(sa.text("SELECT 1"))
        with other.begin() as unit:
            assert unit.connection.execute(_CUT).scalars().all() == [True] * 3
        other.close()
        yield store
        store.close()


def test_after_a_rest_nobody_notices_that_the_server_has_restarted(store: Store) -> None:
    time.sleep(1.1)
    for _ in range(3):
        store.ping()


def test_within_the_second_at_most_one_is_told_to_come_again_and_whoever_follows_finds_the_server(store: Store) -> None:
    with suppress(StoreBusy):  # a machine that is slow may have rested already
        store.ping()
    with store.begin() as one, store.begin() as two, store.begin() as three:
        for unit in (one, two, three):
            assert unit.connection.execute(sa.text("SELECT 1")).scalar_one() == 1
