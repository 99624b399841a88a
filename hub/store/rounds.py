"""Rounds of housekeeping: what is to be cleared when, how far that has come, and how much it was.

    taken = rounds.take(kinds, at)               # nobody else does a step of this kind until the transaction ends
    rounds.goes_on(taken, step, at, next_at)     # or: rounds.ended(taken, step, at, next_at)

A round of a kind is many steps, each in a transaction of its own. Whoever locks the kind's row does the next one, so
that several processes share the work, a crash loses one step that did not happen, and the pace is one for all.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from hub.store.retention import Step
from hub.store.retention_tables import housekeeping
from hub.store.upserts import insert_into

_ROW = housekeeping.c


@dataclass(frozen=True, slots=True)
class Round:
    """How a kind of thing that is cleared stands.

    :ivar due_at: when the next step may be done.
    :ivar began_at: None while no round is under way.
    :ivar position: how far the round under way has come; "" at its start.
    :ivar cleared: rows, by the round under way.
    :ivar asked_by: who asked for the round; None when its time had come.
    :ivar last_cleared: rows, by the last round that has ended.
    :ivar total: rows, ever.
    """

    kind: str
    due_at: datetime
    began_at: datetime | None
    position: str
    cleared: int
    asked_by: str | None
    last_ended_at: datetime | None
    last_cleared: int
    total: int


class Rounds:
    """Rounds, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def ensure(self, kinds: Collection[str], first_at: datetime) -> None:
        """Have a row for each kind; one that is there stays as it is."""
        new = {"position": "", "cleared": 0, "last_cleared": 0, "total": 0, "due_at": first_at}
        rows = [{"municipality": self._municipality, "kind": kind, **new} for kind in sorted(kinds)]
        self._connection.execute(insert_into(housekeeping, self._connection).values(rows).on_conflict_do_nothing())

    def take(self, kinds: Collection[str], at: datetime) -> Round | None:
        """Take a kind that is due, for this transaction alone; None when none is, or all that are have been taken."""
        query = (
            sa.select(housekeeping)
            .where(self._ours(), _ROW.kind.in_(sorted(kinds)), _ROW.due_at <= at)
            .order_by(sa.func.random())  # a kind that fails must not be the first each time
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = self._connection.execute(query).one_or_none()
        return _round(row) if row else None

    def ask(self, kinds: Collection[str], by: str, at: datetime) -> None:
        """Let a round of each begin now; one that is under way goes on as it was."""
        waits = housekeeping.update().where(self._ours(), _ROW.kind.in_(sorted(kinds)), _ROW.began_at.is_(None))
        self._connection.execute(waits.values(due_at=at, asked_by=by))

    def goes_on(self, taken: Round, step: Step, at: datetime, next_at: datetime) -> None:
        """Remember how far a round has come, and when its next step may be done."""
        self._change(
            taken,
            began_at=taken.began_at or at,
            position=step.position or "",
            cleared=taken.cleared + step.rows,
            total=taken.total + step.rows,
            due_at=next_at,
        )

    def ended(self, taken: Round, step: Step, at: datetime, next_at: datetime) -> None:
        """Remember that a round is over, and when the next one may begin."""
        self._change(
            taken,
            began_at=None,
            position="",
            cleared=0,
            asked_by=None,
            last_ended_at=at,
            last_cleared=taken.cleared + step.rows,
            total=taken.total + step.rows,
            due_at=next_at,
        )

    def all(self) -> Sequence[Round]:
        """Return how every kind stands."""
        rows = self._connection.execute(sa.select(housekeeping).where(self._ours()).order_by(_ROW.kind))
        return [_round(row) for row in rows]

    def _ours(self) -> sa.ColumnElement[bool]:
        return _ROW.municipality == self._municipality

    def _change(self, taken: Round, **values: object) -> None:
        self._connection.execute(housekeeping.update().where(self._ours(), _ROW.kind == taken.kind).values(**values))


def _round(row: sa.Row[*tuple[object, ...]]) -> Round:
    return Round(
        row.kind, row.due_at, row.began_at, row.position, row.cleared, row.asked_by, row.last_ended_at,
        row.last_cleared, row.total,
    )  # fmt: skip
