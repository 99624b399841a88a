"""The crowd that `make bench` measures among: every copy whole, every row with the one that it belongs to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from bench.crowd import TABLES, copy_plans
from bench.hub_deliveries import joined, open_case, take_in
from bench.set_ups import SetUp
from hub.store.tables import metadata
from hub.store.transaction import Store
from tests.integration.databases import a_postgresql_database

pytestmark = [pytest.mark.integration, pytest.mark.servers]
COPIES = 50


@pytest.fixture
def store() -> Iterator[Store]:
    """Give a store with one plan in it, whose case has been taken in."""
    with a_postgresql_database() as url:
        store = SetUp("PostgreSQL", url, "amqp://127.0.0.1", "bench").new_store()
        authorities = joined(["http://127.0.0.1:1", "http://127.0.0.1:1"])
        open_case(0, store, authorities)
        take_in(0, 0, store, authorities)
        yield store
        store.close()


def counts(store: Store) -> dict[str, int]:
    with store.begin(read_only=True) as unit:
        query = {name: sa.select(sa.func.count()).select_from(metadata.tables[name]) for name in TABLES}
        return {name: unit.connection.execute(one).scalar_one() for name, one in query.items()}


def orphans(store: Store) -> list[str]:
    """Return the columns in which a row names another that is not there."""
    found = []
    with store.begin(read_only=True) as unit:
        for table in metadata.sorted_tables:
            for key in table.foreign_keys:
                mine, other = key.parent, key.column.table.alias()
                there = sa.exists().where(other.c[key.column.name] == mine)
                if unit.connection.execute(sa.select(mine).where(mine.is_not(None), ~there).limit(1)).first():
                    found.append(str(mine))
    return found


def test_each_copy_is_whole_and_its_rows_belong_together(store: Store) -> None:
    real = counts(store)
    told: list[int] = []
    with store.begin(read_only=True) as unit:
        indexes = sa.inspect(unit.connection).get_indexes("outbox")
    copy_plans(store.engine, COPIES, told.append)
    expected = {name: count * (COPIES + 1) for name, count in real.items()}
    assert counts(store) == {**expected, "audit": expected["audit"] - COPIES}, "the policy was published once"
    assert real["elements"] > 1
    assert told == [COPIES]
    assert orphans(store) == []
    with store.begin(read_only=True) as unit:
        assert sa.inspect(unit.connection).get_indexes("outbox") == indexes


def test_a_crowd_is_not_made_of_a_crowd(store: Store) -> None:
    copy_plans(store.engine, 1, lambda _: None)
    with pytest.raises(ValueError, match="copies of one plan"):
        copy_plans(store.engine, 1, lambda _: None)
