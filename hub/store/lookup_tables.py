"""Who looked up how many people in the last minute, and who was stopped for it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, Table

from hub.store.tables import Instant, metadata

lookups = Table(
    "lookups",
    metadata,
    Column("municipality", sa.String(4), primary_key=True),
    Column("client", sa.String(64), primary_key=True),
    Column("subject", sa.LargeBinary, primary_key=True),  # keyed digest of the number that was asked for, known or not
    Column("at", Instant, nullable=False, index=True),  # the last time
)

lookup_blocks = Table(
    "lookup_blocks",
    metadata,
    Column("municipality", sa.String(4), primary_key=True),
    Column("client", sa.String(64), primary_key=True),
    Column("since", Instant, nullable=False),  # of this alarm: the first refusal
    Column("last_at", Instant, nullable=False),
    Column("refused", sa.BigInteger, nullable=False),  # look-ups since then
)
