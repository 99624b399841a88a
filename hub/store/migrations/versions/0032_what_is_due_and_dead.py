"""What is due or dead is counted by indexes, and a dead letter keeps how often it was tried before it was one.

Revision ID: 0032
Revises: 0031
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_IS_DEAD = sa.text("dead_at IS NOT NULL")


def upgrade() -> None:
    """Two indexes, and a column that is empty until something dies."""
    op.add_column("outbox", sa.Column("dead_attempts", sa.Integer(), nullable=True))
    op.create_index("ix_outbox_dead", "outbox", ["dead_at"], postgresql_where=_IS_DEAD, sqlite_where=_IS_DEAD)
    op.create_index("ix_outbox_recipient", "outbox", ["municipality", "recipient", "channel"])
