"""How far each witness of the audit has come, and when it is told again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hub.store.seal_tables import audit_witnesses
from hub.store.upserts import insert_into

_ROW = audit_witnesses.c


@dataclass(frozen=True, slots=True)
class Told:
    """How a witness stands.

    :ivar size: of the last checkpoint it has taken; -1 before the first.
    :ivar taken_at: when it took it.
    :ivar trouble: code of what it failed with the last time; "" when it took all there was.
    :ivar due_at: it is not told before.
    """

    size: int
    taken_at: datetime | None
    trouble: str
    due_at: datetime


class WitnessRows:
    """Witnesses, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def all(self) -> Mapping[str, Told]:
        """Return every witness that was ever told, by its address."""
        rows = self._connection.execute(
            sa.select(audit_witnesses).where(_ROW.municipality == self._municipality).order_by(_ROW.witness)
        )
        return {row.witness: Told(row.size, row.taken_at, row.trouble, row.due_at) for row in rows}

    def lease(self, witness: str, at: datetime, until: datetime) -> bool:
        """Tell whether this caller alone is to tell a witness now; nobody else is, until an instant."""
        new = {"municipality": self._municipality, "witness": witness, "size": -1, "trouble": "", "due_at": at}
        self._connection.execute(insert_into(audit_witnesses, self._connection).values(new).on_conflict_do_nothing())
        due = audit_witnesses.update().where(self._is(witness), _ROW.due_at <= at)
        return self._connection.execute(due.values(due_at=until)).rowcount == 1

    def settle(self, witness: str, told: Told) -> None:
        """Write what became of it, and give it back."""
        values = {"size": told.size, "taken_at": told.taken_at, "trouble": told.trouble, "due_at": told.due_at}
        self._connection.execute(audit_witnesses.update().where(self._is(witness)).values(values))

    def _is(self, witness: str) -> sa.ColumnElement[bool]:
        return sa.and_(_ROW.municipality == self._municipality, _ROW.witness == witness)
