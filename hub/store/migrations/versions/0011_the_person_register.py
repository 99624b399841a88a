"""Whom the hub follows in the person register, and what coordinators are to do about what it says.

Revision ID: 0011
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Subscriptions and tasks."""
    op.create_table(
        "followed",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recheck_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_followed"),
        sa.UniqueConstraint("person_id", name="uq_followed_person_id"),
    )
    op.create_index("ix_followed_recheck_at", "followed", ["recheck_at"])
    op.create_index("ix_followed_state_asked_at", "followed", ["state", "asked_at"])
    op.create_table(
        "register_tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_register_tasks"),
    )
    op.create_index("ix_register_tasks_plan_id_kind", "register_tasks", ["plan_id", "kind"])
