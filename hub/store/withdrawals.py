"""Withdrawals: what a recipient must give up, when it was asked to, and what it has said.

    unit.withdrawals.owe(row, held, {element}, shown, at)  # it holds, or may hold, what it may see no longer
    unit.withdrawals.leave(row, {element}, attempt, at)
    unit.withdrawals.answered(row, attempt, Answer("taken-in", digests), at)

A row stands for one element at one recipient, whatever the cause: a revocation, a new policy, a consent that ran out,
an element that its authority deleted. It ends with the recipient's answer, or when the element may be seen again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from hub.authority.legal_holds import LegalHold
from hub.clock import new_id
from hub.store.holdings import MAY_HOLD, Held
from hub.store.revocation_tables import withdrawals
from hub.store.tables import as_dict, attempts, outbox

#: The recipient may see the element again before it has said anything.
LAPSED = "lapsed"
_ROW = withdrawals.c
_IS_OPEN = _ROW.ended_at.is_(None)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a recipient said of a withdrawal.

    :ivar status: of its receipt.
    :ivar digests: element → keyed digest of what was said of it.
    :ivar hold_code: why it keeps what was withdrawn; empty when it does not.
    """

    status: str
    digests: Mapping[UUID, str]
    hold_code: str = ""


class Withdrawals:
    """Withdrawals, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def owe(
        self, outbox_id: UUID, held: Held, unlawful: Collection[UUID], shown: Collection[UUID], at: datetime
    ) -> None:
        """Remember exactly what a recipient must give up now; the rest of what it had to, it may see again.

        What was told it and is not answered for stays owed, though it counts as held no more: ``received`` is no word
        that it is deleted (docs/adr/0029).

        :param held: what it holds or may hold, as read in this transaction.
        :param shown: what it may see.
        """
        known = held.owed
        ended = known - set(unlawful)
        if ended:
            may_see, was_told = _ROW.element_id.in_(ended & set(shown)), _ROW.sent_at.is_not(None)
            over = _ROW.element_id.in_(ended) & (may_see | ~was_told)
            self._open(outbox_id, over, ended_at=at, ending=LAPSED)
        fresh = sorted(set(unlawful) - known)
        if fresh:
            rows = [{"id": new_id(), "outbox_id": outbox_id, "element_id": one, "owed_at": at} for one in fresh]
            self._connection.execute(withdrawals.insert(), rows)

    def leave(self, outbox_id: UUID, elements: Collection[UUID], attempt: UUID, at: datetime) -> None:
        """Remember that a delivery which carries them starts."""
        if elements:
            first = sa.func.coalesce(_ROW.sent_at, at)
            self._open(outbox_id, _ROW.element_id.in_(list(elements)), attempt_id=attempt, sent_at=first)

    def not_left(self, outbox_id: UUID, attempt: UUID, started_at: datetime) -> None:
        """A delivery was never sent: what no other has carried was not sent yet."""
        self._open(outbox_id, (_ROW.attempt_id == attempt) & (_ROW.sent_at == started_at), sent_at=None)

    def answered(self, outbox_id: UUID, attempt: UUID, answer: Answer, at: datetime) -> None:
        """The recipient has answered the delivery; what a later one carries as well waits for that one's answer."""
        said = {"ended_at": at, "ending": answer.status, "hold_code": answer.hold_code or None}
        for element, digest in answer.digests.items():
            carried = (_ROW.element_id == element) & (_ROW.attempt_id == attempt)
            self._open(outbox_id, carried, digest=digest, **said)

    def counts(self, at: datetime, deadline: timedelta) -> Mapping[str, dict[str, Any]]:
        """Return, per recipient, what has no receipt yet: counts and the oldest; no plan, no person.

        :ivar undecided: plans of which it holds or may hold something, due for longer than the deadline: what of it
            must be given up is found out once something can leave.
        """
        is_late = _ROW.owed_at <= at - deadline
        rows = self._connection.execute(
            sa.select(
                outbox.c.recipient,
                sa.func.count().label("open"),
                sa.func.count().filter(_ROW.sent_at.is_(None)).label("not_sent"),
                sa.func.count().filter(is_late).label("missing"),
                sa.func.min(_ROW.owed_at).label("oldest_owed_at"),
            )
            .join(outbox, outbox.c.id == _ROW.outbox_id)
            .where(_IS_OPEN, outbox.c.municipality == self._municipality)
            .group_by(outbox.c.recipient)
        )
        none = {"open": 0, "not_sent": 0, "missing": 0, "oldest_owed_at": None}
        found = {row.recipient: as_dict(row) | {"undecided": 0} for row in rows}
        for recipient, number in self._undecided(at - deadline).items():
            found.setdefault(recipient, {"recipient": recipient, **none})["undecided"] = number
        return found

    def holds(self) -> Sequence[dict[str, Any]]:
        """Return, per recipient and code, how many elements it keeps by law."""
        rows = self._connection.execute(
            sa.select(outbox.c.recipient, _ROW.hold_code, sa.func.count().label("elements"))
            .join(outbox, outbox.c.id == _ROW.outbox_id)
            .where(_ROW.hold_code.is_not(None), outbox.c.municipality == self._municipality)
            .group_by(outbox.c.recipient, _ROW.hold_code)
            .order_by(outbox.c.recipient, _ROW.hold_code)
        )
        return [as_dict(row) for row in rows]

    def kept_by_law(self, plan: UUID) -> Sequence[tuple[str, UUID, LegalHold]]:
        """Return what recipients keep of a plan by law, as they said: recipient, element and code."""
        query = sa.select(outbox.c.recipient, _ROW.element_id, _ROW.hold_code)
        query = query.join(outbox, outbox.c.id == _ROW.outbox_id).where(_ROW.hold_code.is_not(None))
        rows = self._connection.execute(query.where(outbox.c.plan_id == plan))
        return [(row.recipient, row.element_id, LegalHold(row.hold_code)) for row in rows]

    def missing(self, at: datetime, deadline: timedelta, limit: int = 500) -> Sequence[dict[str, Any]]:
        """Return recipients and plans whose receipts are missing after the deadline, oldest first."""
        rows = self._connection.execute(
            sa.select(
                outbox.c.recipient,
                outbox.c.plan_id.label("plan"),
                _ROW.outbox_id.label("delivery"),
                sa.func.count().label("elements"),
                sa.func.min(_ROW.owed_at).label("owed_at"),
                sa.func.max(attempts.c.started_at).label("last_attempt_at"),
                sa.func.max(attempts.c.outcome).label("last_result"),
            )
            .join(outbox, outbox.c.id == _ROW.outbox_id)
            .outerjoin(attempts, attempts.c.id == _ROW.attempt_id)
            .where(_IS_OPEN, _ROW.owed_at <= at - deadline, outbox.c.municipality == self._municipality)
            .group_by(outbox.c.recipient, outbox.c.plan_id, _ROW.outbox_id)
            .order_by(sa.func.min(_ROW.owed_at))
            .limit(limit)
        )
        return [as_dict(row) for row in rows]

    def _undecided(self, before: datetime) -> Mapping[str, int]:
        rows = self._connection.execute(
            sa.select(outbox.c.recipient, sa.func.count())
            .where(outbox.c.municipality == self._municipality, outbox.c.due_at <= before, MAY_HOLD)
            .group_by(outbox.c.recipient)
        )
        return {row[0]: row[1] for row in rows}

    def _open(self, outbox_id: UUID, which: sa.ColumnElement[bool], **values: Any) -> None:
        self._connection.execute(
            withdrawals.update().where(_ROW.outbox_id == outbox_id, _IS_OPEN, which).values(**values)
        )
