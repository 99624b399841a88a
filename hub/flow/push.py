"""Tell a subscriber, at its own address, of what has come into its feed: in order, and each event at least once.

The same three steps as a delivery: take the subscriber for this worker alone, tell without a transaction, remember how
far it came. A subscriber that does not answer is paused by its authority's breaker, and nothing counts; one that fails
is asked again after a while. Neither passes an event by, so what is missed is caught up from the cursor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import orjson

from hub.authority.feeding import Subscriber
from hub.clock import monotonic, new_id, now
from hub.errors import HubError, RecipientDown, Refused, Unavailable
from hub.flow import calls
from hub.flow.backoff import doubling
from hub.flow.settle import ACTOR
from hub.flow.thin_events import cloud_event
from hub.settings import Settings
from hub.store.circuits import Call, Direction
from hub.store.feeds import ThinEvent
from hub.store.pushes import Push
from hub.store.transaction import Store, Unit

_BATCH = 50
_A_PUSH = 15.0  # seconds that one may take
TOLD = "told"


@dataclass(frozen=True, slots=True)
class _Begun:
    call: Call
    push: Push
    events: Sequence[ThinEvent]


def behind(recipients: Iterable[str], store: Store) -> Sequence[str]:
    """Return those of some subscribers for which something has come, and which may be told now."""
    with store.begin(read_only=True) as unit:
        return unit.feeds.pushes.behind(recipients, now())


def push(recipient: str, subscriber: Subscriber, store: Store, settings: Settings) -> str:
    """Tell a subscriber of the next events.

    :return: ``told``, the code of the error that stopped it, or empty when it may not be told just now.
    """
    with store.begin() as unit:
        begun = _begin(unit, recipient, subscriber, settings)
    if begun is None:
        return ""
    position, error = _tell(begun, subscriber, store.municipality, monotonic() + settings.lease_seconds - _A_PUSH)
    with store.begin() as unit:
        _settle(unit, begun, position, error)
    return error.code if error else TOLD


def _begin(unit: Unit, recipient: str, subscriber: Subscriber, settings: Settings) -> _Begun | None:
    at = now()
    call = calls.begin(unit, recipient, Direction.RECIPIENT, new_id(), at, settings)
    if call is None:
        return None
    taken = unit.feeds.pushes.lease(recipient, call.token, at, settings.lease_seconds)
    if taken is None:
        calls.not_made(unit, call, at)
        return None
    last = unit.feeds.head(recipient).last_position  # before the events: none that comes in between is passed by
    events = unit.feeds.after(recipient, taken.position, _BATCH)
    if any(event.topic in subscriber.topics for event in events):
        return _Begun(call, taken, events)
    # Of other topics, or read and cleared by now: nobody is called, so nothing is known of the subscriber.
    unit.feeds.pushes.passes(taken, events[-1].position if len(events) == _BATCH else last)
    calls.not_made(unit, call, at)
    return None


def _tell(begun: _Begun, subscriber: Subscriber, municipality: str, until: float) -> tuple[int, HubError | None]:
    """Tell of one event after the other, as long as the lease has room for one more; return how far it came."""
    position = begun.push.position
    for event in begun.events:
        try:
            if event.topic in subscriber.topics:
                subscriber.push(str(event.id), orjson.dumps(cloud_event(event, municipality)))
        except (Refused, Unavailable) as error:
            return position, error
        position = event.position
        if monotonic() >= until:
            break
    return position, None


def _settle(unit: Unit, begun: _Begun, position: int, error: HubError | None) -> None:
    at, taken, call = now(), begun.push, begun.call
    if position > taken.position:
        unit.audit.record("subscriber-told", ACTOR, at, "", recipient=taken.recipient, last=position)
    if error is None:
        unit.feeds.pushes.told(taken, position, at, TOLD)
        calls.answered(unit, call, at, TOLD, brought=True)
    elif isinstance(error, RecipientDown):  # its breaker says when it is asked again
        unit.feeds.pushes.told(taken, position, at, error.code, failures=taken.failures)
        calls.did_not_answer(unit, call, at, error)
    else:
        failures = 1 if position > taken.position else taken.failures + 1
        wait = timedelta(seconds=doubling(failures))
        unit.feeds.pushes.told(taken, position, at, error.code, failures=failures, until=at + wait)
        calls.answered(unit, call, at, error.code)
