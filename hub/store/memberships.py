"""Who belongs to which plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from hub.plan.element import Period
from hub.plan.person import Membership, Role
from hub.store.tables import memberships

_OF_PLAN = sa.select(memberships).where(memberships.c.plan_id == sa.bindparam("plan")).order_by(memberships.c.member)


class Memberships:
    """Memberships, in one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def ensure(self, plan: UUID, member: str, role: Role, at: datetime) -> bool:
        """Make someone a member from now on; tell whether that is new.

        An authority that turns out to be a partner is one from now on: it may see less, never more.
        """
        mine = (memberships.c.plan_id == plan) & (memberships.c.member == member)
        known = self._connection.execute(sa.select(memberships.c.role).where(mine)).scalar_one_or_none()
        if known == Role.AUTHORITY_SYSTEM and role is Role.PARTNER:
            self._connection.execute(memberships.update().where(mine).values(role=role))
        if known is not None:
            return False
        self._connection.execute(memberships.insert().values(plan_id=plan, member=member, role=role, valid_from=at))
        return True

    def of_plan(self, plan: UUID, at: datetime) -> Sequence[Membership]:
        """Return who belongs to a plan at an instant."""
        return members_at(plan, self._connection.execute(_OF_PLAN, {"plan": plan}).all(), at)

    def coordinated_by(self, organisation: str, at: datetime, after: UUID | None, at_most: int) -> Sequence[UUID]:
        """Return plans that an organisation coordinates at an instant, in the order of their ids.

        :param after: the last one that an earlier answer gave.
        """
        return self.of_member(organisation, Role.COORDINATOR, at, after, at_most)

    def of_member(
        self, member: str, role: Role | None, at: datetime, after: UUID | None, at_most: int
    ) -> Sequence[UUID]:
        """Return plans that somebody belongs to at an instant, in the order of their ids.

        :param role: as what; None: as anything. :param after: the last one that an earlier answer gave.
        """
        found = sa.select(memberships.c.plan_id).where(
            memberships.c.member == member,
            memberships.c.valid_from <= at,
            sa.or_(memberships.c.valid_to.is_(None), memberships.c.valid_to > at),
        )
        if role is not None:
            found = found.where(memberships.c.role == role)
        if after is not None:
            found = found.where(memberships.c.plan_id > after)
        return list(self._connection.execute(found.order_by(memberships.c.plan_id).limit(at_most)).scalars())


def members_at(plan: UUID, rows: Iterable[sa.Row[*tuple[Any, ...]]], at: datetime) -> Sequence[Membership]:
    """Return who belongs to a plan at an instant, of all who ever did."""
    ever = (Membership(plan, row.member, Role(row.role), Period(row.valid_from, row.valid_to)) for row in rows)
    return [member for member in ever if member.period.covers(at)]
