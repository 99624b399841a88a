"""The table of statements: whether citizens agree with an element, or ask about it. Words and answers are sealed."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, Table

from hub.store.tables import Instant, metadata

statements = Table(
    "statements",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False),
    Column("plan_id", ForeignKey("plans.id"), nullable=False, index=True),
    Column("element_id", sa.Uuid, nullable=False),
    Column("authority", sa.String(64), nullable=False),  # whose element it is, and who answers
    Column("digest", sa.String(64), nullable=False),  # keyed digest of what the element said of itself then
    Column("says", sa.String(16), nullable=False),
    Column("role", sa.String(32), nullable=False),  # citizen, or the coordinator who wrote it down for the citizen
    Column("said_at", Instant, nullable=False),
    Column("words", sa.LargeBinary, nullable=False),  # sealed under the plan's key
    Column("due_at", Instant),  # NULL: nobody has to answer
    Column("answered_at", Instant),
    Column("answer", sa.LargeBinary),  # sealed under the plan's key
    Index("ix_statements_authority", "municipality", "authority"),
)
