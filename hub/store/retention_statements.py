"""The statements of retention, built once.

What they are given: ``ours`` the municipality, ``before`` the instant, ``most`` how many rows, ``since`` and ``behind``
the time and the id of the row that a walk came to last, ``wanted`` the rows that a step looks at.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, bindparam

from hub.store.attempt_order import is_later
from hub.store.delivery_tables import business_receipts
from hub.store.jobs import UNKNOWN_PERSON
from hub.store.policy_drafts import DraftState
from hub.store.policy_tables import policy_drafts
from hub.store.retention_tables import inbox_plans
from hub.store.revocation_tables import revocation_deliveries, withdrawals
from hub.store.session_tables import sessions
from hub.store.tables import Instant, among, attempts, elements, holdings, inbox, jobs, outbox, plans

_BEFORE = bindparam("before", type_=Instant())
_SINCE = bindparam("since", type_=Instant())
_MOST = bindparam("most", type_=sa.Integer())
_OURS = bindparam("ours", type_=sa.String())
_WANTED: sa.BindParameter[Any] = bindparam("wanted", expanding=True)


def _oldest(id_: Column[Any], at: Column[Any], *which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Tell whether a row is among the oldest of those that go, before the instant."""
    return among(id_, sa.select(id_).where(at < _BEFORE, *which).order_by(at).limit(_MOST))


def _walk(id_: Column[Any], at: Column[Any]) -> sa.Select[Any]:
    """Look at the next rows of a table before the instant, behind the one that the walk came to last."""
    is_behind = sa.or_(at > _SINCE, id_ > bindparam("behind", type_=id_.type))
    looked_at = sa.select(id_.label("id"), at.label("at")).where(at >= _SINCE, is_behind, at < _BEFORE)
    return looked_at.order_by(at, id_).limit(_MOST)


# --- what goes as soon as it is old enough (rows are returned: SQLite counts none after WITH) ----------------------

_HAS_AN_OLD_BODY = _oldest(inbox.c.id, inbox.c.received_at, inbox.c.municipality == _OURS, inbox.c.body.is_not(None))
CLEAR_BODIES = inbox.update().where(_HAS_AN_OLD_BODY).values(body=None).returning(inbox.c.id)
#: The same on SQLite, which leaves a row in its page though next to nothing is left of it: written anew behind all
#: others, it lies close to them, and its page is free.
REWRITE_WITHOUT_BODY = (
    inbox.insert()
    .prefix_with("OR REPLACE")
    .from_select(
        [column.name for column in inbox.c],
        sa.select(*(sa.null() if column is inbox.c.body else column for column in inbox.c)).where(_HAS_AN_OLD_BODY),
    )
    .returning(inbox.c.id)
)
CLEAR_SESSIONS = (
    sessions.delete()
    .where(_oldest(sessions.c.secret_digest, sessions.c.began_at, sessions.c.municipality == _OURS))
    .returning(sessions.c.began_at)
)
_IS_UNKNOWN = jobs.c.last_result == sa.literal_column(f"'{UNKNOWN_PERSON}'")  # the index is found by these very words
CLEAR_UNKNOWN = (
    jobs.delete()
    .where(
        _oldest(jobs.c.id, jobs.c.last_attempt_at, jobs.c.municipality == _OURS, jobs.c.due_at.is_(None), _IS_UNKNOWN)
    )
    .returning(jobs.c.id)
)
_IS_DISCARDED = policy_drafts.c.state == DraftState.DISCARDED
CLEAR_DRAFTS = (
    policy_drafts.delete()
    .where(
        _oldest(policy_drafts.c.id, policy_drafts.c.decided_at, policy_drafts.c.municipality == _OURS, _IS_DISCARDED)
    )
    .returning(policy_drafts.c.id)
)

# --- messages all of whose plans have ended -----------------------------------------------------------------------

_LINKED = sa.exists().where(inbox_plans.c.plan_id == plans.c.id)
ENDED_PLANS = _walk(plans.c.id, plans.c.ended_at).where(plans.c.municipality == _OURS, _LINKED)
_LIVING, _OTHER = plans.alias("living"), inbox_plans.alias("other")
_IS_KEPT_BY_ANOTHER = sa.exists().where(
    _OTHER.c.receipt == inbox.c.id,
    _LIVING.c.id == _OTHER.c.plan_id,
    sa.or_(_LIVING.c.ended_at.is_(None), _LIVING.c.ended_at >= _BEFORE),
)
_OF_THESE = sa.select(inbox_plans.c.receipt).where(inbox_plans.c.plan_id.in_(bindparam("plans", expanding=True)))
FORGOTTEN = (
    sa.select(inbox.c.id)
    .where(inbox.c.id.in_(_OF_THESE), inbox.c.received_at < _BEFORE, sa.not_(_IS_KEPT_BY_ANOTHER))
    .limit(_MOST)
)
DELETE_LINKS = inbox_plans.delete().where(inbox_plans.c.receipt.in_(_WANTED))
DELETE_MESSAGES = inbox.delete().where(inbox.c.id.in_(_WANTED))

