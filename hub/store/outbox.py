"""The outbox: one standing row per recipient and plan, and the ids of what is due.

A row says *that* something is due to a recipient, never what: what leaves is decided when it leaves. Marking a row due
a hundred times is one delivery. ``mark`` rises each time, so that a mark set while a delivery is under way is not lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from hub.clock import new_id
from hub.store.lease import Basis, Lease
from hub.store.tables import among, as_dict, outbox, plans

#: How long a relay that has taken rows may need to ring before another rings for it.
_RING_SECONDS = 15


_FREE: dict[str, Any] = {"lease": None, "lease_until": None}


@dataclass(frozen=True, slots=True)
class Ring:
    """A row that wants a worker.

    :ivar taken_until: until when the relay that took it has time to ring; then another may.
    """

    id: UUID
    channel: str
    is_urgent: bool
    taken_until: datetime


class Outbox:
    """What is due to whom, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality
        #: Whether this transaction has made something due.
        self.has_become_due = False

    def ensure(self, plan: UUID, recipient: str, channel: str, at: datetime) -> bool:
        """Give a recipient its standing row for a plan; one that is there stays as it is. Tell whether it is new."""
        known = sa.select(outbox.c.id).where(outbox.c.plan_id == plan, outbox.c.recipient == recipient)
        if self._connection.execute(known).one_or_none() is not None:
            return False
        self._connection.execute(
            outbox.insert().values(
                id=new_id(), municipality=self._municipality, plan_id=plan, recipient=recipient, channel=channel,
                is_urgent=False, mark=0, not_before=at, ring_after=at, attempts=0, sequence=0,
                plan_version=0, consent_version=0, policy_version=0, correlation_id="",
            )
        )  # fmt: skip
        return True

    def mark_due(
        self,
        plan_ids: Sequence[UUID],
        at: datetime,
        correlation_id: str,
        *,
        urgent: bool = False,
        but_not: str | None = None,
    ) -> None:
        """Make every recipient of the plans due, except one: the sender, who need not hear itself."""
        due = outbox.update().where(outbox.c.plan_id.in_(plan_ids))
        if but_not is not None:
            due = due.where(outbox.c.recipient != but_not)
        self._connection.execute(due.values(self._due(at, correlation_id, urgent)))
        self.has_become_due = True

    def under_way(self, plan_ids: Sequence[UUID], at: datetime) -> int:
        """Count deliveries of these plans that a worker holds now."""
        query = sa.select(sa.func.count()).where(outbox.c.plan_id.in_(plan_ids), outbox.c.lease_until > at)
        return self._connection.execute(query).scalar_one()

    def take_rings(self, limit: int, at: datetime) -> Sequence[Ring]:
        """Take due rows that want ringing, urgent and oldest first, for this relay alone for a short while."""
        wanted = (
            sa.select(outbox.c.id)
            .where(self._is_ours(), outbox.c.due_at.is_not(None), outbox.c.ring_after <= at)
            .order_by(outbox.c.is_urgent.desc(), outbox.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = self._connection.execute(
            outbox.update()
            .where(among(outbox.c.id, wanted))
            .values(ring_after=at + timedelta(seconds=_RING_SECONDS))
            .returning(outbox.c.id, outbox.c.channel, outbox.c.is_urgent, outbox.c.ring_after)
        )
        return sorted((Ring(*row) for row in rows), key=lambda ring: not ring.is_urgent)

    def rung(self, rings: Sequence[Ring], until: datetime) -> None:
        """Remember that the broker has confirmed these rings; silence until then needs no second ring.

        A row that another transaction holds is passed over, so that nobody waits in a circle; it is rung once more.
        One that became due anew meanwhile, or that a worker has taken or put off already, keeps its own time.
        """
        quiet = (
            sa.select(outbox.c.id)
            .where(
                outbox.c.id.in_([ring.id for ring in rings]),
                outbox.c.ring_after.in_({ring.taken_until for ring in rings}),
            )
            .with_for_update(skip_locked=True)
        )
        self._connection.execute(outbox.update().where(among(outbox.c.id, quiet)).values(ring_after=until))

    def start_afresh(self, at: datetime) -> None:
        """Forget rings and leases: the one process that had them, broker and workers in one, has just been started.

        An attempt that was under way stays open and counted; only nobody waits for its lease to run out.
        """
        due = outbox.update().where(self._is_ours(), outbox.c.due_at.is_not(None))
        waits = sa.case((outbox.c.not_before > at, outbox.c.not_before), else_=sa.literal(at, outbox.c.due_at.type))
        self._connection.execute(due.values(ring_after=waits, **_FREE))

    def plan_of(self, wanted: UUID) -> UUID | None:
        """Return the plan of a row; a worker locks it before the row, as everyone does."""
        return self._connection.execute(sa.select(outbox.c.plan_id).where(outbox.c.id == wanted)).scalar_one_or_none()

    def lease(self, wanted: UUID, at: datetime, seconds: float) -> Lease | None:
        """Take a due row for this worker alone; None when it is not due, not yet, or another's."""
        is_free = sa.or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= at)
        return self._take(wanted, at, seconds, sa.and_(outbox.c.not_before <= at, is_free))

    def take_over(self, wanted: UUID, at: datetime, seconds: float) -> Lease | None:
        """Take a due row whose delivery ended in an error, from whoever has it, and count the failure once."""
        begun = sa.select(outbox.c.id).where(outbox.c.id == wanted, outbox.c.lease_until > at)
        is_counted = self._connection.execute(begun).one_or_none() is not None
        lease = self._take(wanted, at, seconds, sa.true())
        if lease is None or is_counted:
            return lease
        self._own(lease, {"attempts": lease.attempts + 1})
        return replace(lease, attempts=lease.attempts + 1)

    def _take(self, wanted: UUID, at: datetime, seconds: float, condition: sa.ColumnElement[bool]) -> Lease | None:
        until = at + timedelta(seconds=seconds)
        row = self._connection.execute(
            outbox.update()
            .where(outbox.c.id == wanted, outbox.c.due_at.is_not(None), condition)
            .values(lease=new_id(), lease_until=until, ring_after=until)
            .returning(outbox)
        ).one_or_none()
        if row is None:
            return None
        return Lease(
            row.id, row.lease, row.plan_id, row.recipient, row.mark, row.attempts, row.sequence, row.target,
            row.dead_at is not None, row.correlation_id,
        )  # fmt: skip

    def starts(self, lease: Lease, sequence: int, target: bytes) -> None:
        """Remember, before anything leaves, that an attempt starts; it counts until it is known whose fault it was."""
        self._own(lease, {"sequence": sequence, "target": target, "attempts": outbox.c.attempts + 1})

    def settle(self, lease: Lease, basis: Basis, at: datetime) -> bool:
        """The recipient is up to date with this basis; stays due when more became due meanwhile."""
        settled = {
            "due_at": self._due_still(lease),
            "is_urgent": sa.case((outbox.c.mark > lease.mark, outbox.c.is_urgent), else_=False),
            "attempts": 0, "not_before": at, "ring_after": at, "recheck_at": basis.recheck_at,
            "plan_version": basis.plan_version, "consent_version": basis.consent_version,
            "policy_version": basis.policy_version,
        }  # fmt: skip
        return self._own(lease, settled | _FREE)

    def postpone(self, lease: Lease, until: datetime, *, counts: bool) -> bool:
        """Give the row back for later; ``counts`` says whether the attempt counts as a failure of the message.

        A revision that came while it was under way does not wait: what it takes back goes at once.
        """
        attempts = {} if counts else {"attempts": outbox.c.attempts - 1}
        is_revised = sa.and_(outbox.c.mark > lease.mark, outbox.c.is_urgent)
        wait = sa.case((is_revised, outbox.c.not_before), else_=sa.literal(until, outbox.c.not_before.type))
        return self._own(lease, {"not_before": wait, "ring_after": wait} | attempts | _FREE)

    def pause(self, lease: Lease, until: datetime) -> bool:
        """Give the row back untouched: its recipient is paused."""
        return self._own(lease, {"not_before": until, "ring_after": until} | _FREE)

    def bury(self, lease: Lease, cause: str, note: str, at: datetime) -> bool:
        """Make the row a dead letter; only withdrawals leave until an operator replays it.

        It stays due when more became due meanwhile; what is left to take back of the rest, the sweeper finds.
        """
        dead = {"dead_at": at, "dead_cause": cause, "dead_note": note, "not_before": at, "ring_after": at}
        return self._own(lease, {"due_at": self._due_still(lease)} | dead | _FREE)

    def sweep(self, at: datetime, policy_version: int, limit: int = 1000) -> int:
        """Make due again whatever was left behind; compares integers and renders nothing. Return how many."""
        behind = sa.and_(
            self._is_ours(),
            outbox.c.due_at.is_(None),
            sa.or_(
                outbox.c.plan_version != plans.c.version,
                outbox.c.consent_version != plans.c.consent_version,
                outbox.c.policy_version != policy_version,
                outbox.c.recheck_at <= at,
            ),
        )
        wanted = (
            sa.select(outbox.c.id)
            .join(plans, plans.c.id == outbox.c.plan_id)
            .where(behind)
            .limit(limit)
            .with_for_update(skip_locked=True, of=outbox)
        )
        swept = self._connection.execute(
            outbox.update().where(among(outbox.c.id, wanted)).values(self._due(at, None, False)).returning(outbox.c.id)
        ).all()
        self.has_become_due = self.has_become_due or bool(swept)
        return len(swept)

    def counts(self, at: datetime) -> Sequence[dict[str, Any]]:
        """Return depth and oldest age per recipient, for operators: no plan, no person."""
        due, dead = outbox.c.due_at.is_not(None), outbox.c.dead_at.is_not(None)
        rows = self._connection.execute(
            sa.select(
                outbox.c.recipient,
                outbox.c.channel,
                sa.func.count().filter(due).label("due"),
                sa.func.count().filter(outbox.c.lease_until > at).label("under_way"),
                sa.func.count().filter(dead).label("dead_letters"),
                sa.func.min(outbox.c.due_at).label("oldest_due_at"),
            )
            .where(self._is_ours())
            .group_by(outbox.c.recipient, outbox.c.channel)
            .order_by(outbox.c.recipient)
        )
        return [as_dict(row) for row in rows]

    def dead_letters(self, limit: int = 500) -> Sequence[dict[str, Any]]:
        """Return dead letters, newest first: ids, cause and times, nothing of a person."""
        rows = self._connection.execute(
            sa.select(
                outbox.c.id, outbox.c.recipient, outbox.c.channel, outbox.c.dead_at, outbox.c.dead_cause,
                outbox.c.dead_note, outbox.c.attempts, outbox.c.sequence, outbox.c.correlation_id,
            )
            .where(self._is_ours(), outbox.c.dead_at.is_not(None))
            .order_by(outbox.c.dead_at.desc())
            .limit(limit)
        )  # fmt: skip
        return [as_dict(row) for row in rows]

    def replay(self, wanted: UUID, at: datetime) -> bool:
        """Bring a dead letter back; what leaves is decided anew. Tell whether it was one."""
        row = self._connection.execute(
            outbox.update()
            .where(outbox.c.id == wanted, outbox.c.dead_at.is_not(None))
            .values(dead_at=None, dead_cause=None, dead_note=None, attempts=0, mark=outbox.c.mark + 1,
                    due_at=at, not_before=at, ring_after=at)
        )  # fmt: skip
        self.has_become_due = self.has_become_due or bool(row.rowcount)
        return bool(row.rowcount)

    def _due(self, at: datetime, correlation_id: str | None, urgent: bool) -> dict[str, Any]:
        this_instant = sa.literal(at, outbox.c.due_at.type)
        is_free = sa.or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= at)
        due: dict[str, Any] = {
            "mark": outbox.c.mark + 1,
            "due_at": sa.func.coalesce(outbox.c.due_at, this_instant),
            # A row that waits out a failure keeps its wait; a leased one rings when it is settled.
            "ring_after": sa.case(
                (sa.and_(is_free, outbox.c.not_before <= at), this_instant), else_=outbox.c.ring_after
            ),
        }
        if correlation_id is not None:
            due["correlation_id"] = correlation_id
        if urgent:  # a withdrawal does not wait out the failures of what it takes back
            due |= {
                "is_urgent": True,
                "not_before": at,
                "ring_after": sa.case((is_free, this_instant), else_=outbox.c.ring_after),
            }
        return due

    def _due_still(self, lease: Lease) -> sa.ColumnElement[Any]:
        return sa.case((outbox.c.mark > lease.mark, outbox.c.due_at), else_=None)

    def _is_ours(self) -> sa.ColumnElement[bool]:
        return outbox.c.municipality == self._municipality

    def _own(self, lease: Lease, values: dict[str, Any]) -> bool:
        """Change a row while the lease is ours; a worker whose lease ran out and was taken changes nothing."""
        changed = self._connection.execute(
            outbox.update().where(outbox.c.id == lease.id, outbox.c.lease == lease.token).values(values)
        )
        return bool(changed.rowcount)
