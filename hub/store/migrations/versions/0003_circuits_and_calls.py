"""Circuits and calls: how the hub stands with each authority's system, shared by all processes.

Revision ID: 0003
Revises: 0002

``breakers`` stays for the version before, which may be serving still; what it knew of recipients is taken over.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TAKEN_OVER = """
INSERT INTO circuits (municipality, authority, direction, failures, since, open_until, reason,
                      last_success_at, last_attempt_at, last_result)
SELECT municipality, recipient, 'recipient', failures,
       CASE WHEN open_until IS NULL THEN NULL ELSE since END, open_until, reason, last_success_at,
       last_attempt_at, reason
FROM breakers
"""


def upgrade() -> None:
    """Circuits and calls."""
    op.create_table(
        "circuits",
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("probe", sa.Uuid(), nullable=True),
        sa.Column("probe_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_by", sa.String(length=64), nullable=True),
        sa.Column("held_reason", sa.String(length=64), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_result", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "authority", "direction", name="pk_circuits"),
    )
    op.create_table(
        "calls",
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("municipality", "authority", "number", name="pk_calls"),
    )
    op.add_column("outbox", sa.Column("is_waiting", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["recipient", "is_urgent", "ring_after"],
        sqlite_where=sa.text("is_waiting = 1"),
        postgresql_where=sa.text("is_waiting"),
    )
    op.create_index(
        "ix_jobs_done",
        "jobs",
        ["last_success_at"],
        sqlite_where=sa.text("due_at IS NULL"),
        postgresql_where=sa.text("due_at IS NULL"),
    )
    op.execute(_TAKEN_OVER)