# --- deliveries that are settled ----------------------------------------------------------------------------------

CLOSED_ATTEMPTS = (
    _walk(attempts.c.id, attempts.c.started_at)
    .join_from(attempts, outbox, outbox.c.id == attempts.c.outbox_id)
    .where(outbox.c.municipality == _OURS, sa.not_(attempts.c.is_open))
)
_LATER, _LOST, _AFTER = attempts.alias("later"), attempts.alias("lost"), attempts.alias("after")
_IS_NEWEST = sa.not_(sa.exists().where(_LATER.c.outbox_id == attempts.c.outbox_id, is_later(_LATER, attempts)))
_CARRIED_A_WITHDRAWAL = sa.exists().where(withdrawals.c.attempt_id == attempts.c.id)
_WAS_UNDER_WAY = sa.exists().where(revocation_deliveries.c.attempt_id == attempts.c.id)
#: The first that was answered after one that was lost says in a proof when that one was settled (``revocations``).
_SETTLED_THE_LOST = (
    sa.select(sa.func.min(_AFTER.c.finished_at))
    .where(
        _AFTER.c.outbox_id == _LOST.c.outbox_id,
        is_later(_AFTER, _LOST),
        _AFTER.c.finished_at.is_not(None),
        sa.not_(_AFTER.c.is_open),
    )
    .scalar_subquery()
)
_SETTLED_A_LOST_ONE = sa.exists().where(
    _LOST.c.outbox_id == attempts.c.outbox_id,
    _LOST.c.finished_at.is_(None),
    is_later(attempts, _LOST),
    revocation_deliveries.c.attempt_id == _LOST.c.id,
    attempts.c.finished_at <= _SETTLED_THE_LOST,
)
#: Its recipient is still to say whether it has taken it in; were it refused, it would be open again.
_IS_AWAITED = sa.exists().where(
    business_receipts.c.outbox_id == attempts.c.outbox_id,
    business_receipts.c.attempt_id == attempts.c.id,
    business_receipts.c.ended_at.is_(None),
)
DELETE_ATTEMPTS = (
    attempts.delete()
    .where(
        attempts.c.id.in_(_WANTED),
        sa.not_(attempts.c.is_open),
        sa.not_(_IS_NEWEST),
        sa.not_(_CARRIED_A_WITHDRAWAL),
        sa.not_(_WAS_UNDER_WAY),
        sa.not_(_SETTLED_A_LOST_ONE),
        sa.not_(_IS_AWAITED),
    )
    .returning(attempts.c.id, attempts.c.outbox_id)
)
#: What was said later of deliveries that are forgotten.
DELETE_LATER_RECEIPTS = business_receipts.delete().where(
    business_receipts.c.outbox_id.in_(bindparam("rows", expanding=True)), business_receipts.c.attempt_id.in_(_WANTED)
)

# --- versions that were superseded --------------------------------------------------------------------------------

SUPERSEDED = (
    _walk(elements.c.row, elements.c.superseded_at)
    .join_from(elements, plans, plans.c.id == elements.c.plan_id)
    # What was in a plan before it was held back from the family is asked while it is: its versions wait.
    .where(plans.c.municipality == _OURS, elements.c.superseded_at.is_not(None), sa.not_(plans.c.is_held))
)
_NEWER = elements.alias("newer")
_HAS_A_NEWER = sa.exists().where(
    _NEWER.c.id == elements.c.id, _NEWER.c.plan_id == elements.c.plan_id, _NEWER.c.row > elements.c.row
)
#: The last version of what is gone says in a proof what it was that somebody had to give up.
_WAS_WITHDRAWN = sa.exists().where(
    withdrawals.c.element_id == elements.c.id,
    outbox.c.id == withdrawals.c.outbox_id,
    outbox.c.plan_id == elements.c.plan_id,
)
_IS_HELD = sa.exists().where(
    outbox.c.plan_id == elements.c.plan_id,
    holdings.c.outbox_id == outbox.c.id,
    holdings.c.element_id == elements.c.id,
)
_MAY_BE_HELD = sa.exists().where(
    outbox.c.plan_id == elements.c.plan_id, attempts.c.outbox_id == outbox.c.id, attempts.c.is_open
)
_THESE = elements.delete().where(elements.c.row.in_(_WANTED))
#: One after the other: with "or" between them, PostgreSQL would read every withdrawal there is.
DELETE_FOLLOWED = _THESE.where(_HAS_A_NEWER)
DELETE_LAST = _THESE.where(sa.not_(_WAS_WITHDRAWN), sa.not_(_IS_HELD), sa.not_(_MAY_BE_HELD))
