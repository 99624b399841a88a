"""What needs a person: deliveries that are dead letters and fetches that are parked, in one transaction.

Ids, codes, counts and times; of content nothing. Why somebody discarded one, or looked into it, is sealed under the
plan's key.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from typing_extensions import TypedDict

from hub.clock import new_id
from hub.crypto.envelope import seal, unseal
from hub.store.attempt_order import OLDEST_FIRST
from hub.store.dead_letter_tables import dead_letter_deeds
from hub.store.jobs import JobKind
from hub.store.lease import Basis, Lease
from hub.store.tables import attempts, jobs, outbox

CONSENT_CHANGED = "consent-changed"
_DEED = dead_letter_deeds.c


class Kind(StrEnum):
    """What needs a person."""

    DELIVERY = "delivery"  # a row of the outbox; its recipient is named
    FETCH = "fetch"  # a document that was announced and cannot be taken in; its source is named


class Deed(StrEnum):
    """What somebody has done with a dead letter."""

    DISCARDED = "discarded"
    REVEALED = "revealed"


@dataclass(frozen=True, slots=True)
class Alike:
    """How many have ended alike.

    :ivar recipient: whose system was called; of a fetch the source.
    :ivar code: of the error that ended them.
    """

    kind: Kind
    recipient: str
    code: str
    note: str
    count: int
    oldest: datetime
    newest: datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """One that needs a person.

    :ivar plan: of a delivery; never told to an operator.
    :ivar attempts: of a delivery, how often it was tried before it died.
    """

    kind: Kind
    id: UUID
    recipient: str
    channel: str
    code: str
    note: str
    dead_at: datetime
    attempts: int
    sequence: int
    correlation_id: str
    plan: UUID | None


class DeadLetterAttempt(TypedDict):
    """An attempt of a delivery; one without an outcome is under way, or its worker died."""

    sequence: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Done:
    """What somebody has done with one, and why."""

    deed: Deed
    at: datetime
    by: str
    reason: str


_NO_TEXT, _NO_NUMBER = sa.literal(""), sa.literal(0)
_DELIVERIES = sa.select(
    sa.literal(Kind.DELIVERY.value).label("kind"), outbox.c.id, outbox.c.recipient, outbox.c.channel,
    outbox.c.dead_cause.label("code"), sa.func.coalesce(outbox.c.dead_note, "").label("note"), outbox.c.dead_at,
    sa.func.coalesce(outbox.c.dead_attempts, outbox.c.attempts).label("attempts"), outbox.c.sequence,
    outbox.c.correlation_id, outbox.c.plan_id, outbox.c.municipality,
).where(outbox.c.dead_at.is_not(None))  # fmt: skip
_FETCHES = sa.select(
    sa.literal(Kind.FETCH.value), jobs.c.id, jobs.c.authority, _NO_TEXT, jobs.c.last_result, _NO_TEXT,
    jobs.c.last_attempt_at, jobs.c.attempts, _NO_NUMBER, jobs.c.correlation_id, sa.cast(sa.null(), sa.Uuid()),
    jobs.c.municipality,
).where(
    jobs.c.kind == JobKind.FETCH, jobs.c.due_at.is_(None), jobs.c.last_result != "", jobs.c.last_attempt_at.is_not(None)
)  # fmt: skip
_ALL = sa.union_all(_DELIVERIES, _FETCHES).subquery("dead")
_ROW = _ALL.c


class DeadLetters:
    """What needs a person, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def alike(self) -> Sequence[Alike]:
        """Count what needs a person by whom it is about, what ended it, and the sentence that was written down."""
        what = (_ROW.kind, _ROW.recipient, _ROW.code, _ROW.note)
        query = (
            sa.select(*what, sa.func.count(), sa.func.min(_ROW.dead_at), sa.func.max(_ROW.dead_at))
            .where(_ROW.municipality == self._municipality)
            .group_by(*what)
        )
        return [Alike(Kind(row[0]), *row[1:]) for row in self._connection.execute(query)]

    def letters(self, like: Sequence[Alike], limit: int, after: Letter | None = None) -> Sequence[Letter]:
        """Return single ones, newest first.

        :param like: of which they are.
        :param after: the last of the page before.
        """
        key = sa.tuple_(_ROW.kind, _ROW.recipient, _ROW.code, _ROW.note)
        wanted = [(one.kind.value, one.recipient, one.code, one.note) for one in like]
        query = sa.select(_ALL).where(_ROW.municipality == self._municipality, key.in_(wanted))
        if after is not None:
            at, ours = sa.literal(after.dead_at, _ROW.dead_at.type), sa.literal(after.id, sa.Uuid())
            query = query.where(sa.or_(_ROW.dead_at < at, sa.and_(_ROW.dead_at == at, _ROW.id > ours)))
        rows = self._connection.execute(query.order_by(_ROW.dead_at.desc(), _ROW.id).limit(limit))
        return [_letter(row) for row in rows]

    def died_until(
        self, until: datetime, *, recipient: str | None = None, ids: Collection[UUID] | None = None
    ) -> Sequence[Letter]:
        """Return the deliveries that died until an instant, the longest dead first."""
        query = sa.select(_ALL).where(
            _ROW.municipality == self._municipality, _ROW.kind == Kind.DELIVERY.value, _ROW.dead_at <= until
        )
        if recipient is not None:
            query = query.where(_ROW.recipient == recipient)
        if ids is not None:
            query = query.where(_ROW.id.in_(list(ids)))
        return [_letter(row) for row in self._connection.execute(query.order_by(_ROW.dead_at, _ROW.id))]

    def one(self, wanted: UUID) -> Letter | None:
        """Return one that needs a person; None when there is none of this id."""
        query = sa.select(_ALL).where(_ROW.id == wanted, _ROW.municipality == self._municipality)
        row = self._connection.execute(query).one_or_none()
        return _letter(row) if row is not None else None

    def attempts_of(self, wanted: UUID) -> list[DeadLetterAttempt]:
        """Return the attempts of a row, oldest first: both times, how each ended, and our own sentence about it."""
        query = sa.select(
            attempts.c.sequence, attempts.c.started_at, attempts.c.finished_at, attempts.c.outcome, attempts.c.note
        ).where(attempts.c.outbox_id == wanted)
        return [
            {
                "sequence": row.sequence,
                "started_at": row.started_at,
                "finished_at": row.finished_at,
                "outcome": row.outcome,
                "note": row.note,
            }
            for row in self._connection.execute(query.order_by(*OLDEST_FIRST))
        ]

    def plan_of(self, wanted: UUID) -> UUID | None:
        """Return the plan of a row of ours, dead or not."""
        query = sa.select(outbox.c.plan_id).where(outbox.c.id == wanted, outbox.c.municipality == self._municipality)
        return self._connection.execute(query).scalar_one_or_none()

    def brings_nothing(self, lease: Lease, note: str, basis: Basis, at: datetime) -> bool:
        """A dead letter that we hold has nothing to bring since consent or policy changed; tell whether that is new."""
        changed = sa.or_(
            outbox.c.consent_version != basis.consent_version,
            outbox.c.policy_version != basis.policy_version,
            outbox.c.recheck_at <= at,
        )
        row = self._connection.execute(
            outbox.update()
            .where(outbox.c.id == lease.id, outbox.c.lease == lease.token, outbox.c.dead_at.is_not(None))
            .where(outbox.c.dead_cause != CONSENT_CHANGED, changed)
            .values(dead_cause=CONSENT_CHANGED, dead_note=note)
        )
        return bool(row.rowcount)

    def take(self, wanted: UUID) -> str | None:
        """Take a dead letter for writing; return its recipient, None when it is none, or none any more."""
        query = sa.select(outbox.c.recipient).where(
            outbox.c.id == wanted, outbox.c.municipality == self._municipality, outbox.c.dead_at.is_not(None)
        )
        return self._connection.execute(query.with_for_update()).scalar_one_or_none()

    def discard(self, wanted: UUID, basis: Basis | None, at: datetime, *, stays_due: bool) -> None:
        """Let a dead letter be none any more, and nothing leave before something changes.

        :param wanted: taken.
        :param basis: of the decision what must be taken back; None where that cannot be decided: the sweeper finds it.
        :param stays_due: or else it stays so only if a consent has changed meanwhile.
        """
        values: dict[str, Any] = {} if basis is None else asdict(basis)
        if not stays_due:
            values["due_at"] = sa.case((outbox.c.is_revision, outbox.c.due_at), else_=None)
        self._connection.execute(
            outbox.update()
            .where(outbox.c.id == wanted)
            .values(
                dead_at=None, dead_cause=None, dead_note=None, dead_attempts=None, attempts=0, not_before=at,
                ring_after=at, **values,
            )
        )  # fmt: skip

    def write_down(self, wanted: UUID, done: Done, key: bytes) -> None:
        """Remember who did what with one, the reason sealed under the plan's key."""
        deed = new_id()
        self._connection.execute(
            dead_letter_deeds.insert().values(
                id=deed, municipality=self._municipality, outbox_id=wanted, deed=done.deed, done_at=done.at,
                done_by=done.by, reason=seal(key, done.reason.encode(), _place(deed)),
            )
        )  # fmt: skip

    def deeds(self, wanted: UUID, key: bytes) -> Sequence[Done]:
        """Return what was done with one, oldest first. :raises Tampered: a reason is not what was written."""
        query = sa.select(dead_letter_deeds).where(_DEED.outbox_id == wanted, _DEED.municipality == self._municipality)
        return [
            Done(Deed(row.deed), row.done_at, row.done_by, unseal(key, row.reason, _place(row.id)).decode())
            for row in self._connection.execute(query.order_by(_DEED.done_at, _DEED.id))
        ]


def _letter(row: sa.Row[*tuple[Any, ...]]) -> Letter:
    return Letter(
        Kind(row.kind), row.id, row.recipient, row.channel, row.code, row.note, row.dead_at, row.attempts,
        row.sequence, row.correlation_id, row.plan_id,
    )  # fmt: skip


def _place(deed: UUID) -> str:
    return f"dead_letter_deeds|{deed}"
