"""The tables of deliveries besides the outbox: how quickly a recipient may be called, and whose word is awaited."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, Table

from hub.store.tables import Instant, metadata

paces = Table(  # one per recipient with a limit of deliveries per minute
    "paces",
    metadata,
    Column("municipality", sa.String(4), primary_key=True),
    Column("recipient", sa.String(64), primary_key=True),
    Column("next_at", Instant, nullable=False),  # when the next delivery is due by the limit, were there no slack
)

business_receipts = Table(  # a delivery that its recipient has received, and is to take in or refuse later
    "business_receipts",
    metadata,
    Column("outbox_id", ForeignKey("outbox.id"), primary_key=True),
    Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
    Column("attempt_id", sa.Uuid, nullable=False),
    Column("owed_at", Instant, nullable=False),  # when it was received
    Column("ended_at", Instant),  # NULL: its recipient has not said yet
    Column("ending", sa.String(16)),  # taken-in or refused
    Column("reason", sa.String(32)),  # why it was refused: a code of a closed list
    Index(
        "ix_business_receipts_owed",
        "owed_at",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
)
