"""What a read of a plan rests on besides the plan itself, in one way to the database and back.

Most plans have no meeting and no emergency, and most sources answer: that this is so is all that is looked up here, and
who needs to know more asks further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from hub.plan.person import Membership
from hub.store.call_statements import IS_SILENT
from hub.store.circuits import Direction
from hub.store.memberships import members_at
from hub.store.occasion_tables import emergencies, meetings
from hub.store.tables import memberships, plans, policies

_PLAN: sa.BindParameter[UUID] = sa.bindparam("plan")
_OURS: sa.BindParameter[str] = sa.bindparam("ours")
_AT: sa.BindParameter[datetime] = sa.bindparam("at")
_AROUND = (
    sa.select(
        memberships.c.member,
        memberships.c.role,
        memberships.c.valid_from,
        memberships.c.valid_to,
        sa.select(sa.func.max(policies.c.version))
        .where(policies.c.municipality == _OURS)
        .scalar_subquery()
        .label("policy"),
        sa.exists().where(meetings.c.plan_id == _PLAN, meetings.c.until > _AT).label("has_meeting"),
        sa.exists().where(emergencies.c.plan_id == _PLAN, emergencies.c.until > _AT).label("has_emergency"),
        sa.exists().where(IS_SILENT).label("has_silent_source"),
    )
    .select_from(plans.outerjoin(memberships, memberships.c.plan_id == plans.c.id))
    .where(plans.c.id == _PLAN)
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was found around a plan at an instant.

    :ivar members: who belongs to it at the instant.
    :ivar policy: number of the newest policy; None where none is published.
    :ivar has_meeting: whether a meeting about it may be open to somebody; so with ``has_emergency``.
    """

    members: Sequence[Membership]
    policy: int | None
    has_meeting: bool
    has_emergency: bool
    has_silent_source: bool


def surroundings(connection: sa.Connection, municipality: str, plan: UUID, at: datetime) -> Surroundings:
    """Look around a plan that is there."""
    rows = connection.execute(_AROUND, {"plan": plan, "ours": municipality, "way": Direction.SOURCE, "at": at}).all()
    first = rows[0]
    return Surroundings(
        members_at(plan, [row for row in rows if row.member], at),
        first.policy,
        bool(first.has_meeting),
        bool(first.has_emergency),
        bool(first.has_silent_source),
    )
