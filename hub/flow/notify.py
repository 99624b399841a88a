"""Tell a FHIR subscriber, at its own address: a handshake first, then events in the order of their numbers.

The same three steps as a delivery: take the subscription for this worker alone, tell without a transaction, remember
how far it came. A crash in between tells the same once more, under the same numbers. An address that fails is left
alone for longer each time, and after so many failures in a row its subscription is in error, until its client asks for
it again; events are numbered on meanwhile. An authority's breaker knows nothing of this: documents go another way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson

from hub.authority import Authorities
from hub.authority.notifying import Endpoints
from hub.clock import new_id, now
from hub.consent.reader import Reader
from hub.errors import HubError, Refused, Unavailable
from hub.flow.backoff import doubling
from hub.flow.feed import is_held
from hub.flow.notification import Kind, Notice, bundle
from hub.flow.push import TOLD
from hub.flow.settle import ACTOR
from hub.flow.subscriptions import as_told, reads_less
from hub.settings import Settings
from hub.store.subscriptions import Status, Subscription
from hub.store.transaction import Store, Unit

_LOOK_AGAIN = timedelta(seconds=5)  # whether an operator lets something through again
_FHIR = "/fhir"


@dataclass(frozen=True, slots=True)
class _Begun:
    """What is about to be told. :ivar number: of the last event that has been told, once it is."""

    token: UUID
    notice: Notice
    number: int

    @property
    def subscription(self) -> Subscription:
        return self.notice.subscription


def due(recipients: Iterable[str], store: Store) -> Sequence[UUID]:
    """Return the subscriptions of some recipients that have something to be told, and may be told it now."""
    with store.begin(read_only=True) as unit:
        return unit.subscriptions.due(recipients, now())


def base_of(settings: Settings) -> str:
    """Return the address of the hub's FHIR service, as subscribers reach it."""
    return settings.address + _FHIR


def notify(wanted: UUID, store: Store, authorities: Authorities, settings: Settings) -> str:
    """Tell a subscription what is next.

    :return: ``told``, the code of the error that stopped it, or empty when there is nothing to tell it just now.
    """
    with store.begin() as unit:
        begun = _begin(unit, wanted, authorities, settings)
    if begun is None:
        return ""
    error = _tell(begun, authorities[begun.subscription.recipient].endpoints)
    with store.begin() as unit:
        if error is None:
            _was_told(unit, begun, now())
        else:
            _failed(unit, begun, error, now(), settings)
    return error.code if error else TOLD


def _begin(unit: Unit, wanted: UUID, authorities: Authorities, settings: Settings) -> _Begun | None:
    token, at = new_id(), now()
    one = unit.subscriptions.lease(wanted, token, at, settings.lease_seconds)
    if one is None:
        return None
    if is_held(unit, one.recipient) or _reads_less(one.client, settings):
        unit.subscriptions.waits(one, token, at + _LOOK_AGAIN)
        return None
    base = base_of(settings)
    if one.status is Status.REQUESTED:
        return _Begun(token, Notice(Kind.HANDSHAKE, one, (), base, at), one.told)
    found = unit.subscriptions.events(one.id, one.told + 1, one.last_event, one.terms.max_count)
    is_last = len(found) < one.terms.max_count
    number = one.last_event if is_last else found[-1].number
    if not found and one.told < one.last_event:  # they are cleared, or their plan is erased
        unit.subscriptions.passes(one, token, number)
        return None
    told = as_told(unit, found, Reader(one.recipient, authorities[one.recipient].role), at)
    return _Begun(token, Notice(Kind.EVENTS if found else Kind.HEARTBEAT, one, told, base, at), number)


def _reads_less(client: str, settings: Settings) -> bool:
    """Tell whether its client has been limited since: it may ask for nothing of it either (``subscriptions``)."""
    known = settings.clients.get(client)
    return known is not None and reads_less(known.kle or None, known.purpose)


def _tell(begun: _Begun, endpoints: Endpoints | None) -> HubError | None:
    one = begun.subscription
    if endpoints is None:  # the settings have changed since it was found due
        return Unavailable("The settings name no address for this recipient.")
    try:
        endpoints.notify(one.terms.endpoint, orjson.dumps(bundle(begun.notice)), _headers(one.terms.headers))
    except (Refused, Unavailable) as error:
        return error
    return None


def _headers(lines: Iterable[str]) -> Mapping[str, str]:
    """Return headers by name; they were checked when they came."""
    split = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, _, value in split}


def _was_told(unit: Unit, begun: _Begun, at: datetime) -> None:
    one = begun.subscription
    if not unit.subscriptions.told(one, begun.token, begun.number, at):
        return
    if begun.notice.kind is Kind.EVENTS:
        told = {"first": begun.notice.events[0].number, "last": begun.notice.events[-1].number}
        _write_down(unit, "subscriber-notified", one, at, **told)
    elif begun.notice.kind is Kind.HANDSHAKE:
        _write_down(unit, "subscription-active", one, at)


def _failed(unit: Unit, begun: _Begun, error: HubError, at: datetime, settings: Settings) -> None:
    """Ask again later; or not, where a new address will not have it, or one has failed too often."""
    one, failures = begun.subscription, begun.subscription.failures + 1
    is_refused = begun.notice.kind is Kind.HANDSHAKE and isinstance(error, Refused)
    gives_up = is_refused or failures >= settings.subscription_failures
    wait = max(error.retry_after or 0.0, doubling(failures))
    trouble = error.sentence[:200] if gives_up else ""
    until = at + timedelta(seconds=wait)
    if unit.subscriptions.failed(one, begun.token, at, until, error.code, trouble) and gives_up:
        _write_down(unit, "subscription-failed", one, at, code=error.code)


def _write_down(unit: Unit, action: str, one: Subscription, at: datetime, **details: Any) -> None:
    unit.audit.record(action, ACTOR, at, "", recipient=one.recipient, subscription=one.id, **details)
