"""Breakers: an outage of a recipient pauses it for every worker at once, and counts against no message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.store.tables import as_dict, breakers


class Breakers:
    """Which recipients are paused, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def open_until(self, recipient: str, at: datetime) -> datetime | None:
        """Return until when a recipient is paused; None when it is not."""
        query = sa.select(breakers.c.open_until).where(self._is(recipient), breakers.c.open_until > at)
        return self._connection.execute(query).scalar_one_or_none()

    def failures(self, recipient: str) -> int:
        """Return how many times in a row the recipient did not answer."""
        query = sa.select(breakers.c.failures).where(self._is(recipient))
        return self._connection.execute(query).scalar_one_or_none() or 0

    def opened(self, recipient: str, reason: str, until: datetime, at: datetime) -> None:
        """The recipient does not answer: pause it; the pause's beginning stays."""
        self._upsert(
            recipient,
            {"failures": 1, "open_until": until, "since": at, "reason": reason, "last_attempt_at": at},
            {
                "failures": breakers.c.failures + 1,
                "open_until": until,
                "since": sa.func.coalesce(breakers.c.since, sa.literal(at, breakers.c.since.type)),
                "reason": reason,
                "last_attempt_at": at,
            },
        )

    def closed(self, recipient: str, at: datetime) -> None:
        """The recipient has answered."""
        well = {"failures": 0, "open_until": None, "since": None, "reason": "", "last_attempt_at": at}
        self._upsert(recipient, {**well, "last_success_at": at}, {**well, "last_success_at": at})

    def all(self) -> Sequence[dict[str, Any]]:
        """Return every breaker, for operators."""
        query = sa.select(breakers).where(breakers.c.municipality == self._municipality)
        return [as_dict(row) for row in self._connection.execute(query.order_by(breakers.c.recipient))]

    def _is(self, recipient: str) -> sa.ColumnElement[bool]:
        return sa.and_(breakers.c.municipality == self._municipality, breakers.c.recipient == recipient)

    def _upsert(self, recipient: str, first: dict[str, Any], later: dict[str, Any]) -> None:
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        statement = insert(breakers).values(municipality=self._municipality, recipient=recipient, **first)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["municipality", "recipient"], set_=later)
        )
