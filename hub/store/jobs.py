"""Jobs: polls, fetches and folders, as leased rows.

A fetch is a promise: a thin event is acknowledged only after its row is committed, and the row is done only in the
transaction that took the document in. A poll's cursor moves in the transaction that wrote down what it found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam

from hub.clock import new_id
from hub.store.tables import Instant, among, as_dict, jobs
from hub.store.upserts import insert_into


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

# Statements that are asked often are built once: building one takes SQLAlchemy longer than SQLite needs to run it.
_AT = bindparam("at", type_=Instant())
_OURS = jobs.c.municipality == bindparam("ours")
_THEIRS = sa.and_(_OURS, jobs.c.authority == bindparam("name"))
_IS_FOLDER = jobs.c.kind == JobKind.FOLDER
_IS_FREE = sa.or_(jobs.c.lease_until.is_(None), jobs.c.lease_until <= _AT)
_WANTED = (
    sa.select(jobs.c.id)
    .where(
        _OURS,
        jobs.c.due_at <= _AT,
        _IS_FREE,
        sa.or_(
            sa.and_(sa.not_(_IS_FOLDER), jobs.c.authority.in_(bindparam("called", expanding=True))),
            sa.and_(_IS_FOLDER, jobs.c.authority.in_(bindparam("looked_into", expanding=True))),
        ),
    )
    .order_by(jobs.c.due_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_LEASE = (
    jobs.update()
    .where(among(jobs.c.id, _WANTED))
    .values(lease=bindparam("token"), lease_until=bindparam("until"), attempts=jobs.c.attempts + 1)
    .returning(jobs)
)
_OWED = (
    sa.select(jobs.c.id)
    .where(
        _THEIRS,
        jobs.c.kind == JobKind.FETCH,
        sa.or_(jobs.c.due_at.is_not(None), jobs.c.last_result.not_in(["", UNKNOWN_PERSON])),
    )
    .limit(1)
)
_FIRST = (
    sa.select(jobs.c.id)
    .where(_THEIRS, sa.not_(_IS_FOLDER), jobs.c.due_at.is_not(None), _IS_FREE)
    .order_by(jobs.c.due_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_HURRY = (
    jobs.update()
    .where(among(jobs.c.id, _FIRST))
    .values(due_at=sa.case((jobs.c.due_at > _AT, _AT), else_=jobs.c.due_at))
    .returning(jobs.c.id)  # SQLite counts no rows after WITH
)
_DUE = sa.select(jobs.c.authority, sa.func.count()).where(_OURS, jobs.c.due_at <= _AT).group_by(jobs.c.authority)
_DONE = (
    sa.select(jobs.c.id)
    .where(
        _OURS,
        jobs.c.kind == JobKind.FETCH,
        jobs.c.due_at.is_(None),
        jobs.c.last_result == "",
        jobs.c.last_success_at < bindparam("before"),
    )
    .order_by(jobs.c.last_success_at)
    .limit(bindparam("most", type_=sa.Integer()))
    .with_for_update(skip_locked=True)
)
_CLEAR = jobs.delete().where(among(jobs.c.id, _DONE)).returning(jobs.c.id)  # SQLite counts no rows after WITH


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

    def lease(
        self, at: datetime, seconds: float, authorities: Sequence[str], folders: Sequence[str] = ()
    ) -> Job | None:
        """Take the job that has been due longest, for this worker alone.

        :param authorities: whose systems may be called.
        :param folders: into whose folders may be looked; that is no call to anybody.
        """
        row = self._connection.execute(
            _LEASE,
            {
                "ours": self._municipality, "at": at, "until": at + timedelta(seconds=seconds), "token": new_id(),
                "called": list(authorities), "looked_into": list(folders),
            },
        ).one_or_none()  # fmt: skip
        if row is None:
            return None
        return Job(
            row.id, row.lease, JobKind(row.kind), row.authority, row.reference, row.cursor, row.attempts,
            row.correlation_id,
        )  # fmt: skip

    def put_back(self, job: Job) -> None:
        """Its call may not start after all: the job is as it was before it was taken."""
        self._own(job, lease=None, lease_until=None, attempts=job.attempts - 1)

    def done(self, job: Job, at: datetime) -> None:
        """Commit the job's work with this transaction; announced again meanwhile, it is not ours and stays due."""
        self._own(job, due_at=None, lease=None, lease_until=None, attempts=0, **_succeeded(at))

    def again(self, job: Job, at: datetime, next_at: datetime, cursor: str | None = None) -> None:
        """A repeating job has done its turn; remember how far it came."""
        moved = {} if cursor is None else {"cursor": cursor}
        self._own(job, due_at=next_at, lease=None, lease_until=None, attempts=0, **moved, **_succeeded(at))

    def postpone(self, job: Job, at: datetime, until: datetime, result: str, *, counts: bool = True) -> None:
        """The job could not be done now; ``counts`` says whether the job is to blame, and not its source."""
        attempts = job.attempts if counts else job.attempts - 1
        self._own(
            job, due_at=until, lease=None, lease_until=None, attempts=attempts, last_attempt_at=at, last_result=result
        )

    def park(self, job: Job, at: datetime, result: str) -> None:
        """The job was refused: it waits, visibly, until something changes."""
        self._own(job, due_at=None, lease=None, lease_until=None, last_attempt_at=at, last_result=result)

    def owes(self, authority: str) -> bool:
        """Tell whether a document that an authority has told of is still to be fetched, or could not be.

        One whose person has no plan is none that is missing.
        """
        return self._connection.execute(_OWED, {"ours": self._municipality, "name": authority}).first() is not None

    def hurry(self, authority: str, at: datetime) -> bool:
        """Make the job of an authority that is due first due now; tell whether there is one."""
        given = {"ours": self._municipality, "name": authority, "at": at}
        return bool(self._connection.execute(_HURRY, given).all())

    def waiting(self, at: datetime) -> Mapping[str, int]:
        """Count the jobs that are due, by authority."""
        rows = self._connection.execute(_DUE, {"ours": self._municipality, "at": at})
        return {row[0]: row[1] for row in rows}

    def clear_done(self, before: datetime, limit: int) -> int:
        """Delete fetches that were done before an instant, so many at most; return how many."""
        given = {"ours": self._municipality, "before": before, "most": limit}
        return len(self._connection.execute(_CLEAR, given).all())

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
        return insert_into(jobs, self._connection).values(
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
