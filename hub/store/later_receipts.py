"""Receipts that come later: a recipient has received a delivery, and is to say whether it has taken it in.

unit.later_receipts.owe(row, sequence, attempt, at)          # it answered "received"
owed = unit.later_receipts.of("social", row, sequence)       # it comes back to it
unit.later_receipts.end(owed, "refused", "no-case", at)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.store.delivery_tables import business_receipts
from hub.store.tables import as_dict, attempts, holdings, outbox
from hub.store.upserts import insert_into

_ROW = business_receipts.c
_IS_OPEN = _ROW.ended_at.is_(None)
#: Digest of what a recipient may hold in a version we cannot know (hub.flow.difference.UNSURE).
_UNSURE = "?"


@dataclass(frozen=True, slots=True)
class OwedReceipt:
    """A delivery that was received, and what its recipient has said since.

    :ivar leaving: what the delivery carried: element → digest, None for a withdrawal.
    :ivar ending: ``taken-in`` or ``refused``; empty: it has not said yet.
    :ivar lease_until: until when a worker has the row.
    """

    outbox_id: UUID
    sequence: int
    attempt: UUID
    recipient: str
    plan: UUID
    correlation_id: str
    leaving: Mapping[UUID, str | None]
    ending: str
    reason: str
    lease_until: datetime | None

    @property
    def withdrawn(self) -> tuple[UUID, ...]:
        """Return what the recipient was to delete."""
        return tuple(element for element, digest in self.leaving.items() if digest is None)


class LaterReceipts:
    """Receipts that are awaited, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def owe(self, outbox_id: UUID, sequence: int, attempt: UUID, at: datetime) -> None:
        """A delivery was received; whatever was said of the same one before is said anew."""
        fresh = {"attempt_id": attempt, "owed_at": at, "ended_at": None, "ending": None, "reason": None}
        row = insert_into(business_receipts, self._connection).values(outbox_id=outbox_id, sequence=sequence, **fresh)
        self._connection.execute(row.on_conflict_do_update(index_elements=["outbox_id", "sequence"], set_=fresh))

    def of(self, recipient: str, sequence: int, *, outbox_id: UUID | None, plan: UUID | None) -> OwedReceipt | None:
        """Take the receipt of a recipient's delivery for writing, by its row or its plan; None where none is owed."""
        which = outbox.c.id == outbox_id if outbox_id else outbox.c.plan_id == plan
        theirs = which & (outbox.c.recipient == recipient) & (outbox.c.municipality == self._municipality)
        # First wait, then read: a query that waited would join the newest attempt's id to what it knew before.
        self._connection.execute(sa.select(outbox.c.id).where(theirs).with_for_update()).all()
        row = self._connection.execute(
            sa.select(
                _ROW.outbox_id, _ROW.sequence, _ROW.attempt_id, _ROW.ending, _ROW.reason, outbox.c.plan_id,
                outbox.c.correlation_id, outbox.c.lease_until, attempts.c.leaving,
            )
            .join(outbox, outbox.c.id == _ROW.outbox_id)
            .outerjoin(attempts, attempts.c.id == _ROW.attempt_id)
            .where(theirs, _ROW.sequence == sequence)
            .with_for_update(of=[outbox, business_receipts])
        ).one_or_none()  # fmt: skip
        if row is None:
            return None
        leaving = {UUID(element): digest for element, digest in orjson.loads(row.leaving or "{}").items()}
        return OwedReceipt(
            row.outbox_id, row.sequence, row.attempt_id, recipient, row.plan_id, row.correlation_id, leaving,
            row.ending or "", row.reason or "", row.lease_until,
        )  # fmt: skip

    def end(self, owed: OwedReceipt, ending: str, reason: str, at: datetime) -> None:
        """Its recipient has said what became of it."""
        which = (_ROW.outbox_id == owed.outbox_id) & (_ROW.sequence == owed.sequence)
        said = {"ended_at": at, "ending": ending, "reason": reason or None}
        self._connection.execute(business_receipts.update().where(which).values(**said))

    def refuse(self, owed: OwedReceipt, cause: str, note: str, at: datetime) -> None:
        """It was refused: a dead letter. What it carried is not held for sure, and what it withdrew may be there still.

        So a replay sends it again, if it may be seen then, and withdraws it, if it may not.
        """
        dead = {"dead_at": sa.func.coalesce(outbox.c.dead_at, at), "dead_cause": cause, "dead_note": note}
        self._connection.execute(outbox.update().where(outbox.c.id == owed.outbox_id).values(**dead))
        sent = {element: digest for element, digest in owed.leaving.items() if digest is not None}
        for element, digest in sent.items():
            held = (holdings.c.outbox_id == owed.outbox_id) & (holdings.c.element_id == element)
            self._connection.execute(holdings.delete().where(held, holdings.c.digest == digest))
        unsure = {str(element): digest or _UNSURE for element, digest in owed.leaving.items()}
        self._connection.execute(
            attempts.update()
            .where(attempts.c.id == owed.attempt)
            .values(is_open=True, leaving=orjson.dumps(unsure).decode())
        )

    def counts(self, overdue: datetime) -> Sequence[dict[str, Any]]:
        """Return, per recipient, how many are awaited and since when, and how many have been since before a time."""
        rows = self._connection.execute(
            sa.select(
                outbox.c.recipient,
                sa.func.count().label("open"),
                sa.func.count().filter(_ROW.owed_at <= overdue).label("missing"),
                sa.func.min(_ROW.owed_at).label("oldest_owed_at"),
            )
            .join(outbox, outbox.c.id == _ROW.outbox_id)
            .where(_IS_OPEN, outbox.c.municipality == self._municipality)
            .group_by(outbox.c.recipient)
            .order_by(outbox.c.recipient)
        )
        return [as_dict(row) for row in rows]

    def missing(self, overdue: datetime, limit: int = 500) -> Sequence[dict[str, Any]]:
        """Return deliveries whose receipt has been awaited since before a time, oldest first."""
        rows = self._connection.execute(
            sa.select(outbox.c.recipient, _ROW.outbox_id.label("delivery"), _ROW.sequence, _ROW.owed_at)
            .join(outbox, outbox.c.id == _ROW.outbox_id)
            .where(_IS_OPEN, _ROW.owed_at <= overdue, outbox.c.municipality == self._municipality)
            .order_by(_ROW.owed_at)
            .limit(limit)
        )
        return [as_dict(row) for row in rows]
