"""What people did with dead letters, and why.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table."""
    op.create_table(
        "dead_letter_deeds",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("municipality", sa.String(4), nullable=False),
        sa.Column("outbox_id", sa.Uuid, sa.ForeignKey("outbox.id"), nullable=False),
        sa.Column("deed", sa.String(16), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_by", sa.String(64), nullable=False),
        sa.Column("reason", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_dead_letter_deeds_outbox_id", "dead_letter_deeds", ["outbox_id", "done_at"])
