"""The tables of calls: how the hub stands with each authority's system, and which calls to it are under way."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, Table

from hub.store.tables import Instant, metadata

circuits = Table(  # one per authority and direction, shared by every worker of every process
    "circuits",
    metadata,
    Column("municipality", sa.String(4), primary_key=True),
    Column("authority", sa.String(64), primary_key=True),
    Column("direction", sa.String(16), primary_key=True),
    Column("failures", sa.Integer, nullable=False),  # calls in a row that were not answered
    Column("since", Instant),  # NULL: closed
    Column("open_until", Instant),  # afterwards one call goes through as a probe
    Column("reason", sa.String(64), nullable=False),  # code of the last failure
    Column("probe", sa.Uuid),  # the call that probes
    Column("probe_until", Instant),  # its worker has died if it has not ended by then
    Column("held_at", Instant),  # an operator lets no call through
    Column("held_by", sa.String(64)),
    Column("held_reason", sa.String(64)),
    Column("last_success_at", Instant),  # last data: delivered, or brought
    Column("last_attempt_at", Instant),
    Column("last_result", sa.String(64), nullable=False),
)

calls = Table(  # the places of an authority's bulkhead: a call holds one while it is under way
    "calls",
    metadata,
    Column("municipality", sa.String(4), primary_key=True),
    Column("authority", sa.String(64), primary_key=True),
    Column("number", sa.Integer, primary_key=True, autoincrement=False),
    Column("direction", sa.String(16), nullable=False),
    Column("lease", sa.Uuid),
    Column("lease_until", Instant),
)

Table(  # of the version before, which may still be serving while the tables are brought up to date; read by nobody
    "breakers",
    metadata,
    Column("municipality", sa.String(4), primary_key=True),
    Column("recipient", sa.String(64), primary_key=True),
    Column("failures", sa.Integer, nullable=False),
    Column("open_until", Instant),
    Column("since", Instant),
    Column("reason", sa.String(64), nullable=False),
    Column("last_attempt_at", Instant),
    Column("last_success_at", Instant),
)
