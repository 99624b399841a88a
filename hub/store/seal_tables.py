"""The tables of the sealed audit. Who writes them is the sealer alone; the database lets nobody change or delete them.

What keeps them so are triggers (migration 0018): they refuse each UPDATE, and each DELETE but that of audit rows whose
place is below a clearing. On PostgreSQL each TRUNCATE too (0019), on SQLite each REPLACE, and a clearing past the last
checkpoint (0034).
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, Table, UniqueConstraint

from hub.store.tables import Instant, metadata

audit_seals = Table(
    "audit_seals",
    metadata,
    Column("municipality", sa.String(4), primary_key=True),
    Column("position", sa.BigInteger, primary_key=True, autoincrement=False),  # in the order of sealing, from 0
    Column("row", sa.BigInteger, nullable=False),  # of audit; no foreign key: a seal outlives the row
    Column("leaf", sa.LargeBinary, nullable=False),  # hash in the Merkle tree
    Column("link", sa.LargeBinary, nullable=False),  # of the chain
    UniqueConstraint("row"),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("municipality", sa.String(4), primary_key=True),
    Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("peaks", sa.LargeBinary, nullable=False),  # roots of the full subtrees: the tree goes on from them
    Column("note", sa.Text, nullable=False),  # as signed and given to witnesses
)

audit_witnesses = Table(  # the one that changes
    "audit_witnesses",
    metadata,
    Column("municipality", sa.String(4), primary_key=True),
    Column("witness", sa.String(500), primary_key=True),  # its address, as the settings have it
    Column("size", sa.BigInteger, nullable=False),  # of the last checkpoint that it has taken; -1 before the first
    Column("taken_at", Instant),
    Column("trouble", sa.String(64), nullable=False),  # code of what it failed with; "" when it did not
    Column("due_at", Instant, nullable=False),  # not told before; while somebody tells it, the end of the lease
)

audit_clearings = Table(
    "audit_clearings",
    metadata,
    Column("municipality", sa.String(4), primary_key=True),
    Column("cleared_to", sa.BigInteger, primary_key=True, autoincrement=False),  # rows at positions below may go
    Column("at", Instant, nullable=False),
)
