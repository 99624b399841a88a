"""Erasures: who asked, who approved, and what was destroyed; and legal holds, which stop them.

``shred`` deletes every row that points to a plan, found by the tables' own foreign keys, so that a table that is new
tomorrow is not forgotten; and with the plan's row its wrapped key. What was sealed under that key opens nowhere any
more but where an older copy of the row is (docs/adr/0042).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from hub.authority.legal_holds import LegalHold
from hub.clock import new_id
from hub.crypto.envelope import seal, unseal
from hub.store.feed_tables import feed_events, feed_fetches
from hub.store.holdings import MAY_HOLD
from hub.store.notice_tables import notices
from hub.store.register_tables import followed, register_tasks
from hub.store.retention_tables import inbox_plans
from hub.store.revocation_tables import withdrawals
from hub.store.rights_tables import erasures, legal_holds
from hub.store.subscription_tables import subscription_events
from hub.store.tables import (
    consents,
    identifiers,
    inbox,
    memberships,
    metadata,
    outbox,
    people,
    plan_people,
    plans,
)  # fmt: skip

_ERASURE, _HOLD = erasures.c, legal_holds.c
REQUEST, RETENTION = "request", "retention"


@dataclass(frozen=True, slots=True)
class LegalHoldRow:
    """Why a plan may not be erased.

    :ivar reason: empty where it does not open, or where nothing could seal it.
    """

    id: UUID
    plan: UUID
    code: LegalHold
    organisation: str
    set_by: str
    set_at: datetime
    reason: str = field(default="", repr=False)
    lifted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure.

    :ivar approved_at: since when recipients are told to delete what they hold.
    :ivar certificate: signed, once it is done.
    """

    id: UUID
    plan: UUID
    person: UUID
    cause: str
    organisation: str
    asked_by: str
    asked_at: datetime
    approved_by: str | None = None
    approved_at: datetime | None = None
    done_at: datetime | None = None
    certificate: bytes | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """How a recipient stands that was told to delete what it holds.

    :ivar holds: it holds something, may, or has not answered a withdrawal.
    :ivar hold_codes: laws by which it keeps some of it, as it said.
    """

    name: str
    holds: bool
    hold_codes: tuple[LegalHold, ...]
    since: datetime | None


