"""Codes that authorities send and no code table of the hub has, counted for an operator; nothing of who they are about.

    unit.unknown_codes.seen("social", {("https://data.gov.dk/id/classification/KLE", "99.99.99"): 1}, at)

A code stands here as it came only where its caller says that it may; what may not, and what comes when an authority's
list is full, is counted under no code ("").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Table

from hub.store.tables import Instant, as_dict, metadata
from hub.store.upserts import insert_into

LONGEST_CODE = 40
#: Rows of one authority with a code; a sender of nonsense fills its own list and nobody else's.
AT_MOST = 500
_FORGOTTEN_AFTER = timedelta(days=90)

unknown_codes = Table(
    "unknown_codes",
    metadata,
    Column("municipality", sa.String(4), primary_key=True),
    Column("authority", sa.String(64), primary_key=True),
    Column("system", sa.String(128), primary_key=True),
    Column("code", sa.String(LONGEST_CODE), primary_key=True),  # "": not written down, only counted
    Column("times", sa.BigInteger, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
)


class UnknownCodes:
    """Codes that no table has, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def seen(self, authority: str, times: Mapping[tuple[str, str], int], at: datetime) -> None:
        """Count codes of one message, by system and code; two messages at once may go a few over the bound."""
        if not times:
            return
        listed = self._listed(authority)
        if any(code and (system, code) not in listed for system, code in times):
            self._forget(authority, at - _FORGOTTEN_AFTER)
            listed = self._listed(authority)
        free = AT_MOST - sum(1 for _, code in listed if code)
        counted: Counter[tuple[str, str]] = Counter()
        for (system, code), number in times.items():
            if code and (system, code) not in listed:
                code, free = (code, free - 1) if free > 0 else ("", free)
            counted[system, code] += number
        # In one order, so that two messages at once wait for each other instead of locking each other out.
        for (system, code), number in sorted(counted.items()):
            self._count(authority, system, code, number, at)

    def all(self) -> Sequence[dict[str, Any]]:
        """Return every row, the latest seen first."""
        columns = [column for column in unknown_codes.c if column.name != "municipality"]
        query = (
            sa.select(*columns)
            .where(unknown_codes.c.municipality == self._municipality)
            .order_by(
                unknown_codes.c.last_seen_at.desc(),
                unknown_codes.c.authority,
                unknown_codes.c.system,
                unknown_codes.c.code,
            )
        )
        return [as_dict(row) for row in self._connection.execute(query)]

    def _listed(self, authority: str) -> set[tuple[str, str]]:
        query = sa.select(unknown_codes.c.system, unknown_codes.c.code).where(*self._of(authority))
        return {(row[0], row[1]) for row in self._connection.execute(query)}

    def _forget(self, authority: str, before: datetime) -> None:
        """Forget what has not come for long, so that a list that was once full takes in what comes now."""
        self._connection.execute(
            unknown_codes.delete().where(*self._of(authority), unknown_codes.c.last_seen_at < before)
        )

    def _count(self, authority: str, system: str, code: str, times: int, at: datetime) -> None:
        statement = insert_into(unknown_codes, self._connection).values(
            municipality=self._municipality,
            authority=authority,
            system=system,
            code=code,
            times=times,
            first_seen_at=at,
            last_seen_at=at,
        )
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=list(unknown_codes.primary_key),
                set_={"times": unknown_codes.c.times + times, "last_seen_at": at},
            )
        )

    def _of(self, authority: str) -> tuple[sa.ColumnElement[bool], ...]:
        return unknown_codes.c.municipality == self._municipality, unknown_codes.c.authority == authority
