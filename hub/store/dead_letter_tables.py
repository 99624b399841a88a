"""The table of what people did with a dead letter, and why."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, Table

from hub.store.tables import Instant, metadata

dead_letter_deeds = Table(  # somebody has discarded a dead letter, or looked at what it would bring
    "dead_letter_deeds",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False),
    Column("outbox_id", ForeignKey("outbox.id"), nullable=False),
    Column("deed", sa.String(16), nullable=False),  # discarded or revealed
    Column("done_at", Instant, nullable=False),
    Column("done_by", sa.String(64), nullable=False),
    Column("reason", sa.LargeBinary, nullable=False),  # sealed under the plan's key: words may tell of a person
    Index("ix_dead_letter_deeds_outbox_id", "outbox_id", "done_at"),
)
