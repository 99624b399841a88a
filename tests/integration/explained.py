"""How a database answers a question: what it says of each statement that is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa


@contextmanager
def explaining(asked: sa.Engine | sa.Connection) -> Iterator[list[str]]:
    """Note how each statement that is asked within the block is answered, a line for each step."""
    told: list[str] = []
    explain = "EXPLAIN" if asked.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"

    def note(connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")):
            asking = connection.connection.cursor()
            asking.execute(f"{explain} {statement}", given)
            told.extend(str(row[-1]) for row in asking.fetchall())
            asking.close()

    sa.event.listen(asked, "before_cursor_execute", note)
    try:
        yield told
    finally:
        sa.event.remove(asked, "before_cursor_execute", note)


def by_indexes_alone(connection: sa.Connection) -> None:
    """Let PostgreSQL read no table through while an index will do: small ones it would, by what it thinks of disks."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
