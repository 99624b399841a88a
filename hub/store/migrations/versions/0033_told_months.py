"""Months that the evaluation has told, and whether a version of a consent is a yes or a no.

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table, and a column that is empty in rows of before: what they say is sealed."""
    op.create_table(
        "told_months",
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "month", name="pk_told_months"),
    )
    op.add_column("consents", sa.Column("effect", sa.String(length=16), nullable=True))
