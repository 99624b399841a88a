"""The tables of revocations: what recipients must give up, whether they have said that they did, and since when."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, Table, UniqueConstraint

from hub.store.tables import Instant, metadata

withdrawals = Table(  # one element that one recipient holds or may hold and may see no longer, whatever the cause
    "withdrawals",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("outbox_id", ForeignKey("outbox.id"), nullable=False),
    Column("element_id", sa.Uuid, nullable=False),
    Column("owed_at", Instant, nullable=False),  # since when the hub knows
    Column("attempt_id", ForeignKey("attempts.id")),  # the latest delivery that carried it
    Column("sent_at", Instant),  # when it first left, or may have
    Column("ended_at", Instant),  # NULL: no receipt yet
    Column("ending", sa.String(16)),  # a receipt's status; or lapsed: it may be seen again
    Column("hold_code", sa.String(32)),  # why the recipient keeps it; its words are sealed with the attempt
    Column("digest", sa.String(64)),  # keyed digest of the elements that the receipt is about
    Index(
        "uq_withdrawals_open",
        "outbox_id",
        "element_id",
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
)

revocations = Table(
    "revocations",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False),
    Column("consent_id", sa.Uuid, nullable=False),
    Column("version", sa.Integer, nullable=False),  # of the consent, as withdrawn
    Column("plan_id", ForeignKey("plans.id"), nullable=False),  # of the consent's person
    Column(
        "at", Instant, nullable=False
    ),  # taken while the plans were locked: no delivery starts between it and commit
    UniqueConstraint("consent_id", "version"),
)

revocation_deliveries = Table(  # what was under way at its commit
    "revocation_deliveries",
    metadata,
    Column("revocation_id", ForeignKey("revocations.id"), primary_key=True),
    Column("attempt_id", ForeignKey("attempts.id"), primary_key=True),
)

revocation_withdrawals = Table(  # what was owed at its commit, by it or from before
    "revocation_withdrawals",
    metadata,
    Column("revocation_id", ForeignKey("revocations.id"), primary_key=True),
    Column("withdrawal_id", ForeignKey("withdrawals.id"), primary_key=True),
)
