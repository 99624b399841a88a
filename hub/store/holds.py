"""Holds: who held back a family's view of a plan, when and why, who let go. ``plans.is_held`` says how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from hub.clock import new_id
from hub.crypto.envelope import seal, unseal
from hub.store.occasion_tables import plan_holds

_ROW = plan_holds.c


@dataclass(frozen=True, slots=True)
class PlanHold:
    """One hold of one plan.

    :ivar organisation: whose word it is.
    :ivar lifted_at: None while it is held.
    """

    id: UUID
    plan: UUID
    organisation: str
    held_by: str
    held_at: datetime
    reason: str = field(repr=False)
    lifted_by: str | None = None
    lifted_at: datetime | None = None
    lift_reason: str = field(default="", repr=False)


class Holds:
    """Holds of plans, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def add(self, plan: UUID, organisation: str, by: str, reason: str, key: bytes, at: datetime) -> PlanHold:
        """Remember a hold, its reason sealed under the plan's key."""
        hold = PlanHold(new_id(), plan, organisation, by, at, reason)
        self._connection.execute(
            plan_holds.insert().values(
                id=hold.id,
                municipality=self._municipality,
                plan_id=plan,
                organisation=organisation,
                held_by=by,
                held_at=at,
                reason=seal(key, reason.encode(), _place(hold.id, "reason")),
            )
        )
        return hold

    def lift(self, wanted: UUID, by: str, reason: str, key: bytes, at: datetime) -> None:
        """Remember that a hold is lifted, and why."""
        sealed = seal(key, reason.encode(), _place(wanted, "lift"))
        self._connection.execute(
            plan_holds.update()
            .where(_ROW.id == wanted, _ROW.lifted_at.is_(None))
            .values(lifted_by=by, lifted_at=at, lift_reason=sealed)
        )

    def of_plan(self, plan: UUID, key: bytes) -> Sequence[PlanHold]:
        """Return every hold of a plan, oldest first. :raises Tampered: a stored reason is not what was written."""
        query = sa.select(plan_holds).where(_ROW.plan_id == plan, _ROW.municipality == self._municipality)
        return [
            PlanHold(
                id=row.id,
                plan=plan,
                organisation=row.organisation,
                held_by=row.held_by,
                held_at=row.held_at,
                reason=unseal(key, row.reason, _place(row.id, "reason")).decode(),
                lifted_by=row.lifted_by,
                lifted_at=row.lifted_at,
                lift_reason=unseal(key, row.lift_reason, _place(row.id, "lift")).decode() if row.lift_reason else "",
            )
            for row in self._connection.execute(query.order_by(_ROW.held_at, _ROW.id))
        ]


def _place(hold: UUID, part: str) -> str:
    return f"plan_holds|{hold}|{part}"
