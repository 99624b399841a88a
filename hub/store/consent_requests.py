"""What citizens are asked to consent to, and what they have answered; and what their answers have stopped."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa

from hub.crypto.envelope import seal, unseal
from hub.store.consent_request_tables import consent_requests, stopped_deliveries
from hub.store.tables import outbox

_ROW, _STOPPED = consent_requests.c, stopped_deliveries.c


class Answer(StrEnum):
    """What became of a question."""

    YES = "yes"
    NO = "no"
    NOT_NOW = "not-now"  # it stays open
    TAKEN_BACK = "taken-back"  # by who asked


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """One question: may this recipient see this category?

    :ivar purpose: why, in the words of who asks.
    :ivar consent: by which yes was said.
    """

    id: UUID
    plan: UUID
    recipient: str
    category: str
    organisation: str
    asked_by: str
    asked_at: datetime
    purpose: str = field(repr=False)
    answer: Answer | None = None
    answered_at: datetime | None = None
    consent: UUID | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether it can still be answered."""
        return self.answer in (None, Answer.NOT_NOW)


@dataclass(frozen=True, slots=True)
class Stopped:
    """An element that waited to be sent, and was not because of a consent."""

    recipient: str
    element: UUID
    at: datetime


class ConsentRequests:
    """Questions to citizens, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def add(self, one: ConsentRequest, key: bytes) -> None:
        """Remember a question; its purpose is sealed under the plan's key."""
        row = {
            "id": one.id, "municipality": self._municipality, "plan_id": one.plan, "recipient": one.recipient,
            "category": one.category, "organisation": one.organisation, "asked_by": one.asked_by,
            "asked_at": one.asked_at, "purpose": seal(key, one.purpose.encode(), _place(one.id)),
        }  # fmt: skip
        self._connection.execute(consent_requests.insert().values(row))

    def answer(self, wanted: UUID, said: Answer, at: datetime, consent: UUID | None = None) -> None:
        """Remember an answer. :param consent: by which yes is said."""
        given = {"answer": said, "answered_at": at, "consent_id": consent}
        self._connection.execute(consent_requests.update().where(_ROW.id == wanted).values(given))

    def plan_of(self, wanted: UUID) -> UUID | None:
        """Return the plan that a question is about."""
        query = sa.select(_ROW.plan_id).where(_ROW.id == wanted, _ROW.municipality == self._municipality)
        return self._connection.execute(query).scalar_one_or_none()

    def of_plan(self, plan: UUID, key: bytes) -> Sequence[ConsentRequest]:
        """Return every question about a plan, oldest first. :raises Tampered: words are not what was written."""
        query = sa.select(consent_requests).where(_ROW.plan_id == plan, _ROW.municipality == self._municipality)
        return [
            ConsentRequest(
                row.id, plan, row.recipient, row.category, row.organisation, row.asked_by, row.asked_at,
                unseal(key, row.purpose, _place(row.id)).decode(), Answer(row.answer) if row.answer else None,
                row.answered_at, row.consent_id,
            )
            for row in self._connection.execute(query.order_by(_ROW.asked_at, _ROW.id))
        ]  # fmt: skip

    def plans_asked(self, plans: Collection[UUID]) -> frozenset[UUID]:
        """Return those of some plans whose people were ever asked anything."""
        query = sa.select(_ROW.plan_id).where(_ROW.plan_id.in_(list(plans)), _ROW.municipality == self._municipality)
        return frozenset(self._connection.execute(query.distinct()).scalars())

    # --- what answers have stopped -----------------------------------------------------------------------------------

    def waiting(self, plan: UUID) -> Sequence[tuple[UUID, str]]:
        """Return the deliveries of a plan that wait to start: rows of the outbox and recipients."""
        query = sa.select(outbox.c.id, outbox.c.recipient).where(
            outbox.c.plan_id == plan,
            outbox.c.due_at.is_not(None),
            outbox.c.dead_at.is_(None),  # nothing new leaves by a dead letter
            outbox.c.municipality == self._municipality,
        )
        return sorted((row.id, row.recipient) for row in self._connection.execute(query))

    def stop(self, consent: UUID, version: int, row: UUID, elements: Collection[UUID], at: datetime) -> None:
        """Remember what a delivery would have brought, and does not because of a consent."""
        said = {"consent_id": consent, "version": version, "outbox_id": row, "at": at}
        rows = [{**said, "element_id": element} for element in elements]
        if rows:
            self._connection.execute(stopped_deliveries.insert(), rows)

    def stopped_by(self, consent: UUID) -> Sequence[Stopped]:
        """Return what a consent has stopped, by any of its versions, in the order of recipients."""
        query = (
            sa.select(outbox.c.recipient, _STOPPED.element_id, _STOPPED.at)
            .join(outbox, outbox.c.id == _STOPPED.outbox_id)
            .where(_STOPPED.consent_id == consent, outbox.c.municipality == self._municipality)
            .order_by(outbox.c.recipient, _STOPPED.at, _STOPPED.element_id)
        )
        return [Stopped(row.recipient, row.element_id, row.at) for row in self._connection.execute(query)]


def _place(request: UUID) -> str:
    return f"consent_requests|{request}|purpose"
