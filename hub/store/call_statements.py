"""The statements of circuits and calls, built once: building one takes SQLAlchemy longer than SQLite needs to run it.

What they are given: ``ours`` the municipality, ``name`` the authority, ``way`` the direction, ``token`` the call.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import bindparam

from hub.store.call_tables import calls, circuits
from hub.store.circuits import Circuit
from hub.store.tables import Instant, among, outbox

_AT = bindparam("at", type_=Instant())
_OURS = circuits.c.municipality == bindparam("ours")
_ONE = sa.and_(_OURS, circuits.c.authority == bindparam("name"), circuits.c.direction == bindparam("way"))
_READ_COLUMNS = [circuits.c[name] for name in Circuit.__dataclass_fields__]
READ = sa.select(*_READ_COLUMNS).where(_ONE)
READ_ALL = sa.select(*_READ_COLUMNS).where(_OURS).order_by(circuits.c.authority, circuits.c.direction)
IS_SILENT = sa.and_(
    _OURS,
    circuits.c.direction == bindparam("way"),
    sa.or_(circuits.c.since.is_not(None), circuits.c.held_at.is_not(None)),
)
SILENT = sa.select(circuits.c.authority, sa.func.coalesce(circuits.c.since, circuits.c.held_at)).where(IS_SILENT)
PROBE = (
    circuits.update()
    .where(
        _ONE,
        circuits.c.since.is_not(None),
        circuits.c.held_at.is_(None),
        circuits.c.open_until <= _AT,
        sa.or_(circuits.c.probe_until.is_(None), circuits.c.probe_until <= _AT),
    )
    .values(probe=bindparam("token"), probe_until=bindparam("until"))
)
LAY_DOWN_PROBE = (
    circuits.update().where(_OURS, circuits.c.probe == bindparam("token")).values(probe=None, probe_until=None)
)
_IS_NEWS = sa.or_(circuits.c.since.is_(None), circuits.c.probe == bindparam("token"))
ANSWERED = (
    circuits.update()
    .where(_ONE, _IS_NEWS)
    .values(
        failures=0,
        since=None,
        open_until=None,
        reason="",
        probe=None,
        probe_until=None,
        last_attempt_at=_AT,
        last_result=bindparam("result"),
        last_success_at=sa.func.coalesce(bindparam("success", type_=Instant()), circuits.c.last_success_at),
    )
)
DID_NOT_ANSWER = (
    circuits.update()
    .where(_ONE, _IS_NEWS)
    .values(
        failures=circuits.c.failures + 1,
        since=sa.func.coalesce(circuits.c.since, _AT),
        open_until=bindparam("until"),
        reason=bindparam("result"),
        probe=None,
        probe_until=None,
        last_attempt_at=_AT,
        last_result=bindparam("result"),
    )
)
BROUGHT = circuits.update().where(_ONE).values(last_success_at=_AT)
STAY_AWAY = (
    circuits.update().where(_ONE, circuits.c.open_until < bindparam("until")).values(open_until=bindparam("until"))
)
HOLD = (
    circuits.update()
    .where(_ONE, circuits.c.held_at.is_(None))
    .values(held_at=_AT, held_by=bindparam("by"), held_reason=bindparam("why"))
)
RELEASE = (
    circuits.update()
    .where(_ONE, circuits.c.held_at.is_not(None))
    .values(held_at=None, held_by=None, held_reason=None)
    .returning(circuits.c.authority)
)
PROBE_NOW = circuits.update().where(_ONE, circuits.c.open_until > _AT).values(open_until=_AT)
_THEIR_PLACES = sa.and_(calls.c.municipality == bindparam("ours"), calls.c.authority == bindparam("name"))
_FREE_PLACE = (
    sa.select(calls.c.number)
    .where(
        _THEIR_PLACES,
        calls.c.number <= bindparam("at_most"),
        sa.or_(calls.c.lease_until.is_(None), calls.c.lease_until <= _AT),
    )
    .order_by(calls.c.number)
    .limit(1)
    .with_for_update(skip_locked=True)
)
TAKE_PLACE = (
    calls.update()
    .where(_THEIR_PLACES, among(calls.c.number, _FREE_PLACE))
    .values(lease=bindparam("token"), lease_until=bindparam("until"), direction=bindparam("way"))
    .returning(calls.c.number)
)
PLACES = sa.select(calls.c.number).where(_THEIR_PLACES)
#: Waits for whoever is just giving one back; a place that is free when the wait is over is left out.
TAKEN_SURELY = (
    sa.select(calls.c.number)
    .where(_THEIR_PLACES, calls.c.number <= bindparam("at_most"), calls.c.lease_until > _AT)
    .order_by(calls.c.number)
    .with_for_update(read=True)
)
#: Tells whether deliveries to the same authority wait for a place.
GIVE_PLACE_BACK = (
    calls.update()
    .where(calls.c.municipality == bindparam("ours"), calls.c.lease == bindparam("token"))
    .values(lease=None, lease_until=None)
    .returning(sa.exists().where(outbox.c.recipient == calls.c.authority, outbox.c.is_waiting))
)
UNDER_WAY = (
    sa.select(calls.c.authority, calls.c.direction, sa.func.count())
    .where(calls.c.municipality == bindparam("ours"), calls.c.lease_until > _AT)
    .group_by(calls.c.authority, calls.c.direction)
)
