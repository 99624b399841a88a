"""What a report on one plan's use is counted from: columns in the clear, so nothing is unsealed and nobody is named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

import sqlalchemy as sa

from hub.authority import ReceiptStatus
from hub.consent.consent import ConsentStatus, Effect
from hub.plan.element import Kind, Status
from hub.plan.evaluation import Change, Objection, Said, Version, Word
from hub.store.correction_tables import corrections
from hub.store.statement_tables import statements
from hub.store.tables import attempts, consents, elements, outbox, people, plan_people, plans
from hub.store.trace_tables import delivery_causes

_AT_ONCE = 2_000
#: A meeting is looked at with those that begin so near to it that they may overlap.
_NEAR = timedelta(days=1)
_AGREES = "agree"
_WORDS = {
    (ConsentStatus.ACTIVE.value, Effect.PERMIT.value): Word.GIVEN,
    (ConsentStatus.ACTIVE.value, Effect.DENY.value): Word.REFUSED,
    (ConsentStatus.WITHDRAWN.value, Effect.PERMIT.value): Word.WITHDRAWN,
    (ConsentStatus.WITHDRAWN.value, Effect.DENY.value): Word.TAKEN_BACK,
}
#: What a recipient says of a delivery that it has.
_ARRIVED = tuple(status.value for status in ReceiptStatus)


class Evaluations:
    """What is counted, in one transaction that only reads."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def versions(self, begins: datetime, ends: datetime) -> Iterator[tuple[UUID, list[Version]]]:
        """Yield of each plan what may bear on a month, plan by plan: never more of them at hand than one."""
        row = elements.c
        is_near = sa.and_(row.kind == Kind.APPOINTMENT, row.valid_from >= begins - _NEAR, row.valid_from < ends + _NEAR)
        is_asked = sa.and_(
            row.kind == Kind.ACTIVITY,
            sa.or_(row.superseded_at.is_(None), row.superseded_at > begins),
            sa.or_(row.valid_from.is_(None), row.valid_from < ends),
            sa.or_(row.valid_to.is_(None), row.valid_to > begins),
        )
        query = (
            sa.select(
                row.plan_id, row.id, row.authority, row.kind, row.status, row.valid_from, row.valid_to,
                row.registered_at, row.superseded_at,
            )
            .join(plans, plans.c.id == row.plan_id)
            .where(plans.c.municipality == self._municipality, row.registered_at < ends, sa.or_(is_near, is_asked))
            .order_by(row.plan_id, row.row)
        )  # fmt: skip
        for plan, found in groupby(self._streamed(query), key=lambda one: one.plan_id):
            yield plan, [
                Version(
                    one.id, one.authority, Kind(one.kind), Status(one.status), one.valid_from, one.valid_to,
                    one.registered_at, one.superseded_at,
                )
                for one in found
            ]  # fmt: skip

    def concerned(self) -> Iterator[tuple[UUID, UUID]]:
        """Yield each plan with each person whom it concerns."""
        query = sa.select(plan_people.c.plan_id, plan_people.c.person_id).join(plans)
        for row in self._streamed(query.where(plans.c.municipality == self._municipality)):
            yield row.plan_id, row.person_id

    def changes(self, begins: datetime, ends: datetime) -> Iterator[Change]:
        """Yield each change of a month."""
        cause, attempt = delivery_causes.c, attempts.c
        arrived = (
            sa.select(sa.func.min(attempt.finished_at))
            .where(attempt.outbox_id == cause.outbox_id, attempt.outcome.in_(_ARRIVED), attempt.mark >= cause.mark)
            .correlate(delivery_causes)
            .scalar_subquery()
        )
        known_at = sa.func.coalesce(cause.nothing_at, arrived).label("known_at")
        query = (
            sa.select(cause.correlation_id, cause.caused_at, outbox.c.plan_id, known_at)
            .join(outbox, outbox.c.id == cause.outbox_id)
            .where(outbox.c.municipality == self._municipality, cause.caused_at >= begins, cause.caused_at < ends)
            .order_by(cause.correlation_id)
        )
        for _, found in groupby(self._streamed(query), key=lambda one: one.correlation_id):
            rows = list(found)
            known = [one.known_at for one in rows]
            took = None if None in known else max(known) - min(one.caused_at for one in rows)
            yield Change(rows[0].plan_id, took)

    def consents(self, begins: datetime, ends: datetime) -> Iterator[Said]:
        """Yield each version of a consent that was written down in a month."""
        row = consents.c
        query = (
            sa.select(row.person_id, row.status, row.effect)
            .join(people, people.c.id == row.person_id)
            .where(people.c.municipality == self._municipality, row.recorded_at >= begins, row.recorded_at < ends)
        )
        for one in self._streamed(query):
            yield Said(one.person_id, _WORDS.get((one.status, one.effect), Word.UNKNOWN))

    def objections(self, begins: datetime, ends: datetime) -> Iterator[Objection]:
        """Yield what citizens disagreed with or asked about in a month, and how it stands by now."""
        row = statements.c
        query = sa.select(row.plan_id, row.answered_at, row.due_at).where(
            row.municipality == self._municipality, row.says != _AGREES, row.said_at >= begins, row.said_at < ends
        )
        for one in self._streamed(query):
            is_answered = one.answered_at is not None
            yield Objection(
                one.plan_id, is_answered, is_answered and bool(one.due_at) and one.answered_at <= one.due_at
            )

    def corrections(self, begins: datetime, ends: datetime) -> Iterator[UUID]:
        """Yield the plan of each correction that was asked for in a month."""
        row = corrections.c
        query = sa.select(row.plan_id).where(
            row.municipality == self._municipality, row.asked_at >= begins, row.asked_at < ends
        )
        for one in self._streamed(query):
            yield one.plan_id

    def _streamed(self, query: sa.Select[tuple[object, ...]]) -> Iterator[sa.Row[tuple[object, ...]]]:
        yield from self._connection.execution_options(yield_per=_AT_ONCE).execute(query)
