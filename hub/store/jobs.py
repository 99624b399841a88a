"""Jobs: polls, fetches and folders, as leased rows.

A fetch is a promise: a thin event is acknowledged only after its row is committed, and the row is done only in the
transaction that took the document in. A poll's cursor moves in the transaction that wrote down what it found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.clock import new_id
from hub.store.tables import among, as_dict, jobs


class JobKind(StrEnum):
    """What a job does."""

    POLL = "poll"  # ask an authority what has changed, again and again
    FETCH = "fetch"  # fetch one document, once
    FOLDER = "folder"  # look into a folder, again and again


@dataclass(frozen=True, slots=True)
class Job:
    """A job that one worker holds until a time."""

    id: UUID
    token: UUID
    kind: JobKind
    authority: str
    reference: str
    cursor: str
    attempts: int
    correlation_id: str


#: ``last_result`` of a fetch that waits for its person's plan to open.
UNKNOWN_PERSON = "unknown-person"


class Jobs:
    """Jobs, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def ensure(self, kind: JobKind, authority: str, at: datetime) -> None:
        """Have a repeating job; one that is there keeps its cursor and its time."""
        self._connection.execute(self._insert(kind, authority, [""], at, "").on_conflict_do_nothing())

    def add_fetches(self, authority: str, references: Iterable[str], at: datetime, correlation_id: str) -> None:
        """Promise to fetch documents; one that is done, or under way just now, is due again."""
        wanted = sorted(set(references))  # in one order for everyone: two announcements never wait in a circle
        if not wanted:
            return
        due_again = {
            "due_at": at, "attempts": 0, "correlation_id": correlation_id, "last_result": "",
            "lease": None, "lease_until": None,  # a fetch under way may have read the older document
        }  # fmt: skip
        self._connection.execute(
            self._insert(JobKind.FETCH, authority, wanted, at, correlation_id).on_conflict_do_update(
                index_elements=["municipality", "kind", "authority", "reference"], set_=due_again
            )
        )

    def start_afresh(self) -> None:
        """Forget leases: the one process that had them has just been started."""
        ours = jobs.update().where(jobs.c.municipality == self._municipality, jobs.c.lease.is_not(None))
        self._connection.execute(ours.values(lease=None, lease_until=None))

    def lease(self, at: datetime, seconds: float, authorities: Sequence[str]) -> Job | None:
        """Take the job that has been due longest, for this worker alone."""
        wanted = (
            sa.select(jobs.c.id)
            .where(
                jobs.c.municipality == self._municipality,
                jobs.c.due_at <= at,
                jobs.c.authority.in_(authorities),
                sa.or_(jobs.c.lease_until.is_(None), jobs.c.lease_until <= at),
            )
            .order_by(jobs.c.due_at)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = self._connection.execute(
            jobs.update()
            .where(among(jobs.c.id, wanted))
            .values(lease=new_id(), lease_until=at + timedelta(seconds=seconds), attempts=jobs.c.attempts + 1)
            .returning(jobs)
        ).one_or_none()
        if row is None:
            return None
        return Job(
            row.id, row.lease, JobKind(row.kind), row.authority, row.reference, row.cursor, row.attempts,
            row.correlation_id,
        )  # fmt: skip

    def done(self, job: Job, at: datetime) -> None:
        """Commit the job's work with this transaction; announced again meanwhile, it is not ours and stays due."""
        self._own(job, due_at=None, lease=None, lease_until=None, attempts=0, **_succeeded(at))

    def again(self, job: Job, at: datetime, next_at: datetime, cursor: str | None = None) -> None:
        """A repeating job has done its turn; remember how far it came."""
        moved = {} if cursor is None else {"cursor": cursor}
        self._own(job, due_at=next_at, lease=None, lease_until=None, attempts=0, **moved, **_succeeded(at))

    def postpone(self, job: Job, at: datetime, until: datetime, result: str) -> None:
        """The job could not be done now."""
        self._own(job, due_at=until, lease=None, lease_until=None, last_attempt_at=at, last_result=result)

    def park(self, job: Job, at: datetime, result: str) -> None:
        """The job was refused: it waits, visibly, until something changes."""
        self._own(job, due_at=None, lease=None, lease_until=None, last_attempt_at=at, last_result=result)

    def unpark_unknown_people(self, at: datetime) -> None:
        """A plan was opened: try again whatever was refused because its person had none, or is being refused now."""
        is_parked = sa.and_(jobs.c.last_result == UNKNOWN_PERSON, jobs.c.due_at.is_(None))
        is_under_way = sa.and_(jobs.c.kind == JobKind.FETCH, jobs.c.lease.is_not(None))
        self._connection.execute(
            jobs.update()
            .where(jobs.c.municipality == self._municipality, sa.or_(is_parked, is_under_way))
            .values(due_at=at, attempts=0, lease=None, lease_until=None)
        )

    def all(self) -> Sequence[dict[str, Any]]:
        """Return repeating jobs and everything not done, for operators."""
        query = (
            sa.select(jobs)
            .where(
                jobs.c.municipality == self._municipality,
                sa.or_(jobs.c.kind != JobKind.FETCH, jobs.c.due_at.is_not(None), jobs.c.last_result != ""),
            )
            .order_by(jobs.c.kind, jobs.c.authority, jobs.c.due_at)
            .limit(500)
        )
        return [as_dict(row) for row in self._connection.execute(query)]

    def _insert(
        self, kind: JobKind, authority: str, references: Sequence[str], at: datetime, correlation_id: str
    ) -> Any:
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        return insert(jobs).values(
            [
                {
                    "id": new_id(), "municipality": self._municipality, "kind": kind, "authority": authority,
                    "reference": reference, "cursor": "", "due_at": at, "attempts": 0, "last_result": "",
                    "correlation_id": correlation_id,
                }
                for reference in references
            ]
        )  # fmt: skip

    def _own(self, job: Job, **values: Any) -> None:
        self._connection.execute(jobs.update().where(jobs.c.id == job.id, jobs.c.lease == job.token).values(**values))


def _succeeded(at: datetime) -> dict[str, Any]:
    return {"last_attempt_at": at, "last_success_at": at, "last_result": ""}
