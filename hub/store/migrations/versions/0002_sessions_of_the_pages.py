"""Sessions of the pages.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Sessions of the pages."""
    op.create_table(
        "sessions",
        sa.Column("secret_digest", sa.LargeBinary(), nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("client_digest", sa.LargeBinary(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("secret_digest", name="pk_sessions"),
    )
