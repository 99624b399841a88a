"""Months that the evaluation has told. What was told once is told again, whatever is erased or said since."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

import orjson
import sqlalchemy as sa

from hub.store.evaluation_tables import told_months
from hub.store.upserts import insert_into


class ToldMonths:
    """Months that were told, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def of(self, months: Collection[date]) -> Mapping[date, Mapping[str, int | None]]:
        """Return what was told of months, by measure; those that never were are missing."""
        wanted = {_name(month): month for month in months}
        row = told_months.c
        query = sa.select(row.month, row.told).where(row.municipality == self._municipality, row.month.in_(wanted))
        return {wanted[one.month]: orjson.loads(one.told) for one in self._connection.execute(query)}

    def keep(self, months: Mapping[date, Mapping[str, int | None]], at: datetime) -> None:
        """Remember what is told of months; where another was quicker, what that one told stays."""
        for month, values in sorted(months.items()):
            told = orjson.dumps(dict(values)).decode()
            row = {"municipality": self._municipality, "month": _name(month), "told_at": at, "told": told}
            self._connection.execute(insert_into(told_months, self._connection).values(row).on_conflict_do_nothing())


def _name(month: date) -> str:
    return f"{month:%Y-%m}"
