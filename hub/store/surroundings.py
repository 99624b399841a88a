"""What a read of a plan rests on besides the plan itself, in one way to the database and back.

Most plans have no meeting and no emergency, and most sources answer: that this is so is all that is looked up here, and
who needs to know more asks further.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from hub.plan.person import Membership
from hub.store.call_statements import IS_SILENT
from hub.store.circuits import Direction
from hub.store.consents import SealedConsent
from hub.store.memberships import members_at
from hub.store.occasion_tables import emergencies, meetings
from hub.store.people import SealedPerson
from hub.store.tables import consents, memberships, people, plan_people, plans, policies

_PLAN: sa.BindParameter[UUID] = sa.bindparam("plan")
_OURS: sa.BindParameter[str] = sa.bindparam("ours")
_AT: sa.BindParameter[datetime] = sa.bindparam("at")
_READER: sa.BindParameter[str] = sa.bindparam("reader")
#: A row of each person whom the plan concerns and each of their consents, and of its own person if there is none.
_AROUND = (
    sa.select(
        people.c.id.label("person"),
        people.c.wrapped_key,
        people.c.identity,
        consents.c.id.label("consent"),
        consents.c.version,
        consents.c.content,
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
    .select_from(plans.join(plan_people, plan_people.c.plan_id == plans.c.id))
    .join(people, people.c.id == plan_people.c.person_id)
    .outerjoin(consents, sa.and_(consents.c.person_id == people.c.id, consents.c.is_newest))
    .outerjoin(memberships, sa.and_(memberships.c.plan_id == plans.c.id, memberships.c.member == _READER))
    .where(plans.c.id == _PLAN, sa.or_(consents.c.id.is_not(None), people.c.id == plans.c.person_id))
    .order_by(consents.c.id)
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was found around a plan at an instant.

    :ivar people: the plan's person, and whom else of those it concerns has a consent.
    :ivar consents: the newest version of every consent about those whom the plan concerns, in force or not.
    :ivar members: the reader's organisation, if it belongs to the plan at the instant.
    :ivar policy: number of the newest policy; None where none is published.
    :ivar has_meeting: whether a meeting about it may be open to somebody; so with ``has_emergency``.
    """

    people: Mapping[UUID, SealedPerson]
    consents: Sequence[SealedConsent]
    members: Sequence[Membership]
    policy: int | None
    has_meeting: bool
    has_emergency: bool
    has_silent_source: bool


def surroundings(
    connection: sa.Connection, municipality: str, plan: UUID, organisation: str, at: datetime
) -> Surroundings:
    """Look around a plan that is there, for a reader of this organisation."""
    asked = {"plan": plan, "reader": organisation, "ours": municipality, "way": Direction.SOURCE, "at": at}
    rows = connection.execute(_AROUND, asked).all()
    first = rows[0]
    return Surroundings(
        {row.person: SealedPerson(row.wrapped_key, row.identity) for row in rows},
        [
            SealedConsent(row.consent, row.version, row.person, row.wrapped_key, row.content)
            for row in rows
            if row.consent
        ],
        members_at(plan, [first] if first.member else [], at),
        first.policy,
        bool(first.has_meeting),
        bool(first.has_emergency),
        bool(first.has_silent_source),
    )
