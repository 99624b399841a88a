"""The tables of FHIR subscriptions: who is told where, and the numbered events of each.

Nothing here points into another table, as with feeds (``feed_tables``).
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, Index, Table

from hub.store.tables import Instant, metadata

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False),
    Column("client", sa.String(64), nullable=False),  # whose it is: nobody else knows of it
    Column("recipient", sa.String(64), nullable=False),  # the client's organisation, which deliveries go to
    Column("topic", sa.String(32), nullable=False),
    Column("endpoint", sa.Text, nullable=False),  # one that the settings name
    Column("terms", sa.LargeBinary, nullable=False),  # sealed: what it is for, and headers to send along
    Column("heartbeat_seconds", sa.Integer),
    Column("max_count", sa.Integer, nullable=False),
    Column("status", sa.String(16), nullable=False),
    Column("trouble", sa.String(200), nullable=False),  # why it is in error, in a sentence of ours
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("last_event", sa.Integer, nullable=False),  # number of the newest; whoever adds one holds this row
    Column("told", sa.Integer, nullable=False),  # number of the last that was told
    Column("not_before", Instant, nullable=False),
    Column("heartbeat_at", Instant),  # when a sign of life is due, if nothing else is told before
    Column("lease", sa.Uuid),
    Column("lease_until", Instant),
    Column("failures", sa.Integer, nullable=False),  # answers in a row that were none
    Column("last_attempt_at", Instant),
    Column("last_success_at", Instant),
    Column("last_result", sa.String(64), nullable=False),
    Index("ix_subscriptions_recipient", "municipality", "recipient"),
    Index("ix_subscriptions_client", "municipality", "client"),
)

subscription_events = Table(
    "subscription_events",
    metadata,
    Column("subscription_id", sa.Uuid, primary_key=True),
    Column("number", sa.Integer, primary_key=True, autoincrement=False),
    Column("outbox_id", sa.Uuid, nullable=False),  # of whose plan it tells
    Column("topic", sa.String(32), nullable=False),
    Column("target", sa.LargeBinary, nullable=False),  # digest of what its recipient is to hold: the same is no news
    Column("at", Instant, nullable=False),
    # What a subscription was told last of a row is asked at each delivery of it.
    Index("ix_subscription_events_outbox_id", "outbox_id", "subscription_id", "number"),
    Index("ix_subscription_events_at", "at"),
)
