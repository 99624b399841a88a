"""The statements of traces, built once.

What they are given: ``ours`` the municipality, ``rows`` of the outbox, ``plans`` and ``causes`` (correlation ids) to
look among, ``since`` the time from which it is of interest, ``most`` how many rows.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from hub.store.tables import Instant, attempts, audit, inbox, outbox
from hub.store.trace_tables import BESIDE_DELIVERIES, delivery_causes

_CAUSE = delivery_causes.c
_AT = bindparam("at", type_=Instant())
_SINCE = bindparam("since", type_=Instant())
_BEFORE = bindparam("before", type_=Instant())
_MOST = bindparam("most", type_=sa.Integer())
_ROWS: sa.BindParameter[Any] = bindparam("rows", expanding=True)
_PLANS: sa.BindParameter[Any] = bindparam("plans", expanding=True)
_CAUSES: sa.BindParameter[Any] = bindparam("causes", expanding=True)
#: What the audit calls what happens to one delivery.
OF_A_DELIVERY = ("delivery-started", "delivered", "not-delivered", "dead-letter", "replayed", "feed-told", "receipt")

# --- written down by whoever makes a delivery due, and by whoever finds nothing to say -----------------------------

#: Behind the statement that marks the same rows due (``outbox_statements``), in its transaction and with its words.
REMEMBER_CAUSE = delivery_causes.insert().from_select(
    ["outbox_id", "mark", "correlation_id", "caused_at"],
    sa.select(outbox.c.id, outbox.c.mark, bindparam("cause", type_=sa.String()), _AT).where(
        outbox.c.plan_id.in_(_PLANS), outbox.c.recipient != bindparam("but_not")
    ),
    include_defaults=False,
)
#: By whoever makes one row due.
REMEMBER_ONE = delivery_causes.insert().from_select(
    ["outbox_id", "mark", "correlation_id", "caused_at"],
    sa.select(outbox.c.id, outbox.c.mark, bindparam("cause", type_=sa.String()), _AT).where(
        outbox.c.id == bindparam("row")
    ),
    include_defaults=False,
)
#: The mark of the sweeper has no cause: what it finds behind is no message's.
NOTHING_TO_SAY = (
    delivery_causes.update()
    .where(_CAUSE.outbox_id == bindparam("row"), _CAUSE.mark == bindparam("marked"))
    .values(nothing_at=_AT, nothing_because=bindparam("because"))
)

# --- what was done ------------------------------------------------------------------------------------------------

_OUR_AUDIT = audit.c.municipality == bindparam("ours")
DEEDS = (
    sa.select(audit)
    .where(_OUR_AUDIT, audit.c.correlation_id.in_(_CAUSES), BESIDE_DELIVERIES)
    .order_by(audit.c.row)
    .limit(_MOST)
)
OF_DELIVERIES = (
    sa.select(audit)
    .where(_OUR_AUDIT, audit.c.plan_id.in_(_PLANS), audit.c.at >= _SINCE, audit.c.action.in_(OF_A_DELIVERY))
    .order_by(audit.c.row)
)
_NEWEST_ACCEPTED = (
    sa.select(sa.func.max(audit.c.row))
    .where(_OUR_AUDIT, audit.c.correlation_id.in_(_CAUSES), audit.c.action == "accepted", BESIDE_DELIVERIES)
    .group_by(audit.c.correlation_id)
)
ACCEPTED = sa.select(audit.c.correlation_id, audit.c.details).where(audit.c.row.in_(_NEWEST_ACCEPTED))
MESSAGES = sa.select(
    inbox.c.id, inbox.c.authority, inbox.c.received_at, inbox.c.correlation_id, inbox.c.outcome, inbox.c.trace_id,
    inbox.c.parent_id,
).where(inbox.c.municipality == bindparam("ours"))  # fmt: skip
MESSAGES_OF = MESSAGES.where(inbox.c.id.in_(bindparam("receipts", expanding=True)))
MESSAGE_OF_TRACE = MESSAGES.where(inbox.c.trace_id == bindparam("trace")).order_by(inbox.c.received_at).limit(_MOST)

# --- deliveries ---------------------------------------------------------------------------------------------------

_ROW = sa.select(outbox.c.id, outbox.c.plan_id, outbox.c.recipient, outbox.c.not_before).where(
    outbox.c.municipality == bindparam("ours")
)
ROWS = _ROW.where(outbox.c.id.in_(_ROWS))
ROWS_BETWEEN = _ROW.where(
    outbox.c.id.between(bindparam("lowest", type_=sa.Uuid()), bindparam("highest", type_=sa.Uuid()))
)
_CAUSED = sa.select(delivery_causes).join(outbox, outbox.c.id == _CAUSE.outbox_id)
CAUSED = (
    _CAUSED.where(outbox.c.municipality == bindparam("ours"), outbox.c.plan_id.in_(_PLANS))
    .where(_CAUSE.correlation_id.in_(_CAUSES))
    .order_by(_CAUSE.caused_at, _CAUSE.outbox_id)
    .limit(_MOST)
)
CAUSES = (
    sa.select(delivery_causes)
    .where(_CAUSE.outbox_id.in_(_ROWS), _CAUSE.caused_at >= _SINCE)
    .order_by(_CAUSE.caused_at, _CAUSE.outbox_id)
    .limit(_MOST)
)
NEWEST_CAUSES = (
    sa.select(delivery_causes)
    .where(_CAUSE.outbox_id == bindparam("row"), _CAUSE.mark <= bindparam("marked"))
    .order_by(_CAUSE.mark.desc())
    .limit(_MOST)
)
_OF_ATTEMPT = sa.select(
    attempts.c.id, attempts.c.outbox_id, attempts.c.sequence, attempts.c.mark, attempts.c.started_at,
    attempts.c.finished_at, attempts.c.outcome,
).where(attempts.c.outbox_id.in_(_ROWS), attempts.c.mark.is_not(None))  # fmt: skip
ATTEMPTS = (
    _OF_ATTEMPT.where(attempts.c.started_at >= _SINCE).order_by(attempts.c.started_at, attempts.c.id).limit(_MOST)
)
SEQUENCES = (
    sa.select(attempts.c.sequence, sa.func.max(attempts.c.mark), sa.func.min(attempts.c.started_at))
    .where(attempts.c.outbox_id == bindparam("row"), attempts.c.mark.is_not(None))
    .group_by(attempts.c.sequence)
)

# --- what is too old ----------------------------------------------------------------------------------------------

_KEY = sa.tuple_(_CAUSE.outbox_id, _CAUSE.mark)
_OLDEST = (
    sa.select(_CAUSE.outbox_id, _CAUSE.mark)
    .join(outbox, outbox.c.id == _CAUSE.outbox_id)
    .where(_CAUSE.caused_at < _BEFORE, outbox.c.municipality == bindparam("ours"))
    .order_by(_CAUSE.caused_at)
    .limit(_MOST)
)
CLEAR = delivery_causes.delete().where(_KEY.in_(_OLDEST))
