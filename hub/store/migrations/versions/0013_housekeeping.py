"""Housekeeping: when a plan ended, which plans keep a message known, how far each round has come.

Revision ID: 0013
Revises: 0007

Which plans a message was for stands in the audit of what was accepted before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0007"
branch_labels = None
depends_on = None

_KNOWN_FROM_AUDIT = {
    "postgresql": """
INSERT INTO inbox_plans (receipt, plan_id)
SELECT DISTINCT inbox.id, plans.id
FROM audit
JOIN inbox ON inbox.id = (audit.details::json ->> 'receipt')::uuid
JOIN plans ON plans.id = audit.plan_id
WHERE audit.action = 'accepted'
""",
    "sqlite": """
INSERT INTO inbox_plans (receipt, plan_id)
SELECT DISTINCT inbox.id, plans.id
FROM audit
JOIN inbox ON inbox.id = replace(json_extract(audit.details, '$.receipt'), '-', '')
JOIN plans ON plans.id = audit.plan_id
WHERE audit.action = 'accepted'
""",
}
#: Name, table, columns, and of which rows: on PostgreSQL, and on SQLite.
_INDEXES = (
    ("ix_inbox_bodies", "inbox", ["received_at"], "body IS NOT NULL", "body IS NOT NULL"),
    ("ix_attempts_closed", "attempts", ["started_at", "id"], "NOT is_open", "is_open = 0"),
    (
        "ix_elements_superseded",
        "elements",
        ["superseded_at", "row"],
        "superseded_at IS NOT NULL",
        "superseded_at IS NOT NULL",
    ),
    ("ix_plans_ended", "plans", ["ended_at", "id"], "ended_at IS NOT NULL", "ended_at IS NOT NULL"),
    (
        "ix_jobs_unknown",
        "jobs",
        ["last_attempt_at"],
        "due_at IS NULL AND last_result = 'unknown-person'",
        "due_at IS NULL AND last_result = 'unknown-person'",
    ),
)


def upgrade() -> None:
    """The end of a plan, what keeps a message known, and the rounds."""
    op.add_column("plans", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "inbox_plans",
        sa.Column("receipt", sa.Uuid(), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["receipt"], ["inbox.id"], name="fk_inbox_plans_receipt_inbox"),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name="fk_inbox_plans_plan_id_plans"),
        sa.PrimaryKeyConstraint("receipt", "plan_id", name="pk_inbox_plans"),
    )
    op.execute(_KNOWN_FROM_AUDIT[op.get_bind().dialect.name])
    op.create_index("ix_inbox_plans_plan_id", "inbox_plans", ["plan_id"])
    op.create_table(
        "housekeeping",
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("cleared", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=True),
        sa.Column("last_ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_cleared", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "kind", name="pk_housekeeping"),
    )
    for name, table, columns, postgresql, sqlite in _INDEXES:
        op.create_index(name, table, columns, postgresql_where=sa.text(postgresql), sqlite_where=sa.text(sqlite))
    for table, column in (
        ("withdrawals", "attempt_id"),
        ("withdrawals", "element_id"),
        ("revocation_deliveries", "attempt_id"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])
