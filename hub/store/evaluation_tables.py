"""The table of months that the evaluation has told: their numbers as they were told, which are of no person."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, Table

from hub.store.tables import Instant, metadata

told_months = Table(
    "told_months",
    metadata,
    Column("municipality", sa.String(4), primary_key=True),
    Column("month", sa.String(7), primary_key=True),  # such as 2026-09
    Column("told_at", Instant, nullable=False),  # for the first time
    Column("told", sa.Text, nullable=False),  # JSON: by measure, null where it was held back
)
