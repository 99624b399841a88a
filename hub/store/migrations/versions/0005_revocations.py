"""Revocations and withdrawals: what recipients must give up, and whether they have said that they did.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Revocations and withdrawals."""
    op.create_table(
        "withdrawals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("outbox_id", sa.Uuid(), nullable=False),
        sa.Column("element_id", sa.Uuid(), nullable=False),
        sa.Column("owed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ending", sa.String(length=16), nullable=True),
        sa.Column("hold_code", sa.String(length=32), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name="fk_withdrawals_outbox_id_outbox"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempts.id"], name="fk_withdrawals_attempt_id_attempts"),
        sa.PrimaryKeyConstraint("id", name="pk_withdrawals"),
    )
    op.create_index(
        "uq_withdrawals_open",
        "withdrawals",
        ["outbox_id", "element_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "revocations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("consent_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name="fk_revocations_plan_id_plans"),
        sa.PrimaryKeyConstraint("id", name="pk_revocations"),
        sa.UniqueConstraint("consent_id", "version", name="uq_revocations_consent_id_version"),
    )
    _create_link("revocation_deliveries", "attempt_id", "attempts")
    _create_link("revocation_withdrawals", "withdrawal_id", "withdrawals")


def _create_link(table: str, column: str, to: str) -> None:
    op.create_table(
        table,
        sa.Column("revocation_id", sa.Uuid(), nullable=False),
        sa.Column(column, sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["revocation_id"], ["revocations.id"], name=f"fk_{table}_revocation_id_revocations"),
        sa.ForeignKeyConstraint([column], [f"{to}.id"], name=f"fk_{table}_{column}_{to}"),
        sa.PrimaryKeyConstraint("revocation_id", column, name=f"pk_{table}"),
    )
