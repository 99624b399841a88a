"""The tables. What tells of a person is sealed; clear columns are ids, times, states and words of closed lists.

Every root table carries the municipality, so that one database can serve several and be split between them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Dialect, ForeignKey, Index, Table, UniqueConstraint
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware instant. SQLite keeps no zone, so it is kept there in UTC; a naive time is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware instant into UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError("The store takes aware times only.")
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware instant in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def among(column: Column[Any], wanted: sa.Select[Any]) -> sa.ColumnElement[bool]:
    """Tell whether a row is among those that a locking, limited query picks.

    PostgreSQL may run a plain subquery once per row, and with SKIP LOCKED pick others each time; a named one runs once.
    """
    return column.in_(sa.select(wanted.cte("wanted").c[column.name]))


def as_dict(row: sa.Row[*tuple[Any, ...]]) -> dict[str, Any]:
    """Return a row by column name, as plain text: SQLAlchemy's own names are no keys for JSON."""
    return {str(name): value for name, value in row._mapping.items()}


_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # SQLite numbers rows only in an INTEGER key


def _id(**kwargs: Any) -> Column[Any]:
    return Column("id", sa.Uuid, primary_key=True, **kwargs)


def _municipality() -> Column[Any]:
    return Column("municipality", sa.String(4), nullable=False)


def _only(postgresql: str, sqlite: str = "") -> dict[str, Any]:
    """Index only the rows of a condition; on SQLite it must read as SQLAlchemy asks for it."""
    return {"postgresql_where": sa.text(postgresql), "sqlite_where": sa.text(sqlite or postgresql)}


people = Table(
    "people",
    metadata,
    _id(),
    _municipality(),
    Column("wrapped_key", sa.LargeBinary, nullable=False),
    Column("identity", sa.LargeBinary, nullable=False),  # sealed: identifiers and name
)

identifiers = Table(
    "identifiers",
    metadata,
    Column("blind_index", sa.LargeBinary, primary_key=True),  # keyed digest of municipality, system and number
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
)

plans = Table(
    "plans",
    metadata,
    _id(),
    _municipality(),
    Column("person_id", ForeignKey("people.id"), nullable=False, unique=True),
    Column("status", sa.String(16), nullable=False),  # active or completed; that consent has ended is read from it
    Column("opened_at", Instant, nullable=False),
    Column("ended_at", Instant),  # since when it is completed; NULL: it lives
    Column("version", sa.Integer, nullable=False),  # rises with every change of content
    Column("consent_version", sa.Integer, nullable=False),  # rises with every consent that may matter here
    Column("wrapped_key", sa.LargeBinary, nullable=False),
    Column("state", sa.LargeBinary, nullable=False),  # sealed: cases and tombstones
    Column("is_held", sa.Boolean, nullable=False, server_default=sa.false()),  # the family's view is held back
    Column("is_restricted", sa.Boolean, nullable=False, server_default=sa.false()),  # it, or something in it
    Column("content_version", sa.Integer),  # which version ``content`` is of; no other is read from it
    Column("content", sa.LargeBinary),  # sealed: its elements as they stand, all together
)

elements = Table(
    "elements",
    metadata,
    Column("row", _BIG, primary_key=True, autoincrement=True),
    Column("id", sa.Uuid, nullable=False),
    Column("plan_id", ForeignKey("plans.id"), nullable=False),
    Column("kind", sa.String(32), nullable=False),
    Column("category", sa.String(64)),
    Column("label", sa.Integer),
    Column("authority", sa.String(64), nullable=False),
    Column("status", sa.String(32), nullable=False),
    Column("valid_from", Instant),
    Column("valid_to", Instant),
    Column("registered_at", Instant, nullable=False),
    Column("superseded_at", Instant),  # NULL: this is the current version
    Column("content", sa.LargeBinary, nullable=False),  # sealed: everything
    Index("ix_elements_plan_id_superseded_at", "plan_id", "superseded_at"),
    Index("ix_elements_id", "id"),
    Index("ix_elements_kind_valid_from", "kind", "valid_from", **_only("superseded_at IS NULL")),  # who meets soon
)

plan_people = Table(  # whom a plan's elements concern: a consent of any of them may change its views
    "plan_people",
    metadata,
    Column("plan_id", ForeignKey("plans.id"), primary_key=True),
    Column("person_id", ForeignKey("people.id"), primary_key=True, index=True),
)

case_plans = Table(  # which plan an authority's case belongs to
    "case_plans",
    metadata,
    Column("blind_index", sa.LargeBinary, primary_key=True),  # keyed digest of authority and case
    Column("plan_id", ForeignKey("plans.id"), nullable=False),
)

memberships = Table(
    "memberships",
    metadata,
    Column("plan_id", ForeignKey("plans.id"), primary_key=True),
    Column("member", sa.String(64), primary_key=True),
    Column("role", sa.String(32), nullable=False),
    Column("valid_from", Instant, nullable=False),
    Column("valid_to", Instant),
    Index("ix_memberships_member_plan_id", "member", "plan_id"),  # a member's plans, in order, so many at once
)

