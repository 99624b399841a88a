"""Tokens of five minutes, and the assertions that they were issued for.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two tables."""
    op.create_table(
        "access_tokens",
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("client_digest", sa.LargeBinary(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=True),
        sa.Column("lasts_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_digest", name="pk_access_tokens"),
    )
    op.create_table(
        "used_assertions",
        sa.Column("assertion", sa.LargeBinary(), nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("lasts_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("assertion", name="pk_used_assertions"),
    )
