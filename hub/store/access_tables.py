"""Tokens that the hub has issued to systems, and the assertions they were issued for; none lasts for ten minutes."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, Table

from hub.store.tables import Instant, metadata

access_tokens = Table(
    "access_tokens",
    metadata,
    Column("token_digest", sa.LargeBinary, primary_key=True),  # SHA-256; the token itself is its client's alone
    Column("municipality", sa.String(4), nullable=False),
    Column("client", sa.String(64), nullable=False),
    Column("client_digest", sa.LargeBinary, nullable=False),  # of its settings at issue: other settings end the token
    Column("certificate", sa.LargeBinary),  # SHA-256 of the one it is bound to (RFC 8705)
    Column("lasts_until", Instant, nullable=False),
)

used_assertions = Table(
    "used_assertions",
    metadata,
    Column("assertion", sa.LargeBinary, primary_key=True),  # keyed digest of client and jti: each counts once
    Column("municipality", sa.String(4), nullable=False),
    Column("lasts_until", Instant, nullable=False),  # afterwards it would be refused anyway
)
