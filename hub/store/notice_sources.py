"""What there is to tell citizens of, found by index: near appointments, receipts that are missing; and all plans."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from hub.plan.element import Kind, Status
from hub.store.notice_tables import notices
from hub.store.notices import NoticeKind, Wanted
from hub.store.revocation_tables import revocation_withdrawals, revocations, withdrawals
from hub.store.tables import elements, plans

_STANDS = (Status.PROPOSED, Status.PLANNED, Status.ACTIVE, Status.UNKNOWN)
_ROW = notices.c


class NoticeSources:
    """What there is to tell, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def near_appointments(self, at: datetime, until: datetime, most: int) -> Sequence[Wanted]:
        """Return appointments that stand, start after one instant and by another, and have no notice yet."""
        own, kind = elements.c, NoticeKind.APPOINTMENT
        query = (
            sa.select(own.plan_id, plans.c.person_id, own.id, own.valid_from)
            .join(plans, plans.c.id == own.plan_id)
            .where(
                own.kind == Kind.APPOINTMENT,
                own.superseded_at.is_(None),
                own.valid_from > at,
                own.valid_from <= until,
                own.status.in_(_STANDS),
                plans.c.municipality == self._municipality,
                sa.not_(self._has_one(kind, own.id, _ROW.moment == own.valid_from)),
            )
            .order_by(own.valid_from, own.id)
            .limit(most)
        )
        rows = self._connection.execute(query)
        return [Wanted(kind, row.plan_id, row.person_id, row.id, row.valid_from) for row in rows]

    def missing_receipts(self, owed_before: datetime, most: int) -> Sequence[Wanted]:
        """Return revocations of which a recipient has not confirmed in time, and that have no notice yet."""
        kind = NoticeKind.RECEIPT_MISSING
        query = (
            sa.select(revocations.c.plan_id, plans.c.person_id, revocations.c.id, revocations.c.at)
            .join(plans, plans.c.id == revocations.c.plan_id)
            .join(revocation_withdrawals, revocation_withdrawals.c.revocation_id == revocations.c.id)
            .join(withdrawals, withdrawals.c.id == revocation_withdrawals.c.withdrawal_id)
            .where(
                withdrawals.c.ended_at.is_(None),
                withdrawals.c.owed_at <= owed_before,
                revocations.c.municipality == self._municipality,
                sa.not_(self._has_one(kind, revocations.c.id, sa.true())),
            )
            .distinct()
            .limit(most)
        )
        return [Wanted(kind, row.plan_id, row.person_id, row.id, row.at) for row in self._connection.execute(query)]

    def plans_after(self, plan: UUID | None, most: int) -> Sequence[UUID]:
        """Return the ids of plans in their order, after one."""
        query = sa.select(plans.c.id).where(plans.c.municipality == self._municipality)
        query = query if plan is None else query.where(plans.c.id > plan)
        return list(self._connection.execute(query.order_by(plans.c.id).limit(most)).scalars())

    def _has_one(self, kind: NoticeKind, about: sa.Column[UUID], which: sa.ColumnElement[bool]) -> sa.Exists:
        return sa.exists().where(_ROW.municipality == self._municipality, _ROW.kind == kind, _ROW.about == about, which)
