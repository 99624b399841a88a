"""A crowd of plans in a PostgreSQL database: copies of one real plan, with every row that the hub wrote for it.

Each copy has ids, look-up keys and message keys of its own, made from the real ones and its number, so that rows that
belong together still do. Sealed bytes are copied as they are: a copy has the size, the keys and the indexes of a real
plan, and nobody can open it. A message's body is not copied: most of a crowd's are past their time of keeping
(docs/reference/retention.md). What is measured beside the crowd are real plans.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import sqlalchemy as sa

import hub.store.trace_tables  # noqa: F401  # brings its tables
from hub.store.tables import metadata

#: What the hub writes for a plan; the other tables are about recipients, clients or settings and do not grow with it.
TABLES = (
    "people", "identifiers", "plans", "plan_people", "case_plans", "memberships", "consents", "elements",
    "inbox", "inbox_plans", "outbox", "attempts", "delivery_causes", "holdings", "audit",
)  # fmt: skip
_KEYS_OF_BYTES = ("blind_index", "message_index")
_NOT_KEPT = ("body",)
_BATCH = 20_000


def copy_plans(engine: sa.Engine, last: int, told: Callable[[int], object]) -> None:
    """Copy the one plan of a database again and again, in batches; a row that names nothing is no plan's.

    :param last: how many copies.
    :param told: is told how many copies there are, after each batch.
    :raises ValueError: there is not exactly one plan.
    """
    with engine.connect() as connection, _without_second_indexes(connection):
        connection.exec_driver_sql("SET session_replication_role = replica")  # no triggers, no look at foreign keys
        connection.exec_driver_sql("SET synchronous_commit = off")
        rows = [(table, row) for table in _tables() for row in connection.execute(sa.select(table)).mappings()]
        real = [(table, row) for table, row in rows if any(isinstance(value, UUID) for value in row.values())]
        if sum(table.name == "plans" for table, _ in real) != 1:
            raise ValueError("A crowd is made of copies of one plan, and this database has another number of them.")
        for first in range(1, last + 1, _BATCH):
            until = min(first + _BATCH - 1, last)
            for table, row in real:
                connection.execute(_copies(table, row, first, until))
            connection.commit()
            told(until)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")


def _tables() -> Sequence[sa.Table]:
    return [metadata.tables[name] for name in TABLES]


def _copies(table: sa.Table, row: sa.RowMapping, first: int, last: int) -> sa.Insert:
    """Return what inserts a copy of a row for each number."""
    number = sa.func.generate_series(first, last).table_valued("number").render_derived().c.number
    columns = [column for column in table.columns if not _is_counted(column)]
    values = [_copied(column, row[column.name], sa.cast(number, sa.Text)) for column in columns]
    return table.insert().from_select([column.name for column in columns], sa.select(*values))


def _is_counted(column: sa.Column[Any]) -> bool:
    """Tell whether the database numbers the rows itself."""
    return column.primary_key and isinstance(column.type, sa.BigInteger)


def _copied(column: sa.Column[Any], value: Any, number: sa.ColumnElement[str]) -> sa.ColumnElement[Any]:
    if value is None or column.name in _NOT_KEPT:
        return sa.cast(sa.null(), column.type)
    if isinstance(value, UUID):
        return sa.cast(sa.func.md5(sa.literal(str(value)) + number), sa.Uuid)
    if column.name in _KEYS_OF_BYTES:
        return sa.func.sha256(sa.literal(value, sa.LargeBinary).concat(sa.func.convert_to(number, "UTF8")))
    return sa.cast(sa.literal(value, column.type), column.type)


@contextmanager
def _without_second_indexes(connection: sa.Connection) -> Iterator[None]:
    """Drop the indexes that no constraint stands on, and make them again when all rows are there."""
    query = sa.text(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY (:tables) "
        "AND indexname NOT IN (SELECT conname FROM pg_constraint)"
    )
    found = [(row.indexname, row.indexdef) for row in connection.execute(query, {"tables": list(TABLES)})]
    for name, _ in found:
        connection.exec_driver_sql(f'DROP INDEX "{name}"')
    yield
    connection.exec_driver_sql("SET maintenance_work_mem = '1GB'")
    for _, definition in found:
        connection.exec_driver_sql(definition)
    connection.commit()
