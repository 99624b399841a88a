"""The tables of what citizens are asked, and of deliveries that their answers have stopped. Words are sealed."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, Table

from hub.store.tables import Instant, metadata

consent_requests = Table(  # a coordinator asks a citizen for a consent
    "consent_requests",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False),
    Column("plan_id", ForeignKey("plans.id"), nullable=False, index=True),
    Column("recipient", sa.String(64), nullable=False),  # who would see it
    Column("category", sa.String(64), nullable=False),
    Column("organisation", sa.String(64), nullable=False),  # that asks
    Column("asked_by", sa.String(64), nullable=False),  # the client
    Column("asked_at", Instant, nullable=False),
    Column("purpose", sa.LargeBinary, nullable=False),  # sealed under the plan's key
    Column("answer", sa.String(16)),  # NULL: none yet
    Column("answered_at", Instant),
    Column("consent_id", sa.Uuid),  # by which yes was said
)

stopped_deliveries = Table(  # an element that waited to be sent as a consent was said, and by it never was
    "stopped_deliveries",
    metadata,
    Column("consent_id", sa.Uuid, primary_key=True),
    Column("version", sa.Integer, primary_key=True),  # of the consent, as it stopped it
    Column("outbox_id", ForeignKey("outbox.id"), primary_key=True, index=True),
    Column("element_id", sa.Uuid, primary_key=True),
    Column("at", Instant, nullable=False),
)

#: One question of a kind at a time; "not now" leaves it open.
Index(
    "uq_consent_requests_open",
    consent_requests.c.plan_id,
    consent_requests.c.recipient,
    consent_requests.c.category,
    unique=True,
    sqlite_where=sa.text("answer IS NULL OR answer = 'not-now'"),
    postgresql_where=sa.text("answer IS NULL OR answer = 'not-now'"),
)
