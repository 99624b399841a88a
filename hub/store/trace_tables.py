"""The table and indexes of traces: what made each delivery due.

The indexes are here and not beside their columns: nothing but a trace looks for rows by them.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, Table

from hub.store.tables import Instant, audit, inbox, metadata

#: Rows of the audit that tell of one delivery are found by its plan and time: there are many, and an index costs each.
BESIDE_DELIVERIES = sa.text("action NOT IN ('delivery-started', 'delivered', 'not-delivered')")

delivery_causes = Table(  # a row of the outbox keeps its latest cause alone; a burst of changes has several
    "delivery_causes",
    metadata,
    Column("outbox_id", ForeignKey("outbox.id"), primary_key=True),
    Column("mark", sa.Integer, primary_key=True, autoincrement=False),  # which the row had by this cause
    Column("correlation_id", sa.String(64), nullable=False),
    Column("caused_at", Instant, nullable=False),
    Column("nothing_at", Instant),  # when it turned out that there is nothing to say to the recipient
    Column("nothing_because", sa.Text),  # JSON: rule ids and versions that this rested on
    Index("ix_delivery_causes_caused_at", "caused_at"),
)

Index(
    "ix_audit_correlation_id",
    audit.c.correlation_id,
    sqlite_where=BESIDE_DELIVERIES,
    postgresql_where=BESIDE_DELIVERIES,
)
Index("ix_inbox_trace_id", inbox.c.trace_id)
