"""The table of what a municipality's policy is to become: drafts, and what became of each."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, Table

from hub.store.tables import Instant, metadata

policy_drafts = Table(  # a next version of the policy, written by one person, that another has yet to publish
    "policy_drafts",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False, index=True),
    Column("based_on", sa.Integer, nullable=False),  # the version that its author began with
    Column("document", sa.Text, nullable=False),  # JSON, as the municipality wrote it
    Column("drafted_by", sa.String(64), nullable=False),
    Column("drafted_at", Instant, nullable=False),
    Column("state", sa.String(16), nullable=False),  # draft, published or discarded
    Column("decided_by", sa.String(64)),  # who published or discarded it
    Column("decided_at", Instant),
    Column("version", sa.Integer),  # of the policy, once it is published
    Column("reason", sa.String(32)),  # why it was discarded: a word of a closed list
)
