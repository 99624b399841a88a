"""An INSERT that may meet a row that is there already: SQLAlchemy has one for each database."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(table: sa.Table, connection: sa.Connection) -> Any:
    """Return an INSERT of the connection's own database, with ``on_conflict_do_nothing`` and ``…_do_update``."""
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)
