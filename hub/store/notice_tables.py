"""The table of notices: what a citizen is to be told by letter. Ids, times and words of closed lists; no letter."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Index, Table, UniqueConstraint

from hub.store.tables import Instant, metadata

_WAITS = sa.text("due_at IS NOT NULL")

notices = Table(  # one letter to one person; composed when it is sent, and kept nowhere
    "notices",
    metadata,
    Column("id", sa.Uuid, primary_key=True),  # the letter's key
    Column("municipality", sa.String(4), nullable=False),
    Column("kind", sa.String(32), nullable=False),
    Column("plan_id", ForeignKey("plans.id"), nullable=False, index=True),
    Column("person_id", ForeignKey("people.id")),  # to whom; NULL: nobody is known to whom a letter may go
    Column("addressee", sa.String(36), nullable=False),  # the same as a word, or "nobody": a key may hold no NULL
    Column("about", sa.Uuid, nullable=False),  # an emergency access, an element, a consent or a revocation
    Column("moment", Instant, nullable=False),  # which time of it; another time is another letter
    Column("made_at", Instant, nullable=False),
    Column("due_at", Instant),  # when it may be tried (again); NULL: nothing more is tried
    Column("lease", sa.Uuid),
    Column("lease_until", Instant),
    Column("attempts", sa.Integer, nullable=False),  # failures of this letter, not of the post
    Column("state", sa.String(16), nullable=False),
    Column("cause", sa.String(64), nullable=False),  # why it stands as it does, as a code
    Column("reference", sa.String(64), nullable=False),  # the post's own id of the letter
    Column("sent_at", Instant),  # when the post took it on
    Column("settled_at", Instant),  # when it came to where it stands; NULL: it waits
    Column("correlation_id", sa.String(64), nullable=False),
    UniqueConstraint("municipality", "kind", "about", "moment", "addressee", name="uq_notices_key"),
    Index("ix_notices_due_at", "due_at", postgresql_where=_WAITS, sqlite_where=_WAITS),
    Index("ix_notices_settled_at", "settled_at"),
    Index("ix_notices_state", "state"),
)
