"""Corrections that were asked for: of which element, in whose words, and who held it then."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from hub.crypto.envelope import seal, unseal
from hub.plan.person import Role
from hub.store.correction_tables import correction_holders, corrections
from hub.store.tables import outbox

_ROW = corrections.c


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction that was asked for.

    :ivar authority: that wrote the element, and alone can correct it.
    :ivar digest: of the element as it was called wrong.
    :ivar answered_at: when its authority said no; a yes is the corrected element.
    """

    id: UUID
    plan: UUID
    element: UUID
    authority: str
    digest: str
    organisation: str
    role: Role
    asked_at: datetime
    claim: str = field(repr=False)
    answered_at: datetime | None = None
    answer: str = field(default="", repr=False)


class Corrections:
    """Corrections, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def add(self, one: Correction, holders: Collection[UUID], key: bytes) -> None:
        """Remember what is called wrong, and which rows of the outbox have brought it."""
        row = {
            "id": one.id, "municipality": self._municipality, "plan_id": one.plan, "element_id": one.element,
            "authority": one.authority, "digest": one.digest, "organisation": one.organisation, "role": one.role,
            "asked_at": one.asked_at, "claim": seal(key, one.claim.encode(), _place(one.id, "claim")),
        }  # fmt: skip
        self._connection.execute(corrections.insert().values(row))
        if holders:
            rows = [{"correction_id": one.id, "outbox_id": holder} for holder in holders]
            self._connection.execute(correction_holders.insert(), rows)

    def answer(self, wanted: UUID, said: str, key: bytes, at: datetime) -> None:
        """Remember that its authority keeps the element as it is, and why."""
        given = {"answered_at": at, "answer": seal(key, said.encode(), _place(wanted, "answer"))}
        self._connection.execute(corrections.update().where(_ROW.id == wanted).values(given))

    def plan_of(self, wanted: UUID) -> UUID | None:
        """Return the plan that a correction is of."""
        query = sa.select(_ROW.plan_id).where(_ROW.id == wanted, _ROW.municipality == self._municipality)
        return self._connection.execute(query).scalar_one_or_none()

    def plans_of(self, authority: str) -> Sequence[UUID]:
        """Return the plans in which something of an authority's is called wrong that it has not answered."""
        query = sa.select(_ROW.plan_id).where(
            _ROW.authority == authority, _ROW.answered_at.is_(None), _ROW.municipality == self._municipality
        )
        return self._connection.execute(query.distinct().order_by(_ROW.plan_id)).scalars().all()

    def of_plan(self, plan: UUID, key: bytes) -> Sequence[Correction]:
        """Return every correction of a plan, oldest first. :raises Tampered: words are not what was written."""
        query = sa.select(corrections).where(_ROW.plan_id == plan, _ROW.municipality == self._municipality)
        return [
            Correction(
                row.id, plan, row.element_id, row.authority, row.digest, row.organisation, Role(row.role), row.asked_at,
                unseal(key, row.claim, _place(row.id, "claim")).decode(), row.answered_at,
                unseal(key, row.answer, _place(row.id, "answer")).decode() if row.answer else "",
            )
            for row in self._connection.execute(query.order_by(_ROW.asked_at, _ROW.id))
        ]  # fmt: skip

    def holders(self, wanted: UUID) -> Sequence[tuple[UUID, str]]:
        """Return who held, or may have held, what was called wrong: rows of the outbox and recipients."""
        query = sa.select(outbox.c.id, outbox.c.recipient).join(
            correction_holders, correction_holders.c.outbox_id == outbox.c.id
        )
        found = self._connection.execute(query.where(correction_holders.c.correction_id == wanted))
        return sorted(((row.id, row.recipient) for row in found), key=lambda one: one[1])


def _place(correction: UUID, part: str) -> str:
    return f"corrections|{correction}|{part}"
