"""Restrictions of processing: of which plan or element, by whose word, when and why, and who lifted it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from hub.clock import new_id
from hub.crypto.envelope import seal, unseal
from hub.plan.person import Role
from hub.store.rights_tables import restrictions
from hub.store.tables import plans

_ROW = restrictions.c


@dataclass(frozen=True, slots=True)
class Restriction:
    """One restriction.

    :ivar element: None: the whole plan.
    :ivar announced_at: since when the citizen is being told that it will be lifted.
    :ivar lifted_at: None while it is in force.
    """

    id: UUID
    plan: UUID
    element: UUID | None
    organisation: str
    role: Role
    set_by: str
    set_at: datetime
    reason: str = field(default="", repr=False)
    announced_at: datetime | None = None
    lifted_by: str | None = None
    lifted_at: datetime | None = None
    lift_reason: str = field(default="", repr=False)


class Restrictions:
    """Restrictions, in one transaction. The plan must have been taken for writing by whoever changes one."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def add(self, one: Restriction, key: bytes) -> None:
        """Remember a restriction, its reason sealed under the plan's key."""
        row = {
            "id": one.id,
            "municipality": self._municipality,
            "plan_id": one.plan,
            "element_id": one.element,
            "organisation": one.organisation,
            "role": one.role,
            "set_by": one.set_by,
            "set_at": one.set_at,
            "reason": seal(key, one.reason.encode(), _place(one.id, "reason")),
        }
        self._connection.execute(restrictions.insert().values(row))
        self._connection.execute(plans.update().where(plans.c.id == one.plan).values(is_restricted=True))

    def announce(self, wanted: UUID, at: datetime) -> None:
        """Remember since when the citizen is being told that it will be lifted."""
        self._connection.execute(restrictions.update().where(_ROW.id == wanted).values(announced_at=at))

    def lift(self, one: Restriction, by: str, reason: str, key: bytes, at: datetime) -> None:
        """Remember that a restriction is lifted, and why."""
        sealed = seal(key, reason.encode(), _place(one.id, "lift"))
        given = {"lifted_by": by, "lifted_at": at, "lift_reason": sealed}
        self._connection.execute(restrictions.update().where(_ROW.id == one.id).values(given))
        is_left = sa.exists().where(_ROW.plan_id == one.plan, _ROW.lifted_at.is_(None))
        self._connection.execute(plans.update().where(plans.c.id == one.plan).values(is_restricted=is_left))

    def plan_of(self, wanted: UUID) -> UUID | None:
        """Return the plan that a restriction is of."""
        query = sa.select(_ROW.plan_id).where(_ROW.id == wanted, _ROW.municipality == self._municipality)
        return self._connection.execute(query).scalar_one_or_none()

    def of_plan(self, plan: UUID, key: bytes) -> Sequence[Restriction]:
        """Return every restriction of a plan, oldest first. :raises Tampered: a reason is not what was written."""
        query = sa.select(restrictions).where(_ROW.plan_id == plan, _ROW.municipality == self._municipality)
        return [
            Restriction(
                row.id, plan, row.element_id, row.organisation, Role(row.role), row.set_by, row.set_at,
                unseal(key, row.reason, _place(row.id, "reason")).decode(),
                row.announced_at, row.lifted_by, row.lifted_at,
                unseal(key, row.lift_reason, _place(row.id, "lift")).decode() if row.lift_reason else "",
            )
            for row in self._connection.execute(query.order_by(_ROW.set_at, _ROW.id))
        ]  # fmt: skip


def in_force(connection: sa.Connection, plan: UUID) -> Sequence[UUID | None]:
    """Return what is restricted of a plan now: elements, and None for all of it."""
    query = sa.select(_ROW.element_id).where(_ROW.plan_id == plan, _ROW.lifted_at.is_(None))
    return connection.execute(query).scalars().all()


def new_restriction(
    plan: UUID, element: UUID | None, who: tuple[str, Role, str], reason: str, at: datetime
) -> Restriction:
    """Return a restriction that begins now. ``who``: the organisation, the role and the client."""
    return Restriction(new_id(), plan, element, *who, at, reason)


def _place(restriction: UUID, part: str) -> str:
    return f"restrictions|{restriction}|{part}"
