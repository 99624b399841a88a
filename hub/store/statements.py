"""What citizens say of elements of their plans: that they agree, do not, or ask; and what its authority answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from hub.crypto.envelope import seal, unseal
from hub.plan.person import Role
from hub.store.statement_tables import statements

_ROW = statements.c
_WAITS = sa.and_(_ROW.due_at.is_not(None), _ROW.answered_at.is_(None))


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is to be answered, without its words.

    :ivar authority: whose element it is, and who answers.
    :ivar due_at: by when; the answer is overdue from then on.
    """

    element: UUID
    authority: str
    says: str
    role: Role
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing said of an element.

    :ivar authority: whose element it is, and who answers.
    :ivar digest: of what the element said of itself then.
    :ivar role: the citizen, or the coordinator who wrote it down for the citizen.
    :ivar due_at: by when it is to be answered; None where nobody has to.
    """

    id: UUID
    plan: UUID
    element: UUID
    authority: str
    digest: str
    says: str
    role: Role
    said_at: datetime
    words: str = field(repr=False)
    due_at: datetime | None
    answered_at: datetime | None = None
    answer: str = field(default="", repr=False)

    @property
    def waits(self) -> bool:
        """Tell whether it is to be answered and is not."""
        return self.due_at is not None and self.answered_at is None


class Statements:
    """Statements, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    def add(self, one: Statement, key: bytes) -> None:
        """Remember what is said."""
        row = {
            "id": one.id, "municipality": self._municipality, "plan_id": one.plan, "element_id": one.element,
            "authority": one.authority, "digest": one.digest, "says": one.says, "role": one.role,
            "said_at": one.said_at, "words": seal(key, one.words.encode(), _place(one.id, "words")),
            "due_at": one.due_at,
        }  # fmt: skip
        self._connection.execute(statements.insert().values(row))

    def answer(self, wanted: UUID, said: str, key: bytes, at: datetime) -> None:
        """Remember the answer."""
        given = {"answered_at": at, "answer": seal(key, said.encode(), _place(wanted, "answer"))}
        self._connection.execute(statements.update().where(_ROW.id == wanted).values(given))

    def plan_of(self, wanted: UUID) -> UUID | None:
        """Return the plan that a statement is of."""
        query = sa.select(_ROW.plan_id).where(_ROW.id == wanted, _ROW.municipality == self._municipality)
        return self._connection.execute(query).scalar_one_or_none()

    def plans_of(self, authority: str) -> Sequence[UUID]:
        """Return the plans in which something waits for an authority's answer."""
        query = sa.select(_ROW.plan_id).where(
            _ROW.authority == authority, _WAITS, _ROW.municipality == self._municipality
        )
        return self._connection.execute(query.distinct().order_by(_ROW.plan_id)).scalars().all()

    def waiting(self, plan: UUID) -> Sequence[Waiting]:
        """Return what of a plan waits for an answer, by when it is due."""
        query = sa.select(_ROW.element_id, _ROW.authority, _ROW.says, _ROW.role, _ROW.due_at).where(
            _ROW.plan_id == plan, _WAITS, _ROW.municipality == self._municipality
        )
        return [
            Waiting(row.element_id, row.authority, row.says, Role(row.role), row.due_at)
            for row in self._connection.execute(query.order_by(_ROW.due_at, _ROW.id))
        ]

    def of_plan(self, plan: UUID, key: bytes) -> Sequence[Statement]:
        """Return every statement of a plan, oldest first. :raises Tampered: words are not what was written."""
        query = sa.select(statements).where(_ROW.plan_id == plan, _ROW.municipality == self._municipality)
        return [
            Statement(
                row.id, plan, row.element_id, row.authority, row.digest, row.says, Role(row.role), row.said_at,
                unseal(key, row.words, _place(row.id, "words")).decode(), row.due_at, row.answered_at,
                unseal(key, row.answer, _place(row.id, "answer")).decode() if row.answer else "",
            )
            for row in self._connection.execute(query.order_by(_ROW.said_at, _ROW.id))
        ]  # fmt: skip


def _place(statement: UUID, part: str) -> str:
    return f"statements|{statement}|{part}"
