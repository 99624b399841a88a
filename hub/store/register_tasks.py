"""What coordinators are to do about what the person register has said. Of one kind and plan one is open at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from hub.clock import new_id
from hub.plan.person import Role
from hub.store.register_tables import register_tasks
from hub.store.tables import memberships, plans

_ROW = register_tasks.c


class TaskKind(StrEnum):
    """What has happened."""

    DEATH = "death"  # the person has died: what is left of the plan is the coordinator's to close
    DEATH_TAKEN_BACK = "death-taken-back"  # the register was wrong: consents speak again
    NUMBER_TAKEN = "number-taken"  # a number of the person is another person's here: are the two one?


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do."""

    id: UUID
    plan: UUID
    kind: TaskKind
    at: datetime
    done_at: datetime | None = None


class RegisterTasks:
    """Tasks, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def add(self, plan: UUID, kind: TaskKind, at: datetime) -> None:
        """Ask for something to be done; whoever has not done it yet is not asked twice. The plan has been taken."""
        is_open = sa.and_(_ROW.plan_id == plan, _ROW.kind == kind, _ROW.done_at.is_(None))
        if self._connection.execute(sa.select(_ROW.id).where(is_open)).first() is None:
            self._connection.execute(
                register_tasks.insert().values(
                    id=new_id(), municipality=self._municipality, plan_id=plan, kind=kind, at=at
                )
            )

    def open_of(self, organisation: str, at: datetime, limit: int) -> Sequence[Task]:
        """Return what is to be done in plans that an organisation coordinates, the oldest first."""
        query = self._theirs(organisation, at).where(_ROW.done_at.is_(None)).order_by(_ROW.at, _ROW.id)
        return [_task(row) for row in self._connection.execute(query.limit(limit))]

    def get(self, wanted: UUID, organisation: str, at: datetime) -> Task | None:
        """Return a task of a plan that an organisation coordinates, or None."""
        row = self._connection.execute(self._theirs(organisation, at).where(_ROW.id == wanted)).one_or_none()
        return _task(row) if row is not None else None

    def done(self, wanted: UUID, by: str, at: datetime) -> None:
        """Remember that somebody has done it; the first counts."""
        self._connection.execute(
            register_tasks.update().where(_ROW.id == wanted, _ROW.done_at.is_(None)).values(done_at=at, done_by=by)
        )

    def clear(self) -> None:
        """Forget the tasks of plans that are gone."""
        has_plan = sa.exists().where(plans.c.id == _ROW.plan_id)
        ours = _ROW.municipality == self._municipality
        self._connection.execute(register_tasks.delete().where(ours, sa.not_(has_plan)))

    def _theirs(self, organisation: str, at: datetime) -> sa.Select[tuple[object, ...]]:
        coordinates = sa.and_(
            memberships.c.plan_id == _ROW.plan_id,
            memberships.c.member == organisation,
            memberships.c.role == Role.COORDINATOR,
            memberships.c.valid_from <= at,
            sa.or_(memberships.c.valid_to.is_(None), memberships.c.valid_to > at),
        )
        return sa.select(register_tasks).where(_ROW.municipality == self._municipality, sa.exists().where(coordinates))


def _task(row: sa.Row[tuple[object, ...]]) -> Task:
    return Task(row.id, row.plan_id, TaskKind(row.kind), row.at, row.done_at)
