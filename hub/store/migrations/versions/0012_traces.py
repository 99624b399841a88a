"""What makes each delivery due, the traces of senders, and which causes an attempt is for.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_BESIDE_DELIVERIES = sa.text("action NOT IN ('delivery-started', 'delivered', 'not-delivered')")


def upgrade() -> None:
    """A table, three columns and two indexes; what was due before has no cause that is known."""
    op.add_column("inbox", sa.Column("trace_id", sa.Uuid(), nullable=True))
    op.add_column("inbox", sa.Column("parent_id", sa.String(length=16), nullable=True))
    op.create_index("ix_inbox_trace_id", "inbox", ["trace_id"])
    op.add_column("attempts", sa.Column("mark", sa.Integer(), nullable=True))
    op.create_index(
        "ix_audit_correlation_id",
        "audit",
        ["correlation_id"],
        sqlite_where=_BESIDE_DELIVERIES,
        postgresql_where=_BESIDE_DELIVERIES,
    )
    op.create_table(
        "delivery_causes",
        sa.Column("outbox_id", sa.Uuid(), nullable=False),
        sa.Column("mark", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("correlation_id", sa.String(length=64), nullable=False),
        sa.Column("caused_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("nothing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("nothing_because", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name="fk_delivery_causes_outbox_id_outbox"),
        sa.PrimaryKeyConstraint("outbox_id", "mark", name="pk_delivery_causes"),
    )
    op.create_index("ix_delivery_causes_caused_at", "delivery_causes", ["caused_at"])
