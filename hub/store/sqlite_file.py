"""What a SQLite file still holds of what was deleted, and how it is made to let go.

``secure_delete`` (``engines``) writes zeros over what is deleted. Pages of before stand in the write-ahead log
until it is written over, so it is emptied once housekeeping has cleared something. Free pages are used again before the
file grows: it is as long as on its fullest day, and is not made shorter.
"""

from __future__ import annotations

from hub.store.transaction import Store

#: Whoever reads or writes longer than this is not waited for: the log is emptied after the next round.
_PATIENCE_MILLISECONDS = 500


def empty_log(store: Store) -> bool:
    """Empty the write-ahead log; tell whether it is empty now. PostgreSQL has its own ways, and is left alone.

    The connection is closed for good: it has less patience than others.
    """
    if store.engine.dialect.name != "sqlite":
        return False
    connection = store.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={_PATIENCE_MILLISECONDS}")
        is_busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not is_busy
    finally:
        connection.invalidate()
        connection.close()
