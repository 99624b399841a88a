"""How the server of the database stands: its clock, and whether it can remove what it writes ahead (WAL)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hub.store.transaction import Store


@dataclass(frozen=True, slots=True)
class Server:
    """How a PostgreSQL server stands.

    :ivar at: what its clock said when it was asked.
    :ivar held_bytes: of WAL that a replication slot without a reader holds back, for as long as it is there.
    :ivar archive_fails: the last WAL file could not be archived, so none is removed, and no point in time is kept.
    """

    at: datetime
    held_bytes: int
    archive_fails: bool


_ASKED = sa.text("""
SELECT clock_timestamp() AS at,
       (SELECT COALESCE(max(pg_wal_lsn_diff(
                   CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
                   restart_lsn)), 0)::bigint
          FROM pg_replication_slots WHERE NOT active AND restart_lsn IS NOT NULL) AS held_bytes,
       (SELECT COALESCE(last_failed_time > COALESCE(last_archived_time, '-infinity'), false)
          FROM pg_stat_archiver) AS archive_fails
""")


def server_of(store: Store) -> Server | None:
    """Ask the server how it stands; None of SQLite, which has none. :raises StoreBusy: it does not answer."""
    if store.engine.dialect.name != "postgresql":
        return None
    with store.begin(read_only=True) as unit:
        row = unit.connection.execute(_ASKED).one()
    return Server(row.at, int(row.held_bytes), bool(row.archive_fails))
