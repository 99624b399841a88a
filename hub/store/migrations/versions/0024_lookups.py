"""Look-ups of the last minute, and who was stopped.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables."""
    op.create_table(
        "lookups",
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "client", "subject", name="pk_lookups"),
    )
    op.create_index("ix_lookups_at", "lookups", ["at"])
    op.create_table(
        "lookup_blocks",
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "client", name="pk_lookup_blocks"),
    )
