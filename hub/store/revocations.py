"""Revocations: a thing with an id, that says what was under way when it committed and what became of it since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.clock import new_id
from hub.store.attempt_order import OLDEST_FIRST, is_later
from hub.store.revocation_tables import revocation_deliveries, revocation_withdrawals, revocations, withdrawals
from hub.store.tables import attempts, outbox

_LATER = attempts.alias("later")
#: When whoever was asked has answered a later delivery of the row: then nothing of this one is uncertain any more.
_SETTLED_LATER = (
    sa.select(sa.func.min(_LATER.c.finished_at))
    .where(
        _LATER.c.outbox_id == attempts.c.outbox_id,
        is_later(_LATER, attempts),
        _LATER.c.finished_at.is_not(None),
        sa.not_(_LATER.c.is_open),
    )
    .scalar_subquery()
)
_HAS_A_LATER = sa.exists().where(_LATER.c.outbox_id == attempts.c.outbox_id, is_later(_LATER, attempts))


@dataclass(frozen=True, slots=True)
class Revocation:
    """One withdrawal of a consent by the citizen.

    :ivar version: of the consent, as withdrawn.
    :ivar plan: of the consent's person.
    :ivar at: no delivery that rests on the consent started after it.
    """

    id: UUID
    consent: UUID
    version: int
    plan: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A delivery that was under way when a revocation committed, and what became of it.

    :ivar leaving: the elements that it named, shown or withdrawn.
    :ivar settled_at: None while it is under way, and while nobody knows.
    :ivar outcome: a receipt's status or an error's code; ``lost``: its worker died; empty while it is under way.
    """

    plan: UUID
    recipient: str
    delivery: UUID
    sequence: int
    leaving: frozenset[UUID]
    started_at: datetime
    settled_at: datetime | None
    outcome: str


@dataclass(frozen=True, slots=True)
class Owed:
    """One element that one recipient had to give up, and how that stands; see ``withdrawals``.

    :ivar last_result: how the latest delivery that carried it ended; empty while that is under way, or was lost.
    """

    plan: UUID
    recipient: str
    delivery: UUID
    element: UUID
    owed_at: datetime
    sent_at: datetime | None
    last_attempt_at: datetime | None
    last_result: str
    ended_at: datetime | None
    ending: str
    hold_code: str
    digest: str


class Revocations:
    """Revocations, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def record(self, consent: UUID, version: int, plan: UUID, touched: Sequence[UUID], at: datetime) -> Revocation:
        """Remember a revocation with what is under way and what is owed now.

        :param touched: all plans that it may bear on, locked; what each recipient owes is written down already.
        """
        revocation = Revocation(new_id(), consent, version, plan, at)
        self._connection.execute(
            revocations.insert().values(
                id=revocation.id,
                municipality=self._municipality,
                consent_id=consent,
                version=version,
                plan_id=plan,
                at=at,
            )
        )
        here, of_plans = sa.literal(revocation.id, sa.Uuid), outbox.c.plan_id.in_(list(touched))
        under_way = (
            sa.select(here, attempts.c.id)
            .join(outbox, outbox.c.id == attempts.c.outbox_id)
            .where(of_plans, outbox.c.lease_until > at, _IS_NEWEST_UNFINISHED)
        )
        owed = (
            sa.select(here, withdrawals.c.id)
            .join(outbox, outbox.c.id == withdrawals.c.outbox_id)
            .where(of_plans, withdrawals.c.ended_at.is_(None))
        )
        for table, found in ((revocation_deliveries, under_way), (revocation_withdrawals, owed)):
            self._connection.execute(table.insert().from_select([column.name for column in table.c], found))
        return revocation

    def latest_of(self, consents: Iterable[UUID]) -> Mapping[UUID, Revocation]:
        """Return the latest revocation of each consent that was ever withdrawn."""
        query = sa.select(revocations).where(
            revocations.c.municipality == self._municipality, revocations.c.consent_id.in_(list(consents))
        )
        rows = self._connection.execute(query.order_by(revocations.c.version))
        return {row.consent_id: Revocation(row.id, row.consent_id, row.version, row.plan_id, row.at) for row in rows}

    def under_way(self, revocation: UUID, at: datetime) -> Sequence[UnderWay]:
        """Return what was under way when it committed, as that stands at an instant."""
        is_going_on = sa.and_(outbox.c.lease_until > at, _IS_NEWEST_UNFINISHED)
        rows = self._connection.execute(
            sa.select(
                outbox.c.plan_id,
                outbox.c.recipient,
                attempts,
                sa.func.coalesce(is_going_on, sa.false()).label("is_going_on"),
                _SETTLED_LATER.label("settled_later"),
            )
            .select_from(revocation_deliveries)
            .join(attempts, attempts.c.id == revocation_deliveries.c.attempt_id)
            .join(outbox, outbox.c.id == attempts.c.outbox_id)
            .where(revocation_deliveries.c.revocation_id == revocation)
            .order_by(outbox.c.recipient, *OLDEST_FIRST)
        )
        return [_under_way(row) for row in rows]

    def owed(self, revocation: UUID) -> Sequence[Owed]:
        """Return what was owed when it committed, as that stands now."""
        row = withdrawals.c
        rows = self._connection.execute(
            sa.select(outbox.c.plan_id, outbox.c.recipient, withdrawals, attempts.c.started_at, attempts.c.outcome)
            .select_from(revocation_withdrawals)
            .join(withdrawals, row.id == revocation_withdrawals.c.withdrawal_id)
            .join(outbox, outbox.c.id == row.outbox_id)
            .outerjoin(attempts, attempts.c.id == row.attempt_id)
            .where(revocation_withdrawals.c.revocation_id == revocation)
            .order_by(outbox.c.recipient, row.element_id)
        )
        return [_owed(one) for one in rows]


_IS_NEWEST_UNFINISHED = sa.and_(attempts.c.finished_at.is_(None), sa.not_(_HAS_A_LATER))


def _under_way(row: sa.Row[*tuple[object, ...]]) -> UnderWay:
    is_lost = row.finished_at is None and not row.is_going_on
    return UnderWay(
        plan=row.plan_id,
        recipient=row.recipient,
        delivery=row.outbox_id,
        sequence=row.sequence,
        leaving=frozenset(map(UUID, orjson.loads(row.leaving))),
        started_at=row.started_at,
        settled_at=row.settled_later if is_lost else row.finished_at,
        outcome="lost" if is_lost else row.outcome or "",
    )


def _owed(row: sa.Row[*tuple[object, ...]]) -> Owed:
    return Owed(
        plan=row.plan_id,
        recipient=row.recipient,
        delivery=row.outbox_id,
        element=row.element_id,
        owed_at=row.owed_at,
        sent_at=row.sent_at,
        last_attempt_at=row.started_at,
        last_result=row.outcome or "",
        ended_at=row.ended_at,
        ending=row.ending or "",
        hold_code=row.hold_code or "",
        digest=row.digest or "",
    )
