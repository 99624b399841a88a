"""The statements of the outbox, built once: building one takes SQLAlchemy longer than SQLite needs to run it.

What they are given: ``ours`` the municipality, ``wanted`` a row, ``token`` the lease of whoever holds it, ``marked``
the mark that the row had when it was taken.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from hub.store.call_tables import circuits
from hub.store.circuits import Circuit, Direction
from hub.store.tables import Instant, among, outbox, plans

_ROW = outbox.c
_AT = bindparam("at", type_=Instant())
_UNTIL = bindparam("until", type_=Instant())
_OURS = _ROW.municipality == bindparam("ours")
_THIS = _ROW.id == bindparam("wanted")
_FREE: dict[str, Any] = {"lease": None, "lease_until": None}
_IS_FREE = sa.or_(_ROW.lease_until.is_(None), _ROW.lease_until <= _AT)
_IS_DUE = _ROW.due_at.is_not(None)
_MARKED_ANEW = _ROW.mark > bindparam("marked")
#: What was due has been settled; what came meanwhile is no older than this, and waits from here on.
_DUE_STILL = sa.case((_MARKED_ANEW, _AT), else_=None)


def _due(may_ring: sa.ColumnElement[bool], **besides: Any) -> dict[str, Any]:
    """Make a row due. A leased one rings when it is settled, and one that waits for room when there is some."""
    rings = sa.and_(_IS_FREE, sa.not_(_ROW.is_waiting), may_ring)
    return {
        "mark": _ROW.mark + 1,
        "due_at": sa.func.coalesce(_ROW.due_at, _AT),
        "ring_after": sa.case((rings, _AT), else_=_ROW.ring_after),
        "correlation_id": sa.func.coalesce(bindparam("cause", type_=sa.String()), _ROW.correlation_id),
        **besides,
    }


_DUE = _due(_ROW.not_before <= _AT)  # a row that waits out a failure keeps its wait
_OF_PLANS = outbox.update().where(
    _ROW.plan_id.in_(bindparam("plans", expanding=True)), _ROW.recipient != bindparam("but_not")
)
MARK_DUE = _OF_PLANS.values(_DUE)
#: A withdrawal does not wait out the failures of what it takes back.
_REVISED = _due(sa.true(), is_urgent=True, is_revision=True, not_before=_AT)
MARK_REVISED, MARK_ONE_REVISED = _OF_PLANS.values(_REVISED), outbox.update().where(_THIS).values(_REVISED)
#: What is only pressing does: a recipient that fails would else be tried eight times in a minute.
MARK_PRESSING = _OF_PLANS.values(_due(_ROW.not_before <= _AT, is_urgent=True))

KNOWN = sa.select(_ROW.id).where(_ROW.plan_id == bindparam("plan"), _ROW.recipient == bindparam("whom"))
#: And how the hub stands with the recipient: nothing of it where it was never called.
WHOSE = (
    sa.select(_ROW.plan_id, _ROW.recipient, _ROW.ring_after, _ROW.correlation_id)
    .add_columns(*(circuits.c[name] for name in Circuit.__dataclass_fields__))
    .outerjoin(
        circuits,
        sa.and_(
            circuits.c.municipality == _ROW.municipality,
            circuits.c.authority == _ROW.recipient,
            circuits.c.direction == Direction.RECIPIENT,
        ),
    )
    .where(_THIS, _IS_DUE)
)
HOLDER = sa.select(_ROW.lease).where(_THIS, _ROW.lease_until > _AT)
_TAKE = outbox.update().where(_THIS, _IS_DUE)
#: What was begun before and never ended may have killed its worker. If it does so again, it comes back at its own time:
#: those that were under way beside it are then settled without it, and are suspect no more.
_RUNG_FOR = sa.case((_ROW.attempts > 0, bindparam("alone", type_=Instant())), else_=_UNTIL)
_TAKEN = {"lease": bindparam("token"), "lease_until": _UNTIL, "ring_after": _RUNG_FOR, "is_waiting": False}
LEASE = _TAKE.where(_ROW.not_before <= _AT, _IS_FREE).values(_TAKEN).returning(outbox)
TAKE_OVER = _TAKE.values(_TAKEN).returning(outbox)

_OWN = outbox.update().where(_THIS, _ROW.lease == bindparam("token"))
COUNT = _OWN.values(attempts=_ROW.attempts + 1)
STARTS = _OWN.values(sequence=bindparam("number"), target=bindparam("digest"), attempts=_ROW.attempts + 1)
SETTLE = _OWN.values(
    due_at=_DUE_STILL,
    is_urgent=sa.case((_MARKED_ANEW, _ROW.is_urgent), else_=False),
    is_revision=sa.case((_MARKED_ANEW, _ROW.is_revision), else_=False),
    attempts=0,
    not_before=_AT,
    ring_after=_AT,
    recheck_at=bindparam("recheck"),
    plan_version=bindparam("plan"),
    consent_version=bindparam("consents"),
    policy_version=bindparam("policy"),
    **_FREE,
)
#: A revision that came while it was under way does not wait: what it takes back goes at once.
_WAIT = sa.case((sa.and_(_MARKED_ANEW, _ROW.is_revision), _ROW.not_before), else_=_UNTIL)
POSTPONE = _OWN.values(not_before=_WAIT, ring_after=_WAIT, **_FREE)
WAIT_AGAIN = _OWN.values(is_waiting=True, waiting_since=_AT, ring_after=_UNTIL, attempts=_ROW.attempts - 1, **_FREE)
#: What its recipient itself fetches is no failure of anybody; if it does not, it is told once more.
AWAIT_FETCH = _OWN.values(attempts=bindparam("counted"), not_before=_AT, ring_after=_UNTIL, **_FREE)
_TRIED = sa.func.coalesce(_ROW.dead_attempts, _ROW.attempts)
BURY = _OWN.values(
    due_at=_DUE_STILL,
    dead_at=_AT,
    dead_cause=bindparam("cause"),
    dead_note=bindparam("note"),
    # Its own count goes on with what is taken back, and begins anew; this one is of the message that died.
    dead_attempts=sa.case((_ROW.dead_at.is_not(None), _TRIED), else_=_ROW.attempts),
    not_before=_AT,
    ring_after=_AT,
    **_FREE,
)

WAIT = outbox.update().where(_THIS, _IS_DUE, _IS_FREE).values(is_waiting=True, waiting_since=_AT, ring_after=_UNTIL)
_WAITS = sa.and_(_ROW.recipient == bindparam("whom"), _ROW.is_waiting)
_WAITING = outbox.alias("waiting")
_IS_URGENT_ONE = (
    sa.exists()
    .where(_WAITING.c.recipient == bindparam("whom"), _WAITING.c.is_waiting, _WAITING.c.is_urgent)
    .correlate(None)
)
_NEXT = (
    sa.select(_ROW.id)
    .where(_WAITS, _OURS, _ROW.is_urgent == _IS_URGENT_ONE)  # one equality, so that the index finds them in order
    .order_by(_ROW.waiting_since)  # who was tried last comes last
    .limit(bindparam("most", type_=sa.Integer()))
    .with_for_update(skip_locked=True)
)
WAKE = outbox.update().where(among(_ROW.id, _NEXT)).values(is_waiting=False, ring_after=_AT).returning(_ROW.id)
#: By when it became due, not by when it was tried: where few may go, nobody loses a turn by asking too early.
_FIRST = (
    sa.select(_ROW.id)
    .where(_WAITS, _OURS)
    .order_by(_ROW.is_urgent.desc(), _ROW.due_at, _ROW.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
NEXT_AT = outbox.update().where(among(_ROW.id, _FIRST)).values(ring_after=_UNTIL)
_IS_AHEAD = sa.or_(
    sa.and_(_WAITING.c.is_urgent, sa.not_(_ROW.is_urgent)),
    sa.and_(
        _WAITING.c.is_urgent == _ROW.is_urgent,
        sa.or_(_WAITING.c.due_at < _ROW.due_at, sa.and_(_WAITING.c.due_at == _ROW.due_at, _WAITING.c.id < _ROW.id)),
    ),
)
AHEAD = (
    sa.select(_WAITING.c.id)
    .join(outbox, _ROW.recipient == _WAITING.c.recipient)
    .where(_THIS, _WAITING.c.municipality == bindparam("ours"), _WAITING.c.is_waiting, _IS_AHEAD)
    .limit(bindparam("most", type_=sa.Integer()))
)
#: Urgent or not: one that the recipient cannot answer must not be every probe.
_NEXT_PROBE = (
    sa.select(_ROW.id).where(_WAITS, _OURS).order_by(_ROW.waiting_since).limit(1).with_for_update(skip_locked=True)
)
PROBE_AT = outbox.update().where(among(_ROW.id, _NEXT_PROBE)).values(ring_after=_UNTIL)
WHO_IS_WAITED_FOR = sa.select(_ROW.recipient).where(_ROW.is_waiting, _OURS).distinct()

_RINGS = (
    sa.select(_ROW.id)
    .where(_OURS, _IS_DUE, _ROW.ring_after <= _AT)
    .order_by(_ROW.is_urgent.desc(), _ROW.due_at)
    .limit(bindparam("most", type_=sa.Integer()))
    .with_for_update(skip_locked=True)
)


def _take(rings: sa.Select[Any]) -> sa.Executable:
    taken = outbox.update().where(among(_ROW.id, rings)).values(ring_after=_UNTIL)
    return taken.returning(_ROW.id, _ROW.channel, _ROW.is_urgent, _ROW.ring_after, _ROW.correlation_id)


TAKE_RINGS, TAKE_URGENT_RINGS = _take(_RINGS), _take(_RINGS.where(_ROW.is_urgent))
_QUIET = (
    sa.select(_ROW.id)
    .where(_ROW.id.in_(bindparam("rung", expanding=True)), _ROW.ring_after.in_(bindparam("taken", expanding=True)))
    .with_for_update(skip_locked=True)
)
NOT_RUNG = outbox.update().where(among(_ROW.id, _QUIET)).values(ring_after=_UNTIL)
_BEHIND = (
    sa.select(_ROW.id)
    .join(plans, plans.c.id == _ROW.plan_id)
    .where(
        _OURS,
        _ROW.due_at.is_(None),
        sa.or_(
            _ROW.plan_version != plans.c.version,
            _ROW.consent_version != plans.c.consent_version,
            _ROW.policy_version != bindparam("policy"),
            _ROW.recheck_at <= _AT,
        ),
    )
    .limit(bindparam("most", type_=sa.Integer()))
    .with_for_update(skip_locked=True, of=outbox)
)
SWEEP = outbox.update().where(among(_ROW.id, _BEHIND)).values(_DUE).returning(_ROW.id)
START_AFRESH = (
    outbox.update()
    .where(_OURS, _IS_DUE)
    .values(
        ring_after=sa.case((_ROW.not_before > _AT, _ROW.not_before), else_=_AT),
        is_waiting=False,
        **_FREE,
    )
)
SUSPECTS = sa.select(_ROW.id).where(_OURS, _ROW.lease.is_not(None), _ROW.attempts > 1).order_by(_ROW.lease)
RING_LATER = outbox.update().where(_THIS).values(ring_after=_UNTIL)
