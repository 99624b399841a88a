"""What stands in the audit is not replaced either, and a clearing ends at a checkpoint.

``INSERT OR REPLACE`` of SQLite deletes rows and fires no trigger of DELETE. And who could insert a clearing of any size
could have deleted every row that will ever be sealed.

Revision ID: 0034
Revises: 0033
"""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

#: Of each table, when a row of it stands in the place of a new one.
_STANDS = {
    "audit": 'o."row" = NEW."row"',
    "audit_seals": '(o.municipality = NEW.municipality AND o.position = NEW.position) OR o."row" = NEW."row"',
    "audit_checkpoints": "o.municipality = NEW.municipality AND o.size = NEW.size",
    "audit_clearings": "o.municipality = NEW.municipality AND o.cleared_to = NEW.cleared_to",
}
_IS_TOO_FAR = """NOT EXISTS (
    SELECT 1 FROM audit_checkpoints c WHERE c.municipality = NEW.municipality AND c.size >= NEW.cleared_to)"""
_TOO_FAR = "the audit is never changed: a clearing past the last checkpoint is refused"


def upgrade() -> None:
    """Triggers; no row changes."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION refuse_to_clear_too_far() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN IF {_IS_TOO_FAR} THEN RAISE EXCEPTION '{_TOO_FAR}'; END IF; RETURN NEW; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_clearings_end_at_a_checkpoint BEFORE INSERT ON audit_clearings "
            "FOR EACH ROW EXECUTE FUNCTION refuse_to_clear_too_far()"
        )
        return
    for table, stands in _STANDS.items():
        there = f"SELECT 1 FROM {table} o WHERE {stands}"  # noqa: S608 - names of our own
        op.execute(
            f"CREATE TRIGGER {table}_refuses_replace BEFORE INSERT ON {table} FOR EACH ROW WHEN EXISTS ({there}) "
            f"BEGIN SELECT RAISE(ABORT, 'the audit is never changed: REPLACE of {table} is refused'); END"
        )
    op.execute(
        f"CREATE TRIGGER audit_clearings_end_at_a_checkpoint BEFORE INSERT ON audit_clearings FOR EACH ROW "
        f"WHEN {_IS_TOO_FAR} BEGIN SELECT RAISE(ABORT, '{_TOO_FAR}'); END"
    )
