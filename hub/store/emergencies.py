"""Emergency access ("break-glass"): who opened it to which plan, until when, and what a second person made of it.

    found = unit.emergencies.open_to(plan, client, organisation, role, at)
    unit.emergencies.review(found.id, Outcome.REJECTED, "another-client", at)   # ends at once

The reason is sealed under the plan's key; what was read under it stands in the audit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.crypto.envelope import seal, unseal
from hub.plan.person import Role
from hub.store.occasion_tables import emergencies
from hub.store.tables import audit

_ROW = emergencies.c
_NOT_REVIEWED = _ROW.outcome.is_(None)
_NOT_OVER = (  # asked at every read, so built once
    sa.select(emergencies)
    .where(
        _ROW.municipality == sa.bindparam("ours"),
        _ROW.plan_id == sa.bindparam("plan"),
        _ROW.client == sa.bindparam("client"),
        _ROW.organisation == sa.bindparam("organisation"),
        _ROW.role == sa.bindparam("role"),
        _ROW.opened_at <= sa.bindparam("at"),
        _ROW.until > sa.bindparam("at"),
    )
    .order_by(_ROW.opened_at, _ROW.id)
)


class Outcome(StrEnum):
    """What a second person made of it."""

    APPROVED = "approved"
    REJECTED = "rejected"


class Review(StrEnum):
    """How the review stands."""

    AWAITED = "awaited"
    OVERDUE = "overdue"  # nobody has approved it in time
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class EmergencyAccess:
    """One client's emergency access to one plan.

    :ivar until: when it ends by itself.
    :ivar approve_by: until when a second person may approve it in time.
    :ivar reviewed_by: the second person's client.
    :ivar informed_at: when a letter about it was sent to the citizen; None until then.
    """

    id: UUID
    plan: UUID
    client: str
    organisation: str
    role: Role
    opened_at: datetime
    until: datetime
    approve_by: datetime
    reviewed_by: str | None = None
    reviewed_at: datetime | None = None
    outcome: Outcome | None = None
    informed_at: datetime | None = None

    @property
    def ended_at(self) -> datetime:
        """Return when it ends or has ended: a rejection ends it at once."""
        if self.outcome is Outcome.REJECTED and self.reviewed_at is not None:
            return min(self.until, self.reviewed_at)
        return self.until

    def is_open(self, at: datetime) -> bool:
        """Tell whether it opens the plan at the instant: in its time, and approved or still in time to be."""
        is_timely = self.outcome is Outcome.APPROVED or at < self.approve_by
        return self.opened_at <= at < self.ended_at and is_timely

    def review(self, at: datetime) -> Review:
        """Return how the review stands at the instant."""
        if self.outcome is not None:
            return Review(self.outcome)
        return Review.AWAITED if at < self.approve_by else Review.OVERDUE


class Emergencies:
    """Emergency access, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def add(self, access: EmergencyAccess, reason: str, key: bytes) -> None:
        """Remember one, its reason sealed under the plan's key."""
        self._connection.execute(
            emergencies.insert().values(
                id=access.id,
                municipality=self._municipality,
                plan_id=access.plan,
                client=access.client,
                organisation=access.organisation,
                role=access.role,
                reason=seal(key, reason.encode(), _place(access.id)),
                opened_at=access.opened_at,
                until=access.until,
                approve_by=access.approve_by,
            )
        )

    def review(self, wanted: UUID, outcome: Outcome, by: str, at: datetime) -> None:
        """Remember what a second person made of it. The plan must be taken for writing, and it not reviewed yet."""
        self._connection.execute(
            emergencies.update()
            .where(_ROW.id == wanted, _NOT_REVIEWED)
            .values(outcome=outcome, reviewed_by=by, reviewed_at=at)
        )

    def inform(self, wanted: UUID, at: datetime | None) -> None:
        """Remember when the citizen was sent word; None where it did not arrive after all."""
        self._connection.execute(emergencies.update().where(_ROW.id == wanted).values(informed_at=at))

    def get(self, wanted: UUID) -> EmergencyAccess | None:
        """Return one, or None."""
        return next(iter(self._found(_ROW.id == wanted)), None)

    def open_to(self, plan: UUID, client: str, organisation: str, role: Role, at: datetime) -> EmergencyAccess | None:
        """Return what is open of a plan to a client now; a client that has become another's has nothing open."""
        own = {"client": client, "organisation": organisation, "role": role}
        rows = self._connection.execute(_NOT_OVER, {"ours": self._municipality, "plan": plan, "at": at, **own})
        return next((access for access in map(_access, rows) if access.is_open(at)), None)

    def of_plan(self, plan: UUID) -> Sequence[EmergencyAccess]:
        """Return all to a plan, oldest first."""
        return self._found(_ROW.plan_id == plan)

    def not_reviewed(self, client: str) -> Sequence[EmergencyAccess]:
        """Return a client's that nobody has reviewed, oldest first."""
        return self._found(_ROW.client == client, _NOT_REVIEWED)

    def not_informed(self) -> Sequence[EmergencyAccess]:
        """Return those about which no letter was sent to the citizen, oldest first."""
        return self._found(_ROW.informed_at.is_(None))

    def latest(self, limit: int = 500) -> Sequence[EmergencyAccess]:
        """Return the latest, those that nobody has reviewed before all others."""
        query = self._ours().order_by(_NOT_REVIEWED.desc(), _ROW.opened_at.desc()).limit(limit)
        return [_access(row) for row in self._connection.execute(query)]

    def reasons(self, plan: UUID, key: bytes) -> Mapping[UUID, str]:
        """Return the reasons of all to a plan. :raises Tampered: a stored one is not what was written."""
        rows = self._connection.execute(sa.select(_ROW.id, _ROW.reason).where(_ROW.plan_id == plan))
        return {row.id: unseal(key, row.reason, _place(row.id)).decode() for row in rows}

    def categories(self, access: EmergencyAccess) -> Sequence[str]:
        """Return the categories of what was shown on its strength, by the audit; "" stands for no category."""
        return sorted({category for read in self.reads(access) for category in read.get("emergency_categories", ())})

    def reads(self, access: EmergencyAccess) -> Sequence[Mapping[str, Any]]:
        """Return what the audit says of each read while it was open, oldest first."""
        rows = self._connection.execute(
            sa.select(audit.c.details).where(
                audit.c.plan_id == access.plan, audit.c.at >= access.opened_at, audit.c.at < access.until
            )
        )
        return [details for row in rows if (details := orjson.loads(row.details)).get("emergency") == str(access.id)]

    def _ours(self) -> sa.Select[tuple[object, ...]]:
        return sa.select(emergencies).where(_ROW.municipality == self._municipality)

    def _found(self, *which: sa.ColumnElement[bool]) -> Sequence[EmergencyAccess]:
        query = self._ours().where(*which).order_by(_ROW.opened_at, _ROW.id)
        return [_access(row) for row in self._connection.execute(query)]


def _access(row: sa.Row[*tuple[object, ...]]) -> EmergencyAccess:
    return EmergencyAccess(
        id=row.id,
        plan=row.plan_id,
        client=row.client,
        organisation=row.organisation,
        role=Role(row.role),
        opened_at=row.opened_at,
        until=row.until,
        approve_by=row.approve_by,
        reviewed_by=row.reviewed_by,
        reviewed_at=row.reviewed_at,
        outcome=Outcome(row.outcome) if row.outcome else None,
        informed_at=row.informed_at,
    )


def _place(access: UUID) -> str:
    return f"emergencies|{access}|reason"
