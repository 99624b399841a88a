"""The tables of corrections: what citizens say is wrong, and who held it then. Words and answers are sealed."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, Table

from hub.store.tables import Instant, metadata

corrections = Table(
    "corrections",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False),
    Column("plan_id", ForeignKey("plans.id"), nullable=False, index=True),
    Column("element_id", sa.Uuid, nullable=False),
    Column("authority", sa.String(64), nullable=False),  # that wrote it, and alone can correct it
    Column("digest", sa.String(64), nullable=False),  # keyed digest of the element as it was called wrong
    Column("organisation", sa.String(64), nullable=False),
    Column("role", sa.String(32), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("claim", sa.LargeBinary, nullable=False),  # sealed under the plan's key
    Column("answered_at", Instant),  # NULL: its authority has not said no; a yes is the corrected element
    Column("answer", sa.LargeBinary),  # sealed under the plan's key
    Index("ix_corrections_authority", "municipality", "authority"),
)

correction_holders = Table(  # who held, or may have held, what was called wrong
    "correction_holders",
    metadata,
    Column("correction_id", ForeignKey("corrections.id"), primary_key=True),
    Column("outbox_id", ForeignKey("outbox.id"), primary_key=True),
)
