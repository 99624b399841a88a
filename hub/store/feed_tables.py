"""The tables of feeds: thin events in the order of their commits, what was fetched, and what subscribers were told.

Nothing here points into another table: rows of deliveries that are long over may be deleted without asking feeds.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, Index, Table

from hub.store.tables import Instant, metadata

feeds = Table(  # one per recipient that fetches
    "feeds",
    metadata,
    Column("municipality", sa.String(4), primary_key=True),
    Column("recipient", sa.String(64), primary_key=True),
    Column("last_position", sa.Integer, nullable=False),  # of the newest event; whoever adds one holds this row
    Column("acknowledged", sa.Integer, nullable=False),  # the recipient needs nothing up to here any more
    Column("acknowledged_at", Instant),
    Column("read_at", Instant),  # when it last asked, within half a minute
)

feed_events = Table(
    "feed_events",
    metadata,
    Column("municipality", sa.String(4), primary_key=True),
    Column("recipient", sa.String(64), primary_key=True),
    Column("position", sa.Integer, primary_key=True, autoincrement=False),
    Column("id", sa.Uuid, nullable=False),
    Column("outbox_id", sa.Uuid, nullable=False),  # what is due
    Column("topic", sa.String(32), nullable=False),
    Column("is_urgent", sa.Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("fetched_at", Instant),  # when what it tells of was first fetched
    Index("ix_feed_events_outbox_id", "outbox_id"),
    Index("ix_feed_events_at", "at"),
)

feed_fetches = Table(  # what its recipient has fetched, and has said of it
    "feed_fetches",
    metadata,
    Column("attempt_id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False),
    Column("recipient", sa.String(64), nullable=False),
    Column("outbox_id", sa.Uuid, nullable=False),
    Column("plan_id", sa.Uuid, nullable=False),
    Column("sequence", sa.Integer, nullable=False),
    Column("mark", sa.Integer, nullable=False),  # of the row when it was fetched
    Column("plan_version", sa.Integer, nullable=False),  # what the decision rested on
    Column("consent_version", sa.Integer, nullable=False),
    Column("policy_version", sa.Integer, nullable=False),
    Column("recheck_at", Instant),
    Column("holds_then", sa.Text, nullable=False),  # JSON: element id → digest, once it was taken in
    Column("disclosure", sa.Text, nullable=False),  # JSON: what left, as the audit tells it
    Column("correlation_id", sa.String(64), nullable=False),
    Column("fetched_at", Instant, nullable=False),
    Column("answered_at", Instant),  # NULL: no receipt
    Column("said", sa.String(16)),  # its receipt's word
    Index("ix_feed_fetches_outbox_id", "outbox_id"),
    Index("ix_feed_fetches_fetched_at", "fetched_at"),
)

feed_webhooks = Table(  # how far a subscriber was told
    "feed_webhooks",
    metadata,
    Column("municipality", sa.String(4), primary_key=True),
    Column("recipient", sa.String(64), primary_key=True),
    Column("position", sa.Integer, nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("lease", sa.Uuid),
    Column("lease_until", Instant),
    Column("failures", sa.Integer, nullable=False),  # answers in a row that were none
    Column("last_attempt_at", Instant),
    Column("last_success_at", Instant),
    Column("last_result", sa.String(64), nullable=False),
)
