"""An index by which the plans of a member are gone through in order, whatever number there is of others.

Revision ID: 0029
Revises: 0028
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One index."""
    op.create_index("ix_memberships_member_plan_id", "memberships", ["member", "plan_id"])
