"""Since when a row of the outbox waits is a column of its own, so that a ring or a lease changes nothing indexed.

PostgreSQL then writes the row anew beside the old one and leaves the indexes alone (heap-only tuples), for which the
pages need room.

Revision ID: 0015
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column, an index of other columns, and room in the pages."""
    op.add_column("outbox", sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE outbox SET waiting_since = ring_after WHERE is_waiting")
    op.drop_index("ix_outbox_waiting", table_name="outbox")
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["recipient", "is_urgent", "waiting_since"],
        sqlite_where=sa.text("is_waiting = 1"),
        postgresql_where=sa.text("is_waiting"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE outbox SET (fillfactor = 70)")
