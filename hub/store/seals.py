"""Seals: which audit rows are sealed, at which place, and the checkpoints over them.

    seals = Seals(unit.connection, unit.municipality)
    if seals.take():                      # nobody else seals until the transaction ends
        seals.append(seals.unsealed(1000), ...)

Rows commit in another order than they are numbered, so "above the last that was sealed" would pass by one that commits
late. What is not sealed is looked for as such, and the place of an entry is the order of sealing (docs/adr/0033).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub.store.seal_tables import audit_checkpoints, audit_clearings, audit_seals
from hub.store.tables import as_dict, audit

_SEALING = 0x68756253  # one number for all sealers of a database: "hubS"
#: Rows this far below the highest sealed one are looked at each time; later ones are found by the whole look.
_RECENT_ROWS = 10_000
_SEAL, _CHECKPOINT = audit_seals.c, audit_checkpoints.c


@dataclass(frozen=True, slots=True)
class Seal:
    """An entry's place.

    :ivar row: of the audit.
    """

    position: int
    row: int
    leaf: bytes
    link: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint as it is kept.

    :ivar peaks: of the tree that it stands on.
    :ivar note: the signed text.
    """

    size: int
    at: datetime
    peaks: bytes
    note: str


class Seals:
    """Seals and checkpoints, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def take(self) -> bool:
        """Tell whether this transaction may seal; a second one may not until it has ended."""
        if self._connection.dialect.name != "postgresql":
            return True  # whoever writes to SQLite is alone
        return bool(self._connection.execute(sa.select(sa.func.pg_try_advisory_xact_lock(_SEALING))).scalar_one())

    def unsealed(self, limit: int, *, is_whole: bool) -> Sequence[dict[str, Any]]:
        """Return audit rows by column name that are committed and not sealed, by number.

        :param is_whole: look at all rows, not at those alone that are near the highest sealed one.
        """
        query = sa.select(audit).where(self._is_unsealed()).order_by(audit.c.row).limit(limit)
        highest = sa.select(sa.func.max(_SEAL.row)).where(_SEAL.municipality == self._municipality).scalar_subquery()
        if not is_whole:
            query = query.where(audit.c.row > sa.func.coalesce(highest, 0) - _RECENT_ROWS)
        return [as_dict(row) for row in self._connection.execute(query)]

    def unsealed_window(self) -> tuple[int, datetime | None]:
        """Return how many rows are not sealed, and since when the oldest of them waits."""
        query = sa.select(sa.func.count(), sa.func.min(audit.c.at)).where(self._is_unsealed())
        count, oldest = self._connection.execute(query).one()
        return count, oldest

    def last(self) -> Seal | None:
        """Return the last seal."""
        return next(iter(self._seals(_SEAL.position.desc(), 1)), None)

    def append(self, seals: Sequence[Seal]) -> None:
        """Write seals; a place that is taken ends the transaction."""
        rows = [
            {"municipality": self._municipality, "position": s.position, "row": s.row, "leaf": s.leaf, "link": s.link}
            for s in seals
        ]
        if rows:
            self._connection.execute(audit_seals.insert(), rows)

    def leaves(self, after: int) -> Sequence[bytes]:
        """Return the hashes of entries from a place on."""
        query = sa.select(_SEAL.leaf).where(_SEAL.municipality == self._municipality, _SEAL.position >= after)
        return self._connection.execute(query.order_by(_SEAL.position)).scalars().all()

    def checkpoints(self, above: int = -1, limit: int | None = None) -> Sequence[Kept]:
        """Return the checkpoints above a size, smallest first, so many at most."""
        query = sa.select(audit_checkpoints).where(
            _CHECKPOINT.municipality == self._municipality, _CHECKPOINT.size > above
        )
        rows = self._connection.execute(query.order_by(_CHECKPOINT.size).limit(limit))
        return [Kept(row.size, row.at, row.peaks, row.note) for row in rows]

    def checkpoints_above(self, size: int) -> tuple[int, datetime | None]:
        """Return how many checkpoints there are above a size, and since when the first of them."""
        query = sa.select(sa.func.count(), sa.func.min(_CHECKPOINT.at)).where(
            _CHECKPOINT.municipality == self._municipality, _CHECKPOINT.size > size
        )
        count, oldest = self._connection.execute(query).one()
        return count, oldest

    def last_checkpoint(self) -> Kept | None:
        """Return the last checkpoint."""
        query = sa.select(audit_checkpoints).where(_CHECKPOINT.municipality == self._municipality)
        row = self._connection.execute(query.order_by(_CHECKPOINT.size.desc()).limit(1)).one_or_none()
        return Kept(row.size, row.at, row.peaks, row.note) if row else None

    def keep(self, checkpoint: Kept) -> None:
        """Write a checkpoint."""
        row = {"size": checkpoint.size, "at": checkpoint.at, "peaks": checkpoint.peaks, "note": checkpoint.note}
        self._connection.execute(audit_checkpoints.insert(), {"municipality": self._municipality, **row})

    def cleared_to(self) -> int:
        """Return of how many entries, from the first on, the rows may be gone."""
        query = sa.select(sa.func.max(audit_clearings.c.cleared_to))
        found = self._connection.execute(query.where(audit_clearings.c.municipality == self._municipality)).scalar()
        return found or 0

    def covered_since(self, begin: int, end: int, before: datetime) -> int:
        """Return up to which place, from one to another at most, a checkpoint of before a time covers entries."""
        first = self.checkpoints(above=end - 1, limit=1)
        if first and first[0].at < before:
            return end
        sizes = sa.select(sa.func.max(_CHECKPOINT.size)).where(
            _CHECKPOINT.municipality == self._municipality, _CHECKPOINT.at < before
        )
        found = self._connection.execute(sizes.where(_CHECKPOINT.size > begin, _CHECKPOINT.size < end)).scalar()
        return found or begin

    def clear(self, begin: int, end: int, at: datetime) -> None:
        """Delete the rows of entries from where the last clearing ended to before a place. Their seals stay.

        The triggers let this through and nothing else. Only what a checkpoint covers may be cleared.
        """
        self._connection.execute(
            audit_clearings.insert(), {"municipality": self._municipality, "cleared_to": end, "at": at}
        )
        ours = sa.select(_SEAL.row).where(_SEAL.municipality == self._municipality)
        gone = ours.where(_SEAL.position >= begin, _SEAL.position < end)
        self._connection.execute(audit.delete().where(audit.c.row.in_(gone)))

    def walk(self) -> Iterator[tuple[Seal, dict[str, Any] | None]]:
        """Yield each seal with its audit row, None when that is gone; in the order of sealing."""
        query = (
            sa.select(audit_seals, audit.c.row.label("found"), *(audit.c[n] for n in _ENTRY))
            .join_from(audit_seals, audit, audit.c.row == _SEAL.row, isouter=True)
            .where(_SEAL.municipality == self._municipality)
            .order_by(_SEAL.position)
        )
        for row in self._connection.execute(query.execution_options(yield_per=1000)):
            yield Seal(row.position, row.row, row.leaf, row.link), (as_dict(row) if row.found is not None else None)

    def _seals(self, order: sa.ColumnElement[Any], limit: int) -> Sequence[Seal]:
        query = sa.select(audit_seals).where(_SEAL.municipality == self._municipality).order_by(order).limit(limit)
        return [Seal(row.position, row.row, row.leaf, row.link) for row in self._connection.execute(query)]

    def _is_unsealed(self) -> sa.ColumnElement[bool]:
        # By a seal of the row's own municipality: one of another hides nothing, and the next seal fails at it.
        is_sealed = sa.exists().where(_SEAL.row == audit.c.row, _SEAL.municipality == self._municipality)
        return sa.and_(audit.c.municipality == self._municipality, ~is_sealed)


_ENTRY = ("at", "action", "actor", "plan_id", "correlation_id", "details")
