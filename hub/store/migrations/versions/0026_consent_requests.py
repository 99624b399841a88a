"""What citizens are asked to consent to, and deliveries that their answers have stopped.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables."""
    op.create_table(
        "consent_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("recipient", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purpose", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.String(length=16), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consent_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name="fk_consent_requests_plan_id_plans"),
        sa.PrimaryKeyConstraint("id", name="pk_consent_requests"),
    )
    op.create_index("ix_consent_requests_plan_id", "consent_requests", ["plan_id"])
    is_open = sa.text("answer IS NULL OR answer = 'not-now'")
    op.create_index(
        "uq_consent_requests_open",
        "consent_requests",
        ["plan_id", "recipient", "category"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_table(
        "stopped_deliveries",
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("outbox_id", sa.Uuid(), nullable=False),
        sa.Column("element_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name="fk_stopped_deliveries_outbox_id_outbox"),
        sa.PrimaryKeyConstraint("consent_id", "version", "outbox_id", "element_id", name="pk_stopped_deliveries"),
    )
    op.create_index("ix_stopped_deliveries_outbox_id", "stopped_deliveries", ["outbox_id"])
