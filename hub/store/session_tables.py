"""Who is signed in to the pages."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, Table

from hub.store.tables import Instant, metadata

sessions = Table(
    "sessions",
    metadata,
    Column("secret_digest", sa.LargeBinary, primary_key=True),  # SHA-256; the secret itself is in the cookie alone
    Column("municipality", sa.String(4), nullable=False),
    Column("client", sa.String(64), nullable=False),
    Column("client_digest", sa.LargeBinary, nullable=False),  # of its settings at sign-in: others end the session
    Column("began_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    *(Column(said, sa.String(most)) for said, most in (("role", 32), ("organisation", 64))),  # by a provider's word
    Column("person_id", sa.Uuid),
    Column("authenticated_at", Instant),
)
