"""Audit rows: what was done and by whom, written in the transaction of the deed itself.

Details are ids, rule ids, codes and counts; nothing of a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.metrics.counts import Tally
from hub.metrics.instruments import AUDIT_ENTRIES
from hub.store.tables import as_dict, audit

_RECORD = audit.insert().inline()  # nobody asks for the number of the new row


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows somebody looks for: those that fit all that is said.

    :ivar since: done at this time or later. :ivar until: done before it.
    """

    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    action: str | None = None
    correlation_id: str | None = None
    plan: UUID | None = None


class AuditRows:
    """Audit rows, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str, tally: Tally) -> None:
        self._connection = connection
        self._municipality = municipality
        self._tally = tally

    def record(
        self, action: str, actor: str, at: datetime, correlation_id: str, plan: UUID | None = None, **details: Any
    ) -> None:
        """Write down a deed; if this cannot be written, the deed's transaction does not commit."""
        row = {
            "municipality": self._municipality,
            "at": at,
            "action": action,
            "actor": actor,
            "plan_id": plan,
            "correlation_id": correlation_id,
            "details": orjson.dumps(details, default=str, option=orjson.OPT_SORT_KEYS).decode(),
        }
        self._connection.execute(_RECORD, row)
        self._tally.add(AUDIT_ENTRIES)

    def of_plan(self, plan: UUID) -> Sequence[dict[str, Any]]:
        """Return what was done with a plan, oldest first."""
        rows = self._connection.execute(sa.select(audit).where(audit.c.plan_id == plan).order_by(audit.c.row))
        return [read(row) for row in rows]

    def recent(self, after: int | None, limit: int) -> Sequence[dict[str, Any]]:
        """Return what was done, oldest first: the first rows after one, or without one the last.

        For looking on, not for a record that misses nothing: transactions commit in another order than they number
        their rows, so on PostgreSQL a row may appear below one that was read already.
        """
        ours = sa.select(audit).where(audit.c.municipality == self._municipality).limit(limit)
        if after is None:
            rows = self._connection.execute(ours.order_by(audit.c.row.desc())).all()[::-1]
        else:
            rows = self._connection.execute(ours.where(audit.c.row > after).order_by(audit.c.row)).all()
        return [read(row) for row in rows]

    def search(self, wanted: Wanted, below: int | None, limit: int) -> Sequence[dict[str, Any]]:
        """Return the rows that are wanted, the newest first, below a row or from the newest on."""
        same = ((audit.c.actor, wanted.actor), (audit.c.action, wanted.action), (audit.c.plan_id, wanted.plan))
        fits = [audit.c.municipality == self._municipality]
        fits += [column == value for column, value in same if value is not None]
        if wanted.correlation_id is not None:
            fits.append(audit.c.correlation_id == wanted.correlation_id)
        if wanted.since is not None:
            fits.append(audit.c.at >= wanted.since)
        if wanted.until is not None:
            fits.append(audit.c.at < wanted.until)
        if below is not None:
            fits.append(audit.c.row < below)
        query = sa.select(audit).where(*fits).order_by(audit.c.row.desc()).limit(limit)
        return [read(row) for row in self._connection.execute(query)]

    def delivered(self, since: datetime, most: int) -> tuple[Sequence[tuple[datetime, str]], bool]:
        """Return when something was delivered, and to whom, and whether that is all since the instant.

        :param most: so many of the newest rows are looked through; the table is long, and has no order but its own.
        """
        ours = audit.c.municipality == self._municipality
        newest = self._connection.execute(sa.select(sa.func.max(audit.c.row)).where(ours)).scalar_one() or 0
        rows = self._connection.execute(
            sa.select(audit.c.at, audit.c.details).where(
                ours, audit.c.row > newest - most, audit.c.at >= since, audit.c.action == "delivered"
            )
        )
        found = [(row.at, orjson.loads(row.details)["recipient"]) for row in rows]
        beyond = sa.select(audit.c.at).where(ours, audit.c.row <= newest - most).order_by(audit.c.row.desc()).limit(1)
        before = self._connection.execute(beyond).scalar_one_or_none()
        return found, before is None or before < since


def read(row: sa.Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """Return an audit row by column name, its details read."""
    return {**as_dict(row), "details": orjson.loads(row.details)}
