"""Proposals of another time for an appointment: what was asked of whom, how far it has come, and what was answered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from hub.crypto.envelope import seal, unseal
from hub.plan.element import Period
from hub.store.proposal_tables import proposals

_ROW = proposals.c


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposal.

    :ivar authority: whose appointment it is.
    :ivar stands: when the appointment was, as another time was proposed.
    :ivar proposed: the other time.
    :ivar left_at: since when a delivery may have brought it.
    :ivar off_at: since when its authority knows that it is cancelled.
    """

    id: UUID
    plan: UUID
    element: UUID
    authority: str
    stands: Period
    proposed: Period
    organisation: str
    proposed_by: str
    proposed_at: datetime
    left_at: datetime | None = None
    received_at: datetime | None = None
    accepted_at: datetime | None = None
    rejected_at: datetime | None = None
    answer: str = field(default="", repr=False)
    cancelled_at: datetime | None = None
    off_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether nobody has ended it; the appointment itself may have overtaken it."""
        return self.rejected_at is None and self.cancelled_at is None

    @property
    def owes_its_end(self) -> bool:
        """Tell whether its authority may have it, and does not know that it is cancelled."""
        return self.cancelled_at is not None and self.left_at is not None and self.off_at is None


class Proposals:
    """Proposals, in one transaction. The plan must have been taken for writing by whoever changes one."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def add(self, one: Proposal) -> None:
        """Remember a proposal."""
        row = {
            "id": one.id, "municipality": self._municipality, "plan_id": one.plan, "element_id": one.element,
            "authority": one.authority, "stands_from": one.stands.start, "stands_to": one.stands.end,
            "new_from": one.proposed.start, "new_to": one.proposed.end, "organisation": one.organisation,
            "proposed_by": one.proposed_by, "proposed_at": one.proposed_at,
        }  # fmt: skip
        self._connection.execute(proposals.insert().values(row))

    def of_plan(self, plan: UUID, key: bytes) -> Sequence[Proposal]:
        """Return every proposal of a plan, oldest first. :raises Tampered: an answer is not what was written."""
        query = sa.select(proposals).where(_ROW.plan_id == plan, _ROW.municipality == self._municipality)
        found = self._connection.execute(query.order_by(_ROW.proposed_at, _ROW.id))
        return [_proposal(row, key) for row in found]

    def is_any_of(self, plan: UUID) -> bool:
        """Tell whether anything was ever proposed in a plan."""
        query = sa.select(_ROW.id).where(_ROW.plan_id == plan, _ROW.municipality == self._municipality).limit(1)
        return self._connection.execute(query).first() is not None

    def plan_of(self, wanted: UUID) -> UUID | None:
        """Return the plan that a proposal is of."""
        query = sa.select(_ROW.plan_id).where(_ROW.id == wanted, _ROW.municipality == self._municipality)
        return self._connection.execute(query).scalar_one_or_none()

    def plans_of(self, authority: str) -> Sequence[UUID]:
        """Return the plans in which something is proposed to an authority that nobody has ended."""
        query = sa.select(_ROW.plan_id).where(
            _ROW.authority == authority, _ROW.municipality == self._municipality, _ROW.rejected_at.is_(None),
            _ROW.cancelled_at.is_(None),
        )  # fmt: skip
        return self._connection.execute(query.distinct().order_by(_ROW.plan_id)).scalars().all()

    def accept(self, wanted: UUID, at: datetime) -> None:
        """Remember that its authority will move the appointment."""
        self._set(_ROW.id == wanted, accepted_at=at)

    def reject(self, wanted: UUID, why: str, key: bytes, at: datetime) -> None:
        """Remember that its authority keeps the appointment as it is, and why."""
        self._set(_ROW.id == wanted, rejected_at=at, answer=seal(key, why.encode(), _place(wanted)))

    def cancel(self, wanted: UUID, at: datetime) -> None:
        """Remember that it is wanted no more."""
        self._set(_ROW.id == wanted, cancelled_at=at)

    def leave(self, wanted: Collection[UUID], at: datetime) -> None:
        """Remember that a delivery is about to bring them."""
        if wanted:
            self._set(_ROW.id.in_(wanted), _ROW.left_at.is_(None), left_at=at)

    def not_left(self, wanted: Collection[UUID], at: datetime) -> None:
        """Remember that the delivery that was to bring them first, made at this instant, never left."""
        if wanted:
            self._set(_ROW.id.in_(wanted), _ROW.left_at == at, left_at=None)

    def arrived(self, plan: UUID, authority: str, brought: Collection[UUID], made_at: datetime, at: datetime) -> None:
        """Remember what an authority knows by a delivery: those that it names stand, and any other is off.

        :param made_at: when the delivery was made; what was cancelled since, it could not tell.
        """
        if brought:
            self._set(_ROW.id.in_(brought), _ROW.received_at.is_(None), received_at=at)
        of_theirs = sa.and_(_ROW.plan_id == plan, _ROW.authority == authority, _ROW.off_at.is_(None))
        self._set(of_theirs, _ROW.cancelled_at <= made_at, off_at=at)

    def _set(self, *which: sa.ColumnElement[bool], **to: object) -> None:
        ours = _ROW.municipality == self._municipality
        self._connection.execute(proposals.update().where(ours, *which).values(to))


def _proposal(row: sa.Row[tuple[object, ...]], key: bytes) -> Proposal:
    answer = unseal(key, row.answer, _place(row.id)).decode() if row.answer else ""
    return Proposal(
        row.id, row.plan_id, row.element_id, row.authority, Period(row.stands_from, row.stands_to),
        Period(row.new_from, row.new_to), row.organisation, row.proposed_by, row.proposed_at, row.left_at,
        row.received_at, row.accepted_at, row.rejected_at, answer, row.cancelled_at, row.off_at,
    )  # fmt: skip


def _place(proposal: UUID) -> str:
    return f"proposals|{proposal}|answer"