class Erasures:
    """Erasures and legal holds, in one transaction."""

    def __init__(self, connection: sa.Connection, municipality: str) -> None:
        self._connection = connection
        self._municipality = municipality

    # --- legal holds ------------------------------------------------------------------------------------------------

    def hold(self, one: LegalHoldRow, key: bytes | None) -> None:
        """Remember a legal hold, its reason sealed under the plan's key; where that does not open, without it."""
        sealed = seal(key, one.reason.encode(), _place(one.id)) if key else b""
        row = {
            "id": one.id, "municipality": self._municipality, "plan_id": one.plan, "code": one.code,
            "organisation": one.organisation, "set_by": one.set_by, "set_at": one.set_at, "reason": sealed,
        }  # fmt: skip
        self._connection.execute(legal_holds.insert().values(row))

    def lift(self, wanted: UUID, by: str, at: datetime) -> None:
        """Remember that a legal hold counts no more."""
        self._connection.execute(legal_holds.update().where(_HOLD.id == wanted).values(lifted_by=by, lifted_at=at))

    def plan_of_hold(self, wanted: UUID) -> UUID | None:
        """Return the plan that a legal hold in force is of."""
        query = sa.select(_HOLD.plan_id).where(
            _HOLD.id == wanted, _HOLD.lifted_at.is_(None), self._is_ours(legal_holds)
        )
        return self._connection.execute(query).scalar_one_or_none()

    def holds_of(self, plan: UUID, key: bytes | None) -> Sequence[LegalHoldRow]:
        """Return every legal hold of a plan, oldest first; without a key, without reasons."""
        query = sa.select(legal_holds).where(_HOLD.plan_id == plan).order_by(_HOLD.set_at, _HOLD.id)
        return [
            LegalHoldRow(
                row.id, plan, LegalHold(row.code), row.organisation, row.set_by, row.set_at,
                unseal(key, row.reason, _place(row.id)).decode() if key and row.reason else "", row.lifted_at,
            )
            for row in self._connection.execute(query)
        ]  # fmt: skip

    def is_held(self, plan: UUID) -> bool:
        """Tell whether a legal hold stands in the way of erasing a plan."""
        found = sa.exists().where(_HOLD.plan_id == plan, _HOLD.lifted_at.is_(None))
        return bool(self._connection.execute(sa.select(found)).scalar_one())

    # --- erasures ---------------------------------------------------------------------------------------------------

    def ask(self, one: Erasure) -> None:
        """Remember that a plan is to be erased."""
        row = {
            "id": one.id, "municipality": self._municipality, "plan_id": one.plan, "person_id": one.person,
            "cause": one.cause, "organisation": one.organisation, "asked_by": one.asked_by, "asked_at": one.asked_at,
        }  # fmt: skip
        self._connection.execute(erasures.insert().values(row))

    def approve(self, one: Erasure, by: str, at: datetime) -> None:
        """Remember who approved it, and end every membership: nobody may hold anything of the plan any more."""
        self._connection.execute(erasures.update().where(_ERASURE.id == one.id).values(approved_by=by, approved_at=at))
        self._connection.execute(memberships.update().where(memberships.c.plan_id == one.plan).values(valid_to=at))

    def finish(self, one: Erasure, certificate: bytes, at: datetime) -> None:
        """Remember that it is done, and the certificate of it."""
        given = {"done_at": at, "certificate": certificate}
        self._connection.execute(erasures.update().where(_ERASURE.id == one.id).values(given))

    def of_plan(self, plan: UUID) -> Erasure | None:
        """Return the erasure of a plan, if any was asked for."""
        found = self._found(_ERASURE.plan_id == plan)
        return found[0] if found else None

    def waiting(self) -> Sequence[Erasure]:
        """Return those that are not done, oldest first."""
        return self._found(_ERASURE.done_at.is_(None))

    def done(self) -> Sequence[Erasure]:
        """Return those that are done, oldest first."""
        return self._found(_ERASURE.done_at.is_not(None))

    def ended(self, before: datetime, most: int) -> Sequence[UUID]:
        """Return plans that ended before an instant, and that nothing is known to stand in the way of erasing."""
        query = self._ended(before).order_by(plans.c.ended_at, plans.c.id).limit(most)
        return self._connection.execute(query).scalars().all()

    def has_ended(self, plan: UUID, before: datetime) -> bool:
        """Tell whether a plan is one of those (``ended``): asked once it is taken, for it may have come alive."""
        query = self._ended(before).where(plans.c.id == plan)
        return self._connection.execute(query).scalar_one_or_none() is not None

    def key_version(self, plan: UUID) -> int:
        """Return which master key has wrapped a plan's key: older copies of the database open by it alone."""
        wrapped = self._connection.execute(sa.select(plans.c.wrapped_key).where(plans.c.id == plan)).scalar_one()
        return int.from_bytes(bytes(wrapped)[:4])

    def recipients(self, plan: UUID) -> Sequence[Recipient]:
        """Return how every recipient of a plan stands."""
        owed = sa.exists().where(withdrawals.c.outbox_id == outbox.c.id, withdrawals.c.ended_at.is_(None))
        since = (
            sa.select(sa.func.min(withdrawals.c.owed_at))
            .where(withdrawals.c.outbox_id == outbox.c.id, withdrawals.c.ended_at.is_(None))
            .scalar_subquery()
        )
        query = sa.select(outbox.c.id, outbox.c.recipient, sa.or_(MAY_HOLD, owed).label("holds"), since.label("since"))
        rows = self._connection.execute(query.where(outbox.c.plan_id == plan).order_by(outbox.c.recipient)).all()
        return [Recipient(row.recipient, bool(row.holds), self._codes(row.id), row.since) for row in rows]

    # --- destroying -------------------------------------------------------------------------------------------------

    def shred(self, plan: UUID, person: UUID) -> Mapping[str, int]:
        """Delete all that there is of a plan, and of its person unless another plan names them; return rows by table.

        The audit stays: it has ids, categories and rules, and its chain must verify. So does, for a while, the id of a
        subscription in the person register.
        """
        gone: dict[str, int] = {}
        self._bodies(plan, gone)
        of_rows = sa.select(outbox.c.id).where(outbox.c.plan_id == plan)
        for table in (feed_events, feed_fetches, subscription_events):
            self._delete(table, table.c.outbox_id.in_(of_rows), gone)
        self._delete(register_tasks, register_tasks.c.plan_id == plan, gone)
        for table in reversed(metadata.sorted_tables):
            which = _rows_of(table, plan)
            if which is not None:
                self._delete(table, which, gone)
        self._delete(plans, plans.c.id == plan, gone)
        named = [sa.exists().where(table.c.person_id == person) for table in (plan_people, notices)]
        if not self._connection.execute(sa.select(sa.or_(*named))).scalar_one():
            for table in (consents, identifiers):
                self._delete(table, table.c.person_id == person, gone)
            self._leave_the_register(person)
            self._delete(people, people.c.id == person, gone)
        return gone

    def _leave_the_register(self, person: UUID) -> None:
        """Keep no more of a subscription than its id: by it the next look has the register let go of the person."""
        known = followed.update().where(followed.c.person_id == person)
        self._connection.execute(known.values(version=0, recheck_at=None))

    def _bodies(self, plan: UUID, gone: dict[str, int]) -> None:
        """Clear the messages of a plan: those that another plan needs keep two digests and the answer."""
        links = inbox_plans.alias("links")
        named = sa.select(inbox_plans.c.receipt).where(inbox_plans.c.plan_id == plan)
        receipts = self._connection.execute(named).scalars().all()
        if not receipts:
            return
        shared = sa.exists().where(links.c.receipt == inbox.c.id, links.c.plan_id != plan)
        query = sa.select(inbox.c.id).where(inbox.c.id.in_(receipts), ~shared)
        alone = self._connection.execute(query).scalars().all()
        self._connection.execute(inbox.update().where(inbox.c.id.in_(receipts)).values(body=None))
        self._delete(inbox_plans, inbox_plans.c.plan_id == plan, gone)
        self._delete(inbox, inbox.c.id.in_(alone), gone)

    def _delete(self, table: sa.Table, which: sa.ColumnElement[bool], gone: dict[str, int]) -> None:
        rows = self._connection.execute(table.delete().where(which)).rowcount
        if rows:
            gone[str(table.name)] = gone.get(str(table.name), 0) + rows

    def _codes(self, row: UUID) -> tuple[LegalHold, ...]:
        query = sa.select(withdrawals.c.hold_code).where(
            withdrawals.c.outbox_id == row, withdrawals.c.hold_code.is_not(None)
        )
        return tuple(LegalHold(code) for code in sorted(set(self._connection.execute(query).scalars())))

    def _ended(self, before: datetime) -> sa.Select[UUID]:
        is_asked = sa.exists().where(_ERASURE.plan_id == plans.c.id)
        is_held = sa.exists().where(_HOLD.plan_id == plans.c.id, _HOLD.lifted_at.is_(None))
        return sa.select(plans.c.id).where(
            plans.c.municipality == self._municipality, plans.c.ended_at < before, ~is_asked, ~is_held
        )

    def _found(self, which: sa.ColumnElement[bool]) -> Sequence[Erasure]:
        query = sa.select(erasures).where(which, self._is_ours(erasures)).order_by(_ERASURE.asked_at, _ERASURE.id)
        return [
            Erasure(
                row.id, row.plan_id, row.person_id, row.cause, row.organisation, row.asked_by, row.asked_at,
                row.approved_by, row.approved_at, row.done_at,
                bytes(row.certificate) if row.certificate is not None else None,
            )
            for row in self._connection.execute(query)
        ]  # fmt: skip

    def _is_ours(self, table: sa.Table) -> sa.ColumnElement[bool]:
        ours: sa.ColumnElement[bool] = table.c.municipality == self._municipality
        return ours


def new_erasure(plan: UUID, person: UUID, cause: str, organisation: str, by: str, at: datetime) -> Erasure:
    """Return an erasure that is asked for now."""
    return Erasure(new_id(), plan, person, cause, organisation, by, at)


def _rows_of(table: sa.Table, plan: UUID) -> sa.ColumnElement[bool] | None:
    """Return which rows of a table belong to a plan, by its foreign keys; None where it points to none."""
    found: list[sa.ColumnElement[bool]] = []
    for column in table.columns:
        for key in column.foreign_keys:
            to = key.column.table
            if to is plans:
                found.append(column == plan)
            elif to is not inbox and (there := _rows_of(to, plan)) is not None:
                found.append(column.in_(sa.select(key.column).where(there)))
    return sa.or_(*found) if found else None


def _place(hold: UUID) -> str:
    return f"legal_holds|{hold}|reason"
