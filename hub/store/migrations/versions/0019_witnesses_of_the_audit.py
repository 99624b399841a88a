"""How far each witness of the audit has come, and TRUNCATE of the audit is refused.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_SEALED = ("audit", "audit_seals", "audit_checkpoints", "audit_clearings")


def upgrade() -> None:
    """One table, and on PostgreSQL a trigger on each table of the audit; SQLite has no TRUNCATE."""
    op.create_table(
        "audit_witnesses",
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("witness", sa.String(length=500), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "witness", name="pk_audit_witnesses"),
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in _SEALED:
            # A row's trigger hears nothing of TRUNCATE. The function of 0018 raises for all but a cleared row's DELETE.
            op.execute(
                f"CREATE TRIGGER {table}_is_never_emptied BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_the_audit()"
            )
