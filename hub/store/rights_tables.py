"""The tables of what citizens ask for by right. Why they asked, and what was answered, is sealed."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Table, UniqueConstraint

from hub.store.tables import Instant, metadata

restrictions = Table(  # of a plan or an element; plans.is_restricted says whether any is in force
    "restrictions",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False),
    Column("plan_id", ForeignKey("plans.id"), nullable=False, index=True),
    Column("element_id", sa.Uuid),  # NULL: the whole plan
    Column("organisation", sa.String(64), nullable=False),  # whose word it is
    Column("role", sa.String(32), nullable=False),
    Column("set_by", sa.String(64), nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("reason", sa.LargeBinary, nullable=False),  # sealed under the plan's key
    Column("announced_at", Instant),  # since when the citizen is being told that it will be lifted
    Column("lifted_by", sa.String(64)),
    Column("lifted_at", Instant),  # NULL: it is in force
    Column("lift_reason", sa.LargeBinary),  # sealed under the plan's key
)

legal_holds = Table(  # why a plan may not be erased
    "legal_holds",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False),
    Column("plan_id", ForeignKey("plans.id"), nullable=False, index=True),
    Column("code", sa.String(32), nullable=False),  # by which law or rule: of a closed list
    Column("organisation", sa.String(64), nullable=False),
    Column("set_by", sa.String(64), nullable=False),
    Column("set_at", Instant, nullable=False),
    Column("reason", sa.LargeBinary, nullable=False),  # sealed under the plan's key; empty: that did not open
    Column("lifted_by", sa.String(64)),
    Column("lifted_at", Instant),  # NULL: it is in force
)

erasures = Table(  # it outlives the plan and the person, and so points to neither
    "erasures",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False),
    Column("plan_id", sa.Uuid, nullable=False),
    Column("person_id", sa.Uuid, nullable=False),
    Column("cause", sa.String(16), nullable=False),  # request or retention
    Column("organisation", sa.String(64), nullable=False),
    Column("asked_by", sa.String(64), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("approved_by", sa.String(64)),  # the second person's client
    Column("approved_at", Instant),  # since when recipients are told to delete; NULL: nothing has been done
    Column("done_at", Instant),  # NULL: the plan is there still
    Column("certificate", sa.LargeBinary),  # signed: ids, times, counts and codes
    UniqueConstraint("plan_id"),
)
