"""Paces of recipients, receipts that come later, and which urgent rows may take something back.

Revision ID: 0014
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables and a column."""
    op.add_column("outbox", sa.Column("is_revision", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute("UPDATE outbox SET is_revision = is_urgent WHERE is_urgent")  # until now nothing else was urgent
    op.create_table(
        "paces",
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("recipient", sa.String(length=64), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "recipient", name="pk_paces"),
    )
    op.create_table(
        "business_receipts",
        sa.Column("outbox_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("owed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name="fk_business_receipts_outbox_id_outbox"),
        sa.PrimaryKeyConstraint("outbox_id", "sequence", name="pk_business_receipts"),
    )
    op.create_index(
        "ix_business_receipts_owed",
        "business_receipts",
        ["owed_at"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
