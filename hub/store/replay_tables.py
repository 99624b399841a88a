"""The tables of replays: what was chosen, by whom and why, and what became of each dead letter chosen."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, Table

from hub.store.tables import Instant, metadata

_IS_UNDER_WAY = sa.text("begun_at IS NOT NULL AND outcome IS NULL")

replays = Table(
    "replays",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False),
    Column("state", sa.String(16), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", sa.String(64), nullable=False),
    Column("correlation_id", sa.String(64), nullable=False),
    Column("reason", sa.LargeBinary, nullable=False),  # sealed: an operator's own words
    Column("selection", sa.Text, nullable=False),  # JSON: what was asked for
    Column("cutoff", Instant, nullable=False),  # what died later is no part of it
    Column("canary", sa.Integer, nullable=False),  # so many must arrive before the others begin
    Column("per_minute", sa.Integer, nullable=False),
    Column("stop_percent", sa.Integer, nullable=False),  # of the latest outcomes that are failures
    Column("started_at", Instant),
    Column("next_at", Instant),  # when the next item may begin
    Column("ended_at", Instant),  # since when no further item begins
    Column("ended_by", sa.String(64)),
    Column("ended_why", sa.String(32)),
    Index("ix_replays_ended_at", "ended_at"),
)

replay_items = Table(
    "replay_items",
    metadata,
    Column("replay_id", ForeignKey("replays.id"), primary_key=True),
    Column("outbox_id", ForeignKey("outbox.id"), primary_key=True, index=True),
    Column("position", sa.Integer, nullable=False),
    Column("recipient", sa.String(64), nullable=False),
    Column("dead_at", Instant, nullable=False),  # which death of the row was chosen
    Column("kind", sa.String(64), nullable=False),  # code of what it died of
    Column("dead_group", sa.String(12), nullable=False),
    Column("mark", sa.Integer),  # of the row, by being made due; NULL: not begun
    Column("begun_at", Instant),
    Column("ended_at", Instant),
    Column("outcome", sa.String(32)),  # NULL: it waits, or is under way
    Column("kind_again", sa.String(64)),  # code of what it died of again
    Index("ix_replay_items_under_way", "replay_id", sqlite_where=_IS_UNDER_WAY, postgresql_where=_IS_UNDER_WAY),
)
