"""How the recipients of one plan stand in the outbox, for whoever may look at that plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.store.attempt_order import NEWEST_FIRST
from hub.store.tables import attempts, outbox

# Statements that are asked often are built once: building one takes SQLAlchemy longer than SQLite needs to run it.
_LAST_BEFORE_IT_DIED = (
    sa.select(attempts.c.leaving)
    .where(attempts.c.outbox_id == outbox.c.id, attempts.c.started_at <= outbox.c.dead_at)
    .order_by(*NEWEST_FIRST)
    .limit(1)
    .scalar_subquery()
)
_OF_PLAN = (
    sa.select(
        outbox.c.id, outbox.c.recipient, outbox.c.channel, outbox.c.dead_at, outbox.c.dead_cause,
        _LAST_BEFORE_IT_DIED.label("leaving"),
    )
    .where(outbox.c.plan_id == sa.bindparam("plan"))
    .order_by(outbox.c.recipient)
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StandingRow:
    """The row of one recipient and plan.

    :ivar is_dead: a dead letter: nothing new leaves until an operator replays it.
    :ivar cause: code of what ended it; empty unless it is dead.
    :ivar last_held: the elements of the last attempt before it died.
    """

    id: UUID
    recipient: str
    channel: str
    is_dead: bool
    cause: str
    last_held: frozenset[UUID]


def standing_rows(connection: sa.Connection, plan: UUID) -> Sequence[StandingRow]:
    """Return the rows of a plan, by recipient."""
    return [
        StandingRow(
            row.id, row.recipient, row.channel, row.dead_at is not None, row.dead_cause or "",
            frozenset(UUID(element) for element in orjson.loads(row.leaving or "{}")),
        )
        for row in connection.execute(_OF_PLAN, {"plan": plan})
    ]  # fmt: skip
