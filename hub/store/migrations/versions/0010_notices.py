"""Notices: what citizens are told by letter; and an index by which near appointments are found.

Revision ID: 0010
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0013"
branch_labels = None
depends_on = None

_WAITS = sa.text("due_at IS NOT NULL")
_CURRENT = sa.text("superseded_at IS NULL")


def upgrade() -> None:
    """Notices, and the index of elements by kind and time."""
    op.create_table(
        "notices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("addressee", sa.String(length=36), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("correlation_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name="fk_notices_plan_id_plans"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_notices_person_id_people"),
        sa.PrimaryKeyConstraint("id", name="pk_notices"),
        sa.UniqueConstraint("municipality", "kind", "about", "moment", "addressee", name="uq_notices_key"),
    )
    op.create_index("ix_notices_plan_id", "notices", ["plan_id"])
    op.create_index("ix_notices_due_at", "notices", ["due_at"], postgresql_where=_WAITS, sqlite_where=_WAITS)
    op.create_index("ix_notices_settled_at", "notices", ["settled_at"])
    op.create_index("ix_notices_state", "notices", ["state"])
    op.create_index(
        "ix_elements_kind_valid_from",
        "elements",
        ["kind", "valid_from"],
        postgresql_where=_CURRENT,
        sqlite_where=_CURRENT,
    )
