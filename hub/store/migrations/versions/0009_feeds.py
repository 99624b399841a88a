"""Feeds: thin events, what was fetched, and what subscribers were told.

Revision ID: 0009
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Feeds, their events, fetches and webhooks."""
    op.create_table(
        "feeds",
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("recipient", sa.String(length=64), nullable=False),
        sa.Column("last_position", sa.Integer(), nullable=False),
        sa.Column("acknowledged", sa.Integer(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("municipality", "recipient", name="pk_feeds"),
    )
    op.create_table(
        "feed_events",
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("recipient", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outbox_id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.Column("is_urgent", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("municipality", "recipient", "position", name="pk_feed_events"),
    )
    op.create_index("ix_feed_events_outbox_id", "feed_events", ["outbox_id"])
    op.create_index("ix_feed_events_at", "feed_events", ["at"])
    _create_fetches()
    op.create_table(
        "feed_webhooks",
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("recipient", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_result", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "recipient", name="pk_feed_webhooks"),
    )


def _create_fetches() -> None:
    op.create_table(
        "feed_fetches",
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("recipient", sa.String(length=64), nullable=False),
        sa.Column("outbox_id", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("mark", sa.Integer(), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("consent_version", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("recheck_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("holds_then", sa.Text(), nullable=False),
        sa.Column("disclosure", sa.Text(), nullable=False),
        sa.Column("correlation_id", sa.String(length=64), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("said", sa.String(length=16), nullable=True),
        sa.PrimaryKeyConstraint("attempt_id", name="pk_feed_fetches"),
    )
    op.create_index("ix_feed_fetches_outbox_id", "feed_fetches", ["outbox_id"])
    op.create_index("ix_feed_fetches_fetched_at", "feed_fetches", ["fetched_at"])
