"""A connection that has rested is asked for a sign of life, and is none the worse for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

import hub.store.engines
from hub.store.transaction import Store
from tests.integration.databases import a_postgresql_database, a_store

pytestmark = [pytest.mark.integration, pytest.mark.servers]

_OFTEN = 8  # psycopg prepares a statement once it was asked five times
_ASKED = sa.text("SELECT 1 AS often")
_PREPARED = sa.text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%often%'")


@pytest.fixture
def store() -> Iterator[Store]:
    with a_postgresql_database() as url:
        store = a_store(url)
        yield store
        store.close()


def test_what_a_connection_has_prepared_outlives_its_rest(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.begin() as unit:
        server = unit.connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        for _ in range(_OFTEN):
            unit.connection.execute(_ASKED)
    monkeypatch.setattr(hub.store.engines, "_RESTED_SECONDS", 0)
    with store.begin() as unit:
        assert unit.connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one() == server
        assert unit.connection.execute(_PREPARED).scalar_one() == 1
