"""The outbox: one standing row per recipient and plan, and the ids of what is due.

A row says *that* something is due to a recipient, never what: what leaves is decided when it leaves. Marking a row due
a hundred times is one delivery. ``mark`` rises each time, so that a mark set while a delivery is under way is not lost.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from hub.clock import new_id
from hub.store import outbox_counts as counting
from hub.store import outbox_statements as sql
from hub.store.circuits import Circuit, Direction, circuit_of
from hub.store.lease import Basis, Due, Lease, Ring
from hub.store.tables import as_dict, outbox
from hub.store.trace_statements import REMEMBER_CAUSE

#: How long silence needs no second ring, unless told otherwise.
RING_AGAIN = timedelta(seconds=30)
#: A row that waits for room is woken when there is some; this is only for the case that nobody does.
_LONGEST_WAIT_FOR_ROOM = timedelta(hours=1)
_BETWEEN_SUSPECTS = timedelta(seconds=1)


class Outbox:
    """What is due to whom, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality
        #: Whether this transaction has made something due.
        self.has_become_due = False

    def ensure(self, plan: UUID, recipient: str, channel: str, at: datetime) -> bool:
        """Give a recipient its standing row for a plan; one that is there stays as it is. Tell whether it is new."""
        if self._execute(sql.KNOWN, plan=plan, whom=recipient).one_or_none() is not None:
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
        pressing: bool = False,
        but_not: str | None = None,
    ) -> None:
        """Make every recipient of the plans due, except one: the sender, who need not hear itself.

        :param urgent: something may have to be taken back: it goes first, and waits out no failure.
        :param pressing: it goes first.
        """
        statement = sql.MARK_REVISED if urgent else sql.MARK_PRESSING if pressing else sql.MARK_DUE
        given = {"plans": list(plan_ids), "at": at, "cause": correlation_id, "but_not": but_not or ""}
        self._execute(statement, **given)
        self._execute(REMEMBER_CAUSE, **given)
        self.has_become_due = True

    def take_back(self, wanted: UUID, at: datetime) -> None:
        """Make one row due, urgently: its recipient must give something up."""
        self._execute(sql.MARK_ONE_REVISED, wanted=wanted, at=at, cause=None)
        self.has_become_due = True

    def under_way(self, plan_ids: Sequence[UUID], at: datetime) -> int:
        """Count deliveries of these plans that a worker holds now."""
        query = sa.select(sa.func.count()).where(outbox.c.plan_id.in_(plan_ids), outbox.c.lease_until > at)
        return self._connection.execute(query).scalar_one()

    def take_rings(self, limit: int, at: datetime, again: timedelta = RING_AGAIN, urgent: bool = False) -> list[Ring]:
        """Take due rows that want ringing, urgent and oldest first; no other relay rings for them for a while.

        :param again: how long silence needs no second ring.
        :param urgent: take no others.
        """
        given = {"ours": self._municipality, "at": at, "until": at + again, "most": limit}
        rows = self._execute(sql.TAKE_URGENT_RINGS if urgent else sql.TAKE_RINGS, **given)
        return sorted((Ring(*row) for row in rows), key=lambda ring: not ring.is_urgent)

    def not_rung(self, rings: Sequence[Ring], until: datetime) -> None:
        """Let rows be rung for from an instant on: their rings wait in no queue.

        One that another transaction holds is passed over, so that nobody waits in a circle; it is rung for later. One
        that became due anew meanwhile, or that a worker has taken or put off already, keeps its own time.
        """
        if rings:
            taken = list({ring.taken_until for ring in rings})
            self._execute(sql.NOT_RUNG, rung=[ring.id for ring in rings], taken=taken, until=until)

    def start_afresh(self, at: datetime) -> None:
        """Forget rings, waits for room and leases: the one process that had them has just been started.

        An attempt that was under way stays open and counted; only nobody waits for its lease to run out. What was begun
        more than once and never ended is rung for one after the other: one of them may have killed the process.
        """
        suspects = self._execute(sql.SUSPECTS, ours=self._municipality).scalars().all()
        self._execute(sql.START_AFRESH, ours=self._municipality, at=at)
        for place, wanted in enumerate(suspects, start=1):
            self._execute(sql.RING_LATER, wanted=wanted, until=at + place * _BETWEEN_SUSPECTS)

    # --- one delivery ---------------------------------------------------------------------------------------------

    def whose(self, wanted: UUID) -> Due | None:
        """Return whose row is due: asked before it is taken."""
        row = self._execute(sql.WHOSE, wanted=wanted).one_or_none()
        if row is None:
            return None
        circuit = Circuit(row.recipient, Direction.RECIPIENT) if row.authority is None else circuit_of(row)
        return Due(row.plan_id, circuit, row.ring_after, row.correlation_id)

    def plan_of(self, wanted: UUID) -> UUID | None:
        """Return the plan of a row."""
        return self._connection.execute(sa.select(outbox.c.plan_id).where(outbox.c.id == wanted)).scalar_one_or_none()

    def of_plan(self, plan: UUID) -> Sequence[tuple[UUID, str, bool]]:
        """Return the rows of a plan: each one's id, its recipient, and whether it is a dead letter."""
        query = sa.select(outbox.c.id, outbox.c.recipient, outbox.c.dead_at.is_not(None)).where(
            outbox.c.plan_id == plan
        )
        return [(row[0], row[1], row[2]) for row in self._connection.execute(query.order_by(outbox.c.recipient))]

    def lease(self, wanted: UUID, at: datetime, seconds: float, token: UUID | None = None) -> Lease | None:
        """Take a due row for this worker alone; None when it is not due, not yet, or another's.

        :param token: names the lease; a new one when none is given.
        """
        return self._taken(sql.LEASE, wanted, at, seconds, token or new_id())

    def holder(self, wanted: UUID, at: datetime) -> UUID | None:
        """Return the lease that stands on a row."""
        return self._execute(sql.HOLDER, wanted=wanted, at=at).scalar_one_or_none()

    def take_over(self, wanted: UUID, at: datetime, seconds: float) -> Lease | None:
        """Take a due row whose delivery ended in an error, from whoever has it, and count the failure once."""
        is_counted = self.holder(wanted, at) is not None
        lease = self._taken(sql.TAKE_OVER, wanted, at, seconds, new_id())
        if lease is None or is_counted:
            return lease
        self._own(sql.COUNT, lease)
        return replace(lease, attempts=lease.attempts + 1)

    def retake(self, wanted: UUID, at: datetime, seconds: float) -> Lease | None:
        """Take a due row, whatever it waits for and whoever has it: its recipient has spoken, and that settles it."""
        return self._taken(sql.TAKE_OVER, wanted, at, seconds, new_id())

    def _taken(self, statement: sa.UpdateBase, wanted: UUID, at: datetime, seconds: float, token: UUID) -> Lease | None:
        until, spread = at + timedelta(seconds=seconds), timedelta(seconds=random.uniform(0, seconds))  # noqa: S311
        given: dict[str, Any] = {"wanted": wanted, "token": token, "until": until, "alone": until + spread}
        row = self._execute(statement, **given, **({"at": at} if statement is sql.LEASE else {})).one_or_none()
        if row is None:
            return None
        return Lease(
            row.id, row.lease, row.plan_id, row.recipient, row.mark, row.attempts, row.sequence, row.target,
            row.dead_at is not None, row.correlation_id,
        )  # fmt: skip

    def raise_sequences(self, by: int) -> int:
        """Let every row's next delivery be later than any that a recipient has had; return how many rows there are."""
        raised = outbox.update().where(outbox.c.municipality == self._municipality)
        return self._connection.execute(raised.values(sequence=outbox.c.sequence + by)).rowcount

    def starts(self, lease: Lease, sequence: int, target: bytes) -> None:
        """Remember, before anything leaves, that an attempt starts; it counts until it is known whose fault it was."""
        self._own(sql.STARTS, lease, number=sequence, digest=target)

    def settle(self, lease: Lease, basis: Basis, at: datetime) -> bool:
        """The recipient is up to date with this basis; stays due when more became due meanwhile."""
        return self._own(
            sql.SETTLE, lease, marked=lease.mark, at=at, recheck=basis.recheck_at, plan=basis.plan_version,
            consents=basis.consent_version, policy=basis.policy_version,
        )  # fmt: skip

    def postpone(self, lease: Lease, until: datetime) -> bool:
        """Give the row back for later, after a failure of the message.

        A revision that came while it was under way does not wait: what it takes back goes at once.
        """
        return self._own(sql.POSTPONE, lease, marked=lease.mark, until=until)

    def wait_again(self, lease: Lease, at: datetime) -> bool:
        """Give the row back: its recipient did not answer, and the attempt does not count. It waits as others do."""
        return self._own(sql.WAIT_AGAIN, lease, at=at, until=at + _LONGEST_WAIT_FOR_ROOM)

    def await_fetch(self, lease: Lease, at: datetime, until: datetime) -> bool:
        """Give the row back: its recipient has been told, or has fetched; a ring until then is for what is new."""
        return self._own(sql.AWAIT_FETCH, lease, counted=lease.attempts, at=at, until=until)

    def bury(self, lease: Lease, cause: str, note: str, at: datetime) -> bool:
        """Make the row a dead letter; only withdrawals leave until an operator replays it.

        It stays due when more became due meanwhile; what is left to take back of the rest, the sweeper finds.
        """
        return self._own(sql.BURY, lease, marked=lease.mark, at=at, cause=cause, note=note)

    # --- waiting for room -----------------------------------------------------------------------------------------

    def wait(self, wanted: UUID, at: datetime) -> None:
        """No call to its recipient may start: the row waits, and is not rung for, until there is room again."""
        self._execute(sql.WAIT, wanted=wanted, at=at, until=at + _LONGEST_WAIT_FOR_ROOM)

    def wake(self, recipient: str, most: int, at: datetime) -> bool:
        """There is room: ring for the next that wait for a recipient, urgent and oldest first. Tell whether any do."""
        woken = self._execute(sql.WAKE, ours=self._municipality, whom=recipient, most=most, at=at).all()
        self.has_become_due = self.has_become_due or bool(woken)
        return bool(woken)

    def probe_at(self, recipient: str, until: datetime) -> None:
        """Let the one that has waited longest be rung for when a pause has passed; the others wait on."""
        self._execute(sql.PROBE_AT, ours=self._municipality, whom=recipient, until=until)

    def ahead_of(self, wanted: UUID, most: int) -> int:
        """Count up to so many that wait for a row's recipient and go before it: urgent ones, and who is due longer."""
        return len(self._execute(sql.AHEAD, ours=self._municipality, wanted=wanted, most=most).all())

    def next_at(self, recipient: str, until: datetime) -> None:
        """Let the first of those that wait for a recipient be rung for at a time; the others wait on."""
        self._execute(sql.NEXT_AT, ours=self._municipality, whom=recipient, until=until)

    def waited_for(self) -> Sequence[str]:
        """Return the recipients that something waits for."""
        return self._execute(sql.WHO_IS_WAITED_FOR, ours=self._municipality).scalars().all()

    def sweep(self, at: datetime, policy_version: int, limit: int = 1000) -> int:
        """Make due again whatever was left behind; compares integers and renders nothing. Return how many."""
        swept = self._execute(
            sql.SWEEP, ours=self._municipality, at=at, policy=policy_version, most=limit, cause=None
        ).all()
        self.has_become_due = self.has_become_due or bool(swept)
        return len(swept)

    def counts(self, at: datetime) -> Sequence[dict[str, Any]]:
        """Return depth and oldest age per recipient, for operators: no plan, no person.

        ``unrung_since`` is when the first of those that want ringing now wanted it.
        """
        busy = {
            (row.recipient, row.channel): as_dict(row)
            for row in self._execute(counting.COUNTS, ours=self._municipality, at=at)
        }
        everyone = {(row.recipient, row.channel) for row in self._execute(counting.RECIPIENTS, ours=self._municipality)}
        return [
            busy.get(whom, {"recipient": whom[0], "channel": whom[1], **counting.NONE})
            for whom in sorted(everyone | busy.keys())
        ]

    def withdrawals_due(self) -> Mapping[str, counting.Waiting]:
        """Count, per recipient, the plans of which it must give something up while a revision is due to it."""
        rows = self._execute(counting.WITHDRAWALS_DUE, ours=self._municipality)
        return {row[0]: counting.Waiting(row[1], row[2]) for row in rows}

    def replay(self, wanted: UUID, at: datetime) -> bool:
        """Bring a dead letter back; what leaves is decided anew. Tell whether it was one."""
        row = self._connection.execute(
            outbox.update()
            .where(outbox.c.id == wanted, outbox.c.dead_at.is_not(None))
            .values(dead_at=None, dead_cause=None, dead_note=None, dead_attempts=None, attempts=0,
                    mark=outbox.c.mark + 1, due_at=at, not_before=at, ring_after=at, is_waiting=False)
        )  # fmt: skip
        self.has_become_due = self.has_become_due or bool(row.rowcount)
        return bool(row.rowcount)

    def _execute(self, statement: Any, **given: Any) -> sa.CursorResult[*tuple[Any, ...]]:
        return self._connection.execute(statement, given)

    def _own(self, statement: Any, lease: Lease, **given: Any) -> bool:
        """Change a row while the lease is ours; a worker whose lease ran out and was taken changes nothing."""
        return bool(self._execute(statement, wanted=lease.id, token=lease.token, **given).rowcount)
