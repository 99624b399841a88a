"""The tables of what the hub follows in the person register. What the register says is sealed with the person.

Neither points to the row of a person or plan: one that is deleted is let go of by the next look (``followed``).
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Column, Index, Table, UniqueConstraint

from hub.store.tables import Instant, metadata

followed = Table(  # people whose changes the register tells of
    "followed",
    metadata,
    Column(
        "id", sa.Uuid, primary_key=True
    ),  # the subscription, as the register knows it: it says nothing of the person
    Column("municipality", sa.String(4), nullable=False),
    Column("person_id", sa.Uuid, nullable=False),
    Column("state", sa.String(16), nullable=False),
    Column("asked_at", Instant),  # when the register was last asked about the person
    Column("version", sa.BigInteger, nullable=False),  # of what it said, by its own count; 0: nothing yet
    Column("recheck_at", Instant),  # when a protection ends by the calendar
    UniqueConstraint("person_id"),
    Index("ix_followed_recheck_at", "recheck_at"),
    Index("ix_followed_state_asked_at", "state", "asked_at"),
)

register_tasks = Table(  # what a coordinator is to do about what the register has said
    "register_tasks",
    metadata,
    Column("id", sa.Uuid, primary_key=True),
    Column("municipality", sa.String(4), nullable=False),
    Column("plan_id", sa.Uuid, nullable=False),
    Column("kind", sa.String(32), nullable=False),
    Column("at", Instant, nullable=False),
    Column("done_at", Instant),  # NULL: it is to be done
    Column("done_by", sa.String(64)),
    Index("ix_register_tasks_plan_id_kind", "plan_id", "kind"),
)