consents = Table(
    "consents",
    metadata,
    _id(),
    Column("version", sa.Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("status", sa.String(16), nullable=False),
    Column("effect", sa.String(16)),  # a yes or a no; NULL: not known in the clear, the row is older than the column
    Column("is_newest", sa.Boolean, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("content", sa.LargeBinary, nullable=False),  # sealed under the person's key
)

policies = Table(
    "policies",
    metadata,
    Column("municipality", sa.String(4), primary_key=True),
    Column("version", sa.Integer, primary_key=True),
    Column("published_at", Instant, nullable=False),
    Column("published_by", sa.String(64), nullable=False),
    Column("document", sa.Text, nullable=False),  # JSON, as the municipality wrote it
)

inbox = Table(
    "inbox",
    metadata,
    _id(),  # the receipt's id
    _municipality(),
    Column("authority", sa.String(64), nullable=False),
    Column("message_index", sa.LargeBinary, nullable=False),  # keyed digest of the sender's message id
    Column("body_digest", sa.LargeBinary, nullable=False),  # keyed digest of the body
    Column("received_at", Instant, nullable=False),
    Column("correlation_id", sa.String(64), nullable=False),
    Column("outcome", sa.Text, nullable=False),  # JSON: counts, positions and codes, as answered
    Column("body", sa.LargeBinary),  # sealed
    Column("trace_id", sa.Uuid),  # W3C Trace Context: the sender's, or the hub's own
    Column("parent_id", sa.String(16)),  # the span of the sender that called; NULL: it told of none
    UniqueConstraint("municipality", "authority", "message_index"),
)

outbox = Table(  # one standing row per recipient and plan; a burst of changes is one due delivery
    "outbox",
    metadata,
    _id(),
    _municipality(),
    Column("plan_id", ForeignKey("plans.id"), nullable=False),
    Column("recipient", sa.String(64), nullable=False),
    Column("channel", sa.String(16), nullable=False),
    Column("is_urgent", sa.Boolean, nullable=False),  # rung for and heard first
    Column("is_revision", sa.Boolean, nullable=False, server_default=sa.false()),  # may take back; waits for nothing
    Column("mark", sa.Integer, nullable=False),  # rises each time the row becomes due
    Column("due_at", Instant),  # NULL: nothing to deliver
    Column("not_before", Instant, nullable=False),
    Column("ring_after", Instant, nullable=False),  # when the relay may ring (again)
    Column("is_waiting", sa.Boolean, nullable=False, server_default=sa.false()),  # until its recipient has room
    Column("waiting_since", Instant),  # or since when it last was, once it waits no more
    Column("lease", sa.Uuid),
    Column("lease_until", Instant),
    Column("attempts", sa.Integer, nullable=False),  # failures of this message, not of its recipient
    Column("dead_at", Instant),  # a dead letter: only withdrawals leave
    Column("dead_cause", sa.String(64)),
    Column("dead_note", sa.Text),
    Column("dead_attempts", sa.Integer),  # how often it was tried before
    Column("sequence", sa.Integer, nullable=False),
    Column("target", sa.LargeBinary),  # digest of what the recipient shall hold after the last attempt
    Column("plan_version", sa.Integer, nullable=False),  # what the last settled decision rested on
    Column("consent_version", sa.Integer, nullable=False),
    Column("policy_version", sa.Integer, nullable=False),
    Column("recheck_at", Instant),  # when a consent or rule starts or ends
    Column("correlation_id", sa.String(64), nullable=False),
    UniqueConstraint("plan_id", "recipient"),
    Index("ix_outbox_due", "due_at", **_only("due_at IS NOT NULL")),
    Index("ix_outbox_dead", "dead_at", **_only("dead_at IS NOT NULL")),
    Index("ix_outbox_recheck_at", "recheck_at"),
    Index("ix_outbox_recipient", "municipality", "recipient", "channel"),
    # Of columns that rest while a row is delivered: what changes at each ring or lease is in no index.
    Index("ix_outbox_waiting", "recipient", "is_urgent", "waiting_since", **_only("is_waiting", "is_waiting = 1")),
)

attempts = Table(
    "attempts",
    metadata,
    _id(),
    Column("outbox_id", ForeignKey("outbox.id"), nullable=False),
    Column("sequence", sa.Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("outcome", sa.String(32)),  # NULL: under way, or its worker died
    Column("note", sa.Text),  # a sentence of our own
    Column("said", sa.LargeBinary),  # sealed: the recipient's own words
    Column("is_open", sa.Boolean, nullable=False),  # the recipient may or may not hold what left
    Column("leaving", sa.Text, nullable=False),  # JSON: element id → digest, or null for a withdrawal
    Column("mark", sa.Integer),  # of the row when it was taken: it is for all causes up to this one
    Index("ix_attempts_outbox_id_is_open", "outbox_id", "is_open"),
)

holdings = Table(
    "holdings",
    metadata,
    Column("outbox_id", ForeignKey("outbox.id"), primary_key=True),
    Column("element_id", sa.Uuid, primary_key=True),
    Column("digest", sa.String(64), nullable=False),
    Column("since", Instant, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("row", _BIG, primary_key=True, autoincrement=True),
    _municipality(),
    Column("at", Instant, nullable=False),
    Column("action", sa.String(32), nullable=False),
    Column("actor", sa.String(64), nullable=False),
    Column("plan_id", sa.Uuid, index=True),
    Column("correlation_id", sa.String(64), nullable=False),
    Column("details", sa.Text, nullable=False),  # JSON: ids, codes, counts; nothing of a person
)

jobs = Table(
    "jobs",
    metadata,
    _id(),
    _municipality(),
    Column("kind", sa.String(16), nullable=False),
    Column("authority", sa.String(64), nullable=False),
    Column("reference", sa.String(255), nullable=False),
    Column("cursor", sa.Text, nullable=False),
    Column("due_at", Instant),  # NULL: done, or parked with last_result saying why
    Column("lease", sa.Uuid),
    Column("lease_until", Instant),
    Column("attempts", sa.Integer, nullable=False),
    Column("last_attempt_at", Instant),
    Column("last_success_at", Instant),
    Column("last_result", sa.String(64), nullable=False),
    Column("correlation_id", sa.String(64), nullable=False),
    UniqueConstraint("municipality", "kind", "authority", "reference"),
    Index("ix_jobs_due_at", "due_at"),
    Index("ix_jobs_done", "last_success_at", **_only("due_at IS NULL")),
)
