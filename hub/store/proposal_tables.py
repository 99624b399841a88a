"""The table of proposals: another time for an appointment, asked of the authority that has it. Its answer is sealed."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, Table

from hub.store.tables import Instant, metadata

proposals = Table(
    "proposals",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False),
    Column("plan_id", ForeignKey("plans.id"), nullable=False, index=True),
    Column("element_id", sa.Uuid, nullable=False),
    Column("authority", sa.String(64), nullable=False),  # whose appointment it is
    Column("stands_from", Instant, nullable=False),  # when the appointment was, as it was proposed
    Column("stands_to", Instant, nullable=False),
    Column("new_from", Instant, nullable=False),
    Column("new_to", Instant, nullable=False),
    Column("organisation", sa.String(64), nullable=False),
    Column("proposed_by", sa.String(64), nullable=False),
    Column("proposed_at", Instant, nullable=False),
    Column("left_at", Instant),  # since when a delivery may have brought it; NULL: none has
    Column("received_at", Instant),
    Column("accepted_at", Instant),
    Column("rejected_at", Instant),
    Column("answer", sa.LargeBinary),  # why not; sealed under the plan's key
    Column("cancelled_at", Instant),
    Column("off_at", Instant),  # since when its authority knows that it is cancelled
    Index("ix_proposals_authority", "municipality", "authority"),
)
