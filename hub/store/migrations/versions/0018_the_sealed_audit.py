"""The audit is sealed, and the database refuses to change it.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_TABLES = ("audit", "audit_seals", "audit_checkpoints", "audit_clearings")
_IS_CLEARED = """EXISTS (
    SELECT 1 FROM audit_seals s JOIN audit_clearings c ON c.municipality = s.municipality
    WHERE s."row" = OLD."row" AND s.position < c.cleared_to)"""
_POSTGRESQL = f"""
CREATE FUNCTION refuse_to_change_the_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit' THEN
        IF {_IS_CLEARED} THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit is never changed: % of % is refused', TG_OP, TG_TABLE_NAME;
END $$
"""


def upgrade() -> None:
    """Three tables, and triggers on all four."""
    op.create_table(
        "audit_seals",
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("link", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "position", name="pk_audit_seals"),
        sa.UniqueConstraint("row", name="uq_audit_seals_row"),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "size", name="pk_audit_checkpoints"),
    )
    op.create_table(
        "audit_clearings",
        sa.Column("municipality", sa.String(length=4), nullable=False),
        sa.Column("cleared_to", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("municipality", "cleared_to", name="pk_audit_clearings"),
    )
    if op.get_bind().dialect.name == "postgresql":
        _refuse_on_postgresql()
    else:
        _refuse_on_sqlite()


def _refuse_on_postgresql() -> None:
    op.execute(_POSTGRESQL)
    for table in _TABLES:
        op.execute(
            f"CREATE TRIGGER {table}_is_never_changed BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_to_change_the_audit()"
        )


def _refuse_on_sqlite() -> None:
    for table in _TABLES:
        for verb in ("UPDATE", "DELETE"):
            unless = f"WHEN NOT {_IS_CLEARED} " if (table, verb) == ("audit", "DELETE") else ""
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} FOR EACH ROW {unless}"
                f"BEGIN SELECT RAISE(ABORT, 'the audit is never changed: {verb} of {table} is refused'); END"
            )
