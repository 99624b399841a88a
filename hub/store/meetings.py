"""Meetings that are counted: about which plan, for what, of whom, from when to when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.crypto.envelope import seal, unseal
from hub.store.occasion_tables import meetings

_ROW = meetings.c
_NOT_OVER = sa.select(meetings).where(  # asked at every read, so built once
    _ROW.municipality == sa.bindparam("ours"),
    _ROW.plan_id == sa.bindparam("plan"),
    _ROW.purpose == sa.bindparam("purpose"),
    _ROW.until > sa.bindparam("at"),
)


@dataclass(frozen=True, slots=True)
class Meeting:
    """One meeting about one plan.

    :ivar number: which it is for its purpose, from 1.
    :ivar organisations: who meets; only they are shown what a meeting shows.
    :ivar organisation: of whoever opened it.
    :ivar until: when it ends by itself.
    :ivar closed_at: when somebody closed it before.
    """

    id: UUID
    plan: UUID
    purpose: str
    number: int
    organisations: tuple[str, ...]
    organisation: str
    opened_by: str
    opened_at: datetime
    until: datetime
    closed_at: datetime | None = None

    @property
    def ended_at(self) -> datetime:
        """Return when it ends or has ended."""
        return min(self.until, self.closed_at) if self.closed_at else self.until

    def is_open(self, at: datetime) -> bool:
        """Tell whether it goes on at the instant."""
        return self.opened_at <= at < self.ended_at

    def is_of(self, organisation: str) -> bool:
        """Tell whether an organisation opened it or meets in it."""
        return organisation == self.organisation or organisation in self.organisations


class MeetingRows:
    """Meetings, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def add(self, meeting: Meeting, reason: str, key: bytes) -> None:
        """Remember a meeting, its reason sealed under the plan's key. The plan must be taken for writing."""
        self._connection.execute(
            meetings.insert().values(
                id=meeting.id,
                municipality=self._municipality,
                plan_id=meeting.plan,
                purpose=meeting.purpose,
                number=meeting.number,
                organisations=orjson.dumps(meeting.organisations).decode(),
                organisation=meeting.organisation,
                opened_by=meeting.opened_by,
                opened_at=meeting.opened_at,
                until=meeting.until,
                reason=seal(key, reason.encode(), _place(meeting.id)) if reason else None,
            )
        )

    def close(self, wanted: UUID, at: datetime) -> None:
        """Let a meeting end now."""
        self._connection.execute(
            meetings.update().where(_ROW.id == wanted, _ROW.closed_at.is_(None)).values(closed_at=at)
        )

    def get(self, wanted: UUID) -> Meeting | None:
        """Return a meeting, or None."""
        return next(iter(self._found(_ROW.id == wanted)), None)

    def of_plan(self, plan: UUID) -> Sequence[Meeting]:
        """Return every meeting about a plan, oldest first."""
        return self._found(_ROW.plan_id == plan)

    def is_open(self, plan: UUID, purpose: str, organisation: str, at: datetime) -> bool:
        """Tell whether a meeting about a plan is open to an organisation for a purpose."""
        which = {"ours": self._municipality, "plan": plan, "purpose": purpose, "at": at}
        found = [_meeting(row) for row in self._connection.execute(_NOT_OVER, which)]
        return any(meeting.is_open(at) and organisation in meeting.organisations for meeting in found)

    def reasons(self, plan: UUID, key: bytes) -> Mapping[UUID, str]:
        """Return the reasons of a plan's meetings. :raises Tampered: a stored one is not what was written."""
        rows = self._connection.execute(sa.select(_ROW.id, _ROW.reason).where(_ROW.plan_id == plan))
        return {row.id: unseal(key, row.reason, _place(row.id)).decode() if row.reason else "" for row in rows}

    def _found(self, *which: sa.ColumnElement[bool]) -> Sequence[Meeting]:
        query = sa.select(meetings).where(_ROW.municipality == self._municipality, *which)
        return [_meeting(row) for row in self._connection.execute(query.order_by(_ROW.opened_at, _ROW.number))]


def _meeting(row: sa.Row[*tuple[object, ...]]) -> Meeting:
    return Meeting(
        id=row.id,
        plan=row.plan_id,
        purpose=row.purpose,
        number=row.number,
        organisations=tuple(orjson.loads(row.organisations)),
        organisation=row.organisation,
        opened_by=row.opened_by,
        opened_at=row.opened_at,
        until=row.until,
        closed_at=row.closed_at,
    )


def _place(meeting: UUID) -> str:
    return f"meetings|{meeting}|reason"
