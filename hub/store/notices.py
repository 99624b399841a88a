"""Notices: what a citizen is to be told by letter, as leased rows. A notice is one letter, however often it is made.

    unit.notices.add(Notice(…), at)                  # of one key there is one
    notice = unit.notices.lease(now(), 60)           # for this sender alone
    unit.notices.settle(notice, State.SENT, now())   # or postpone, or put_back

Whom it is for and what it is about stand here as ids; what is said is composed when it is sent (docs/adr/0025).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from hub.clock import new_id
from hub.store.notice_tables import notices
from hub.store.revocation_tables import revocation_withdrawals, withdrawals
from hub.store.tables import among, as_dict
from hub.store.upserts import insert_into

_ROW = notices.c
NOBODY = "nobody"
#: Why one was dropped whose addressee is none any more: another may be.
NOT_ADDRESSED = "not-addressed"
#: Why one waits though nothing has failed, beside that its time is to come.
HELD, NOT_SHOWN = "held", "not-shown"


class NoticeKind(StrEnum):
    """What a citizen is told of."""

    EMERGENCY = "emergency"  # somebody opened the plan in an emergency
    APPOINTMENT = "appointment"  # one is near
    CONSENT_ENDS = "consent-ends"  # a yes will stop counting
    SPOKEN_FOR = "spoken-for"  # somebody gave or withdrew a consent for the citizen
    RESTRICTION_ENDS = "restriction-ends"  # what may not be used for now will be used again
    RECEIPT_MISSING = "receipt-missing"  # a recipient has not confirmed in time that it has deleted


class State(StrEnum):
    """Where a notice stands."""

    WAITING = "waiting"
    SENT = "sent"  # the post has taken it on
    DELIVERED = "delivered"  # the post says that it lies in the citizen's box
    BY_HAND = "by-hand"  # no letter by this way: the coordinator tells the citizen by another
    TOLD = "told"  # the coordinator has
    DROPPED = "dropped"  # nothing to tell any more
    DEAD = "dead"  # it failed too often; an operator replays it


#: In these it waits for somebody: a sender, the coordinator or an operator.
OPEN = (State.WAITING, State.BY_HAND, State.DEAD)
_OWED = revocation_withdrawals.c
_IS_MISSING_STILL = sa.and_(
    _ROW.kind == NoticeKind.RECEIPT_MISSING,
    sa.exists().where(
        _OWED.revocation_id == _ROW.about, withdrawals.c.id == _OWED.withdrawal_id, withdrawals.c.ended_at.is_(None)
    ),
)


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice.

    :ivar person: to whom; None where nobody is known to whom a letter may go.
    :ivar moment: which time of ``about``: when an appointment starts, when a consent ends, when somebody did something.
    :ivar token: of the lease under which a sender has it.
    """

    id: UUID
    kind: NoticeKind
    plan: UUID
    person: UUID | None
    about: UUID
    moment: datetime
    made_at: datetime
    due_at: datetime | None
    attempts: int
    state: State
    cause: str
    reference: str
    sent_at: datetime | None
    settled_at: datetime | None
    correlation_id: str
    token: UUID | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A notice that is to be made."""

    kind: NoticeKind
    plan: UUID
    person: UUID | None
    about: UUID
    moment: datetime
    correlation_id: str = ""


class Notices:
    """Notices, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def add(self, wanted: Wanted, at: datetime, *, by_hand: str = "") -> UUID | None:
        """Make a notice due; None when it is there already.

        :param by_hand: a cause for which no letter may go out by itself: it waits for the coordinator.
        """
        made = self._connection.execute(
            insert_into(notices, self._connection)
            .values(
                id=new_id(),
                municipality=self._municipality,
                kind=wanted.kind,
                plan_id=wanted.plan,
                person_id=wanted.person,
                addressee=str(wanted.person or NOBODY),
                about=wanted.about,
                moment=wanted.moment,
                made_at=at,
                due_at=None if by_hand else at,
                attempts=0,
                state=State.BY_HAND if by_hand else State.WAITING,
                cause=by_hand,
                reference="",
                settled_at=at if by_hand else None,
                correlation_id=wanted.correlation_id,
            )
            .on_conflict_do_nothing()
            .returning(_ROW.id)
        )
        return made.scalar_one_or_none()

    def known(self, kind: NoticeKind, about: Sequence[UUID]) -> frozenset[UUID]:
        """Return of what there is a notice already, one whose addressee may no longer be told left aside."""
        query = sa.select(_ROW.about).where(_ROW.kind == kind, _ROW.about.in_(list(about)), _ROW.cause != NOT_ADDRESSED)
        return frozenset(self._connection.execute(query).scalars())

    # --- sending ----------------------------------------------------------------------------------------------------

    def lease(self, at: datetime, seconds: float) -> Notice | None:
        """Take the notice that has been due longest, for this sender alone; that counts as an attempt.

        So one of which senders die ends, too; whatever is not the letter's fault is taken back (``postpone``).
        """
        free = sa.or_(_ROW.lease_until.is_(None), _ROW.lease_until <= at)
        first = (
            sa.select(_ROW.id)
            .where(_ROW.municipality == self._municipality, _ROW.due_at <= at, free)
            .order_by(_ROW.due_at, _ROW.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = self._connection.execute(
            notices.update()
            .where(among(_ROW.id, first))
            .values(lease=new_id(), lease_until=at + timedelta(seconds=seconds), attempts=_ROW.attempts + 1)
            .returning(notices)
        ).one_or_none()
        return None if row is None else _notice(row)

    def start_afresh(self) -> None:
        """Forget leases: the one process that had them has just been started."""
        ours = notices.update().where(_ROW.municipality == self._municipality, _ROW.lease.is_not(None))
        self._connection.execute(ours.values(lease=None, lease_until=None))

    def postpone(self, notice: Notice, until: datetime, cause: str, *, counts: bool) -> bool:
        """It was not sent now; ``counts`` says whether the letter is to blame, and not the post."""
        attempts = notice.attempts if counts else notice.attempts - 1
        return self._own(notice, due_at=until, attempts=attempts, cause=cause)

    def hurry(self, cause: str, at: datetime) -> None:
        """Make due now what waits for a cause that is gone."""
        waits = notices.update().where(_ROW.municipality == self._municipality, _ROW.due_at > at, _ROW.cause == cause)
        self._connection.execute(waits.values(due_at=at))

    def settle(self, notice: Notice, state: State, at: datetime, *, cause: str = "", reference: str = "") -> bool:
        """Nothing more is tried; tell whether it was still this sender's."""
        sent = {"sent_at": at} if state is State.SENT else {}
        values = {"state": state, "cause": cause, "reference": reference, "settled_at": at, "due_at": None}
        return self._own(notice, **values, **sent)

    def move(self, wanted: UUID, before: Sequence[State], state: State, at: datetime, *, cause: str = "") -> bool:
        """Take a notice from one of some states to another, whoever has it; tell whether it was in one of them.

        One that waits again is due at once.
        """
        due, settled = (at, None) if state is State.WAITING else (None, at)
        moved = self._connection.execute(
            notices.update()
            .where(_ROW.id == wanted, _ROW.municipality == self._municipality, _ROW.state.in_(before))
            .values(
                state=state, cause=cause, due_at=due, settled_at=settled, attempts=0, lease=None, lease_until=None,
                sent_at=sa.func.coalesce(_ROW.sent_at, at) if state is State.DELIVERED else _ROW.sent_at,
            )
        )  # fmt: skip
        return bool(moved.rowcount)

    # --- looking ----------------------------------------------------------------------------------------------------

    def get(self, wanted: UUID) -> Notice | None:
        """Return one, or None."""
        query = sa.select(notices).where(_ROW.id == wanted, _ROW.municipality == self._municipality)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _notice(row)

    def open_of(self, of_plans: Sequence[UUID]) -> Sequence[Notice]:
        """Return those of some plans that wait for somebody, oldest first."""
        query = sa.select(notices).where(_ROW.plan_id.in_(list(of_plans)), _ROW.state.in_(OPEN))
        return [_notice(row) for row in self._connection.execute(query.order_by(_ROW.made_at, _ROW.id))]

    def of_plan(self, plan: UUID) -> Sequence[Notice]:
        """Return every notice of a plan that is known still, the newest first."""
        query = sa.select(notices).where(_ROW.plan_id == plan, _ROW.municipality == self._municipality)
        return [_notice(row) for row in self._connection.execute(query.order_by(_ROW.made_at.desc(), _ROW.id))]

    def open(self, most: int = 500) -> Sequence[Notice]:
        """Return those that wait for somebody, oldest first."""
        query = sa.select(notices).where(_ROW.municipality == self._municipality, _ROW.state.in_(OPEN))
        return [_notice(row) for row in self._connection.execute(query.order_by(_ROW.made_at, _ROW.id).limit(most))]

    def counts(self) -> Sequence[dict[str, Any]]:
        """Count those that wait for somebody, by kind and state, and say since when."""
        query = (
            sa.select(
                _ROW.kind, _ROW.state, sa.func.count().label("notices"), sa.func.min(_ROW.made_at).label("oldest")
            )
            .where(_ROW.municipality == self._municipality, _ROW.state.in_(OPEN))
            .group_by(_ROW.kind, _ROW.state)
            .order_by(_ROW.kind, _ROW.state)
        )
        return [as_dict(row) for row in self._connection.execute(query)]

    def due(self, at: datetime) -> int:
        """Count the notices that are due to be sent."""
        query = sa.select(sa.func.count()).where(_ROW.municipality == self._municipality, _ROW.due_at <= at)
        return int(self._connection.execute(query).scalar_one())

    def clear_sent(self, before: datetime, most: int) -> int:
        """Delete notices that were settled before an instant and are of a time before it; return how many.

        Those that wait for somebody stay. One stays too that would be made again: its time is to come, or the receipt
        that it tells of is missing still.
        """
        gone = (
            sa.select(_ROW.id)
            .where(
                _ROW.municipality == self._municipality,
                _ROW.settled_at < before,
                _ROW.moment < before,
                _ROW.state.not_in(OPEN),
                sa.not_(_IS_MISSING_STILL),
            )
            .order_by(_ROW.settled_at)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
        # Counted by what comes back: Python's sqlite3 gives no count for a statement that begins with WITH.
        return len(self._connection.execute(notices.delete().where(among(_ROW.id, gone)).returning(_ROW.id)).all())

    def _own(self, notice: Notice, **values: Any) -> bool:
        ours = notices.update().where(_ROW.id == notice.id, _ROW.lease == notice.token)
        return bool(self._connection.execute(ours.values(lease=None, lease_until=None, **values)).rowcount)


def _notice(row: sa.Row[*tuple[Any, ...]]) -> Notice:
    return Notice(
        id=row.id,
        kind=NoticeKind(row.kind),
        plan=row.plan_id,
        person=row.person_id,
        about=row.about,
        moment=row.moment,
        made_at=row.made_at,
        due_at=row.due_at,
        attempts=row.attempts,
        state=State(row.state),
        cause=row.cause,
        reference=row.reference,
        sent_at=row.sent_at,
        settled_at=row.settled_at,
        correlation_id=row.correlation_id,
        token=row.lease,
    )
