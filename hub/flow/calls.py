"""A call to an authority's system begins and ends: what that says of the system, and who may call next.

Deliveries, polls and fetches all come by here, so that one breaker and one bulkhead know of every call.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from hub.clock import now
from hub.errors import HubError
from hub.settings import Settings
from hub.store.circuits import Call, Circuit, Direction
from hub.store.transaction import Store, Unit

_ACTOR = "hub"

_log = structlog.get_logger()


def begin(
    unit: Unit, authority: str, direction: Direction, token: UUID, at: datetime, settings: Settings
) -> Call | None:
    """Let a call start; None when it must wait: its system is held, does not answer, or has calls enough."""
    return enter(unit, unit.breakers.of(authority, direction), token, at, settings)


def enter(unit: Unit, circuit: Circuit, token: UUID, at: datetime, settings: Settings) -> Call | None:
    """Let a call start whose circuit was read in this transaction; None when it must wait."""
    at_most = settings.calls_at_most(circuit.authority)
    return unit.breakers.enter(circuit, token, at, settings.lease_seconds, at_most)


def look_again(store: Store, circuit: Circuit, settings: Settings) -> None:
    """A delivery waits for room, and that is committed: ring for one if there is room after all.

    A call that ended while the wait was being written saw nobody wait, and woke nobody.
    """
    authority, direction = circuit.authority, circuit.direction
    with store.begin() as unit:
        at = now()
        if unit.breakers.room_surely(authority, direction, at, settings.calls_at_most(authority)):
            unit.outbox.wake(authority, 1, at)
            return
        until = unit.breakers.of(authority, direction).open_until
        if until is not None and until > at:  # it ended without an answer
            unit.outbox.probe_at(authority, until)


def not_made(unit: Unit, call: Call, at: datetime) -> None:
    """Nothing was asked of the system after all: another may call."""
    if unit.breakers.leave(call.token, is_probe=call.is_probe):
        _next_in(unit, call, 1, at)


def answered(unit: Unit, call: Call, at: datetime, result: str, *, brought: bool = False) -> None:
    """The system answered, if not always as we wish: it is there.

    :param result: a receipt's word, or an error's code.
    :param brought: whether data got through.
    """
    has_closed, may_be_waited_for = unit.breakers.answered(call, at, result, brought=brought)
    if has_closed:
        _tell(unit, "breaker-closed", call, at)
    if may_be_waited_for:
        _next_in(unit, call, call.at_most if has_closed else 1, at)


def did_not_answer(unit: Unit, call: Call, at: datetime, error: HubError) -> None:
    """The system did not answer: it is left alone for a while, and no message or document is to blame."""
    until, has_opened = unit.breakers.did_not_answer(call, at, error.code, error.retry_after)
    if has_opened:
        _tell(unit, "breaker-opened", call, at, code=error.code)
    if call.direction is Direction.RECIPIENT:
        unit.outbox.probe_at(call.authority, until)


def _next_in(unit: Unit, call: Call, most: int, at: datetime) -> None:
    """Ring for deliveries that wait for room; jobs look for themselves.

    A delivery's transaction does this last: it takes rows of other plans, and whoever holds those waits for no plan.
    """
    if call.direction is Direction.SOURCE:  # its place is one for deliveries too, if the recipient may be called
        most = min(most, unit.breakers.room(call.authority, Direction.RECIPIENT, at, call.at_most))
    unit.outbox.wake(call.authority, most, at)


def _tell(unit: Unit, what: str, call: Call, at: datetime, **besides: str) -> None:
    """Say that a circuit has opened or closed: in the audit, where operators look on, and in the log."""
    details: dict[str, Any] = {"authority": call.authority, "direction": call.direction.value, **besides}
    unit.audit.record(what, _ACTOR, at, "", **details)
    log = _log.warning if besides else _log.info
    log(what, **details)
