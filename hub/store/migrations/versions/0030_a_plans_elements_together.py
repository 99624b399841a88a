"""A plan's elements as they stand, sealed together.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Two columns, empty until a plan changes."""
    op.add_column("plans", sa.Column("content_version", sa.Integer(), nullable=True))
    op.add_column("plans", sa.Column("content", sa.LargeBinary(), nullable=True))
