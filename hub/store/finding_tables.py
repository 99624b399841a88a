"""The table of findings that were accepted. Why, is sealed."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Table

from hub.store.tables import Instant, metadata

accepted_findings = Table(
    "accepted_findings",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False),
    Column("plan_id", ForeignKey("plans.id"), nullable=False, index=True),
    Column("finding", sa.Uuid, nullable=False),  # its identity (hub.plan.finding_identity), never its content
    Column("kind", sa.String(32), nullable=False),
    Column("elements", sa.Text, nullable=False),  # ids of what it is about, as JSON
    Column("organisation", sa.String(64), nullable=False),
    Column("accepted_by", sa.String(64), nullable=False),
    Column("accepted_at", Instant, nullable=False),
    Column("reason", sa.LargeBinary, nullable=False),  # sealed under the plan's key
    Column("reopened_by", sa.String(64)),
    Column("reopened_at", Instant),  # NULL while it is accepted
)
