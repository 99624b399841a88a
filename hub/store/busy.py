"""What a database says when it cannot just now, in the hub's words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from hub.errors import StoreBusy

_UNIQUE_VIOLATION, _DISK_FULL = "23505", "53100"  # PostgreSQL, Appendix A
_MAKE_ROOM = (
    "Operator: give the database's disk room; the hub then goes on by itself. Nothing was lost or half-written."
)


@contextmanager
def busy_is_told() -> Iterator[None]:
    """Use the database within the block.

    :raises StoreBusy: it does not answer, not in time, or has no room to write; or another wrote the same just now.
    """
    try:
        yield
    except (OperationalError, NoConnectionFree) as error:
        if _is_full(error):
            raise StoreBusy("The disk of the database is full.", _MAKE_ROOM) from error
        raise StoreBusy("The database does not answer in time.") from error
    except IntegrityError as error:
        if _is_taken(error):
            raise StoreBusy("Another transaction wrote the same thing at the same time.") from error
        raise
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreBusy("The connection to the database broke.") from error
        raise


def _is_taken(error: IntegrityError) -> bool:
    """Tell whether a unique key was taken, as happens when two write at once; any other broken rule is a bug."""
    cause: Any = error.orig
    if isinstance(cause, sqlite3.IntegrityError):
        return cause.sqlite_errorcode in (sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
    return getattr(cause, "sqlstate", None) == _UNIQUE_VIOLATION


def _is_full(error: Exception) -> bool:
    """Tell whether the database had no room to write: nothing gets better by waiting until somebody makes some."""
    cause: Any = getattr(error, "orig", None)
    if isinstance(cause, sqlite3.OperationalError):
        return cause.sqlite_errorcode == sqlite3.SQLITE_FULL
    return getattr(cause, "sqlstate", None) == _DISK_FULL
