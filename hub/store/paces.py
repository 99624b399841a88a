"""How quickly a recipient may be called: a limit of deliveries per minute, shared by all workers of all processes.

    wait = unit.paces.take("social", 120, at)      # None: a delivery may start now; else when to come again
    unit.paces.give_back("social", 120)            # nothing was sent after all

One row per limited recipient says when the next delivery is due if they follow each other evenly. A delivery may be a
second early, so that waits for a relay and a worker do not add up; the pace is that little slower, and no minute
ever has more than the limit.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from hub.store.delivery_tables import paces
from hub.store.upserts import insert_into

_SLACK = timedelta(seconds=1)
_ROW = paces.c


def interval(per_minute: int) -> timedelta:
    """Return the time between two deliveries."""
    return (timedelta(minutes=1) + _SLACK) / per_minute


class Paces:
    """Paces of limited recipients, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def free(self, recipient: str, per_minute: int, at: datetime) -> int:
        """Take the recipient's row, and return how many deliveries may start now. Others wait until this commits."""
        due = self._due(recipient, at)
        if due > at + _SLACK:
            return 0
        return int((at + _SLACK - max(due, at)) / interval(per_minute)) + 1

    def take(self, recipient: str, per_minute: int, at: datetime) -> datetime:
        """A delivery starts, of those that are ``free``; return when the next may."""
        then = max(self._due(recipient, at), at) + interval(per_minute)
        self._set(recipient, then)
        return then - _SLACK

    def next_at(self, recipient: str, at: datetime) -> datetime:
        """Return when the next delivery may start."""
        return max(self._due(recipient, at) - _SLACK, at)

    def give_back(self, recipient: str, per_minute: int, at: datetime) -> None:
        """Nothing was sent after all."""
        self._set(recipient, self._due(recipient, at) - interval(per_minute))

    def _due(self, recipient: str, at: datetime) -> datetime:
        wanted = sa.select(_ROW.next_at).where(*self._one(recipient)).with_for_update()
        due: datetime | None = self._connection.execute(wanted).scalar_one_or_none()
        if due is not None:
            return due
        first = {"municipality": self._municipality, "recipient": recipient, "next_at": at}
        self._connection.execute(insert_into(paces, self._connection).values(first).on_conflict_do_nothing())
        found: datetime = self._connection.execute(wanted).scalar_one()
        return found

    def _set(self, recipient: str, then: datetime) -> None:
        self._connection.execute(paces.update().where(*self._one(recipient)).values(next_at=then))

    def _one(self, recipient: str) -> tuple[sa.ColumnElement[bool], ...]:
        return _ROW.municipality == self._municipality, _ROW.recipient == recipient
