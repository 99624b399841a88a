"""The tables of what holds for a while: emergency access, holds and meetings. What was said of them is sealed."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, Table, UniqueConstraint

from hub.store.tables import Instant, metadata

emergencies = Table(  # one client's emergency access to one plan
    "emergencies",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False),
    Column("plan_id", ForeignKey("plans.id"), nullable=False),
    Column("client", sa.String(64), nullable=False),
    Column("organisation", sa.String(64), nullable=False),
    Column("role", sa.String(32), nullable=False),
    Column("reason", sa.LargeBinary, nullable=False),  # sealed under the plan's key
    Column("opened_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("approve_by", Instant, nullable=False),
    Column("reviewed_by", sa.String(64)),  # the second person's client
    Column("reviewed_at", Instant),
    Column("outcome", sa.String(16)),  # approved or rejected; NULL: nobody has reviewed it
    Column("informed_at", Instant),  # NULL: no letter about it has been sent to the citizen
    Index("ix_emergencies_plan_id_client", "plan_id", "client"),
    Index("ix_emergencies_client_outcome", "client", "outcome"),
)

plan_holds = Table(  # a family's view of a plan held back; plans.is_held says whether it is now
    "plan_holds",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False),
    Column("plan_id", ForeignKey("plans.id"), nullable=False, index=True),
    Column("organisation", sa.String(64), nullable=False),  # whose word it is
    Column("held_by", sa.String(64), nullable=False),
    Column("held_at", Instant, nullable=False),
    Column("reason", sa.LargeBinary, nullable=False),  # sealed under the plan's key
    Column("lifted_by", sa.String(64)),
    Column("lifted_at", Instant),  # NULL: it is held still
    Column("lift_reason", sa.LargeBinary),  # sealed under the plan's key
)

meetings = Table(  # counted: a purpose is met for so and so often about one plan
    "meetings",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False),
    Column("plan_id", ForeignKey("plans.id"), nullable=False),
    Column("purpose", sa.String(64), nullable=False),
    Column("number", sa.Integer, nullable=False),  # from 1
    Column("organisations", sa.Text, nullable=False),  # JSON: names, in order
    Column("organisation", sa.String(64), nullable=False),  # of whoever opened it
    Column("opened_by", sa.String(64), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("closed_at", Instant),  # NULL: it ends, or has ended, by itself
    Column("reason", sa.LargeBinary),  # sealed under the plan's key; a follow-up has one
    UniqueConstraint("plan_id", "purpose", "number"),
)
