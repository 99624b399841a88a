"""Counts of what is due to whom, and of what is dead: by indexes of such rows alone, however many others rest."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import bindparam

from hub.store.revocation_tables import withdrawals
from hub.store.tables import Instant, outbox

_ROW = outbox.c
_OURS = _ROW.municipality == bindparam("ours")
_AT = bindparam("at", type_=Instant())
_IS_DUE, _IS_DEAD = _ROW.due_at.is_not(None), _ROW.dead_at.is_not(None)
_TOLD = (_ROW.recipient, _ROW.channel, _ROW.due_at, _ROW.dead_at, _ROW.lease_until, _ROW.ring_after)
# Two parts, each by an index of its own: of an OR, SQLite would read the table through.
_BUSY = sa.union_all(
    sa.select(*_TOLD).where(_OURS, _IS_DUE), sa.select(*_TOLD).where(_OURS, _IS_DEAD, _ROW.due_at.is_(None))
).subquery("busy")
_ONE = _BUSY.c
_DUE = _ONE.due_at.is_not(None)
#: ``unrung_since``: when the first of those that want ringing now wanted it.
COUNTS = sa.select(
    _ONE.recipient,
    _ONE.channel,
    sa.func.count().filter(_DUE).label("due"),
    sa.func.count().filter(_ONE.lease_until > _AT).label("under_way"),
    sa.func.count().filter(_ONE.dead_at.is_not(None)).label("dead_letters"),
    sa.func.min(_ONE.due_at).label("oldest_due_at"),
    sa.func.min(_ONE.ring_after).filter(_DUE, _ONE.ring_after <= _AT).label("unrung_since"),
).group_by(_ONE.recipient, _ONE.channel)
#: Of a recipient to whom nothing is due.
NONE: dict[str, Any] = {"due": 0, "under_way": 0, "dead_letters": 0, "oldest_due_at": None, "unrung_since": None}


def _recipients() -> sa.Select[Any]:
    """Read who has rows at all, and by which channel: from each to the next in the index, past all rows alike."""

    def first(of: sa.FromClause, *besides: sa.ColumnElement[bool]) -> sa.ScalarSelect[Any]:
        query = sa.select(of.c.id).where(of.c.municipality == bindparam("ours"), *besides)
        return query.order_by(of.c.recipient, of.c.channel).limit(1).scalar_subquery()

    here, beside, later = (outbox.alias(name) for name in ("here", "beside", "later"))
    found = sa.select(first(outbox).label("id")).cte("found", recursive=True)
    # Asked in two steps: by (recipient, channel) > (…) SQLite would walk through all rows of a recipient.
    by_another_channel = first(beside, beside.c.recipient == here.c.recipient, beside.c.channel > here.c.channel)
    behind = sa.func.coalesce(by_another_channel, first(later, later.c.recipient > here.c.recipient))
    found = found.union_all(sa.select(behind).select_from(here).where(here.c.id == found.c.id))
    one = outbox.alias("one")
    return sa.select(one.c.recipient, one.c.channel).join(found, found.c.id == one.c.id)


RECIPIENTS = _recipients()


class Waiting(NamedTuple):
    """What a recipient must give up and was not told, or has not answered for.

    :ivar plans: how many.
    :ivar since: when the hub knew it of the first.
    """

    plans: int
    since: datetime


# From what is due to what is owed of it, not the other way: receipts that never come leave much that is owed.
_OWED_SINCE = (
    sa.select(sa.func.min(withdrawals.c.owed_at))
    .where(withdrawals.c.outbox_id == _ROW.id, withdrawals.c.ended_at.is_(None))
    .scalar_subquery()
)
_REVISED = sa.select(_ROW.recipient, _OWED_SINCE.label("since")).where(_OURS, _IS_DUE, _ROW.is_revision).subquery()
#: The plans, per recipient, of which it must give something up while a revision is due to it.
WITHDRAWALS_DUE = (
    sa.select(_REVISED.c.recipient, sa.func.count(), sa.func.min(_REVISED.c.since))
    .where(_REVISED.c.since.is_not(None))
    .group_by(_REVISED.c.recipient)
)
