"""The tables and indexes of housekeeping: which plan keeps a message known, how far each round has come.

The indexes are here and not beside their columns: nothing but housekeeping looks for rows by age.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, Table

from hub.store.revocation_tables import revocation_deliveries, withdrawals
from hub.store.tables import Instant, attempts, elements, inbox, jobs, metadata, plans

inbox_plans = Table(  # a message is known for as long as one of these plans lives, and some time longer
    "inbox_plans",
    metadata,
    Column("receipt", ForeignKey("inbox.id"), primary_key=True),
    Column("plan_id", ForeignKey("plans.id"), primary_key=True, index=True),
)

housekeeping = Table(  # one row per kind of thing that is cleared; whoever locks it does the next step
    "housekeeping",
    metadata,
    Column("municipality", sa.String(4), primary_key=True),
    Column("kind", sa.String(32), primary_key=True),
    Column("due_at", Instant, nullable=False),  # when the next step may be done
    Column("began_at", Instant),  # NULL: no round is under way
    Column("position", sa.Text, nullable=False),  # how far the round under way has come; "" at its start
    Column("cleared", sa.BigInteger, nullable=False),  # rows, by the round under way
    Column("asked_by", sa.String(64)),  # who asked for the round; NULL: its time had come
    Column("last_ended_at", Instant),  # NULL: no round has ended yet
    Column("last_cleared", sa.BigInteger, nullable=False),  # rows, by the last round that has ended
    Column("total", sa.BigInteger, nullable=False),  # rows, ever
)


def _where(postgresql: str, sqlite: str = "") -> dict[str, Any]:
    return {"postgresql_where": sa.text(postgresql), "sqlite_where": sa.text(sqlite or postgresql)}


_UNKNOWN = "due_at IS NULL AND last_result = 'unknown-person'"
Index("ix_inbox_bodies", inbox.c.received_at, **_where("body IS NOT NULL"))
Index("ix_attempts_closed", attempts.c.started_at, attempts.c.id, **_where("NOT is_open", "is_open = 0"))
Index("ix_elements_superseded", elements.c.superseded_at, elements.c.row, **_where("superseded_at IS NOT NULL"))
Index("ix_plans_ended", plans.c.ended_at, plans.c.id, **_where("ended_at IS NOT NULL"))
Index("ix_jobs_unknown", jobs.c.last_attempt_at, **_where(_UNKNOWN))
# Also for the foreign keys: without them a deleted attempt would be looked for in every row.
Index("ix_withdrawals_attempt_id", withdrawals.c.attempt_id)
Index("ix_withdrawals_element_id", withdrawals.c.element_id)
Index("ix_revocation_deliveries_attempt_id", revocation_deliveries.c.attempt_id)
