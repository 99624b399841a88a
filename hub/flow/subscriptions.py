"""Let the system of a recipient subscribe, over FHIR, to what it is told of plans; and catch up on what it has missed.

An event is numbered in the transaction that decides that its recipient is to hear something
(``feed.tell_subscribers``), so it tells of nothing that the recipient may not see. A subscription is its client's
alone, and names one of the addresses that the settings allow its recipient; to everybody else it is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.authority.notifying import Endpoints
from hub.clock import new_id, now
from hub.consent.reader import ONE_PLAN, Reader
from hub.errors import Conflict, Fault, InvalidRequest, NotAllowed, NotFound
from hub.flow.belonging import may_open
from hub.flow.notification import ToldEvent
from hub.flow.refusal import refusals_written
from hub.store.subscriptions import Event, Status, Subscription, Terms
from hub.store.transaction import Store, Unit

#: Subscriptions of one client that are not off.
MOST = 20
#: Events in one answer.
MOST_EVENTS = 500
_NONE = "There is no subscription of yours with this id."
_NOT_THERE = "The settings of the hub do not let you be told at this address."
_LET = "The hub's operator can: subscriptions.urls of your organisation names each address."
_WHOLE = "Subscribe by a client that no KLE limits, and whose purpose is one-plan."
_ASK = "Use an address that the hub's operator has allowed you, letter for letter (subscriptions.urls)."


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who subscribes.

    :ivar client: by which client of its organisation: each knows of its own subscriptions alone.
    """

    reader: Reader
    client: str
    correlation_id: str

    @property
    def recipient(self) -> str:
        """Return whose deliveries it hears of."""
        return self.reader.organisation


def subscribe(terms: Terms, subscriber: Subscriber, endpoints: Endpoints | None, store: Store) -> Subscription:
    """Take a subscription down; its address is asked at once, by whoever delivers, whether it will have it.

    :param endpoints: where its recipient may be told; None: nowhere.
    :raises NotAllowed: the settings let its recipient be told nowhere, or the client reads less than its recipient.
    :raises InvalidRequest: they do not allow its address.
    :raises Conflict: the client has too many.
    """
    with refusals_written(store, subscriber.client, subscriber.correlation_id), store.begin() as unit:
        if endpoints is None:
            raise NotAllowed("The settings of the hub let your organisation be told nowhere.", _LET)
        _check_reads_all(subscriber)
        if terms.endpoint not in endpoints.allowed:
            raise InvalidRequest(_NOT_THERE, faults=[Fault("Subscription.channel.endpoint", _NOT_THERE, _ASK)])
        if sum(one.status is not Status.OFF for one in unit.subscriptions.of_client(subscriber.client)) >= MOST:
            raise Conflict(f"You have {MOST} subscriptions.", "End one of them first: update its status to off.")
        one = Subscription(new_id(), subscriber.client, subscriber.recipient, terms, Status.REQUESTED, now())
        unit.subscriptions.add(one)
        _write_down(unit, "subscription-created", one, subscriber, one.created_at)
        return one


def shown(wanted: UUID, subscriber: Subscriber, store: Store) -> Subscription:
    """Return a subscription to its client, as it was asked for. :raises NotFound: there is none, or it is another's.

    It says nothing of its events, and who is to hear of none any more must read it to end it.
    """
    asked = refusals_written(store, subscriber.client, subscriber.correlation_id, asked=wanted)
    with asked, store.begin(read_only=True) as unit:
        return _own(unit, wanted, subscriber)


def standing(wanted: UUID, subscriber: Subscriber, store: Store) -> Subscription:
    """Return a subscription to its client, to be told how many events it has had.

    :raises NotFound: there is none, or it is another's.
    :raises NotAllowed: the client reads less than its recipient by now.
    """
    asked = refusals_written(store, subscriber.client, subscriber.correlation_id, asked=wanted)
    with asked, store.begin(read_only=True) as unit:
        one = _own(unit, wanted, subscriber)
        _check_reads_all(subscriber)
        return one


def own(subscriber: Subscriber, store: Store) -> Sequence[Subscription]:
    """Return every subscription of a client."""
    with store.begin(read_only=True) as unit:
        return unit.subscriptions.of_client(subscriber.client)


def change(
    wanted: UUID, status: Status, subscriber: Subscriber, store: Store, agrees: Callable[[Subscription], None]
) -> Subscription:
    """End a subscription, or have the address of one that is in error asked anew; what it has missed follows.

    :param agrees: raises unless what the client has read of it is what stands now.
    :raises NotFound: there is none, or it is another's.
    :raises NotAllowed: the client reads less than its recipient by now, and does not end it.
    :raises Conflict: it has ended; that is for good.
    """
    with refusals_written(store, subscriber.client, subscriber.correlation_id, asked=wanted), store.begin() as unit:
        one = _own(unit, wanted, subscriber, lock=True)
        agrees(one)
        if status is not Status.OFF:
            _check_reads_all(subscriber)
        if status is one.status:
            return one
        if one.status is Status.OFF:
            raise Conflict("This subscription has ended.", "Create another one.")
        if status not in (Status.OFF, Status.REQUESTED):
            raise InvalidRequest(
                "The request has faults.",
                faults=[Fault("Subscription.status", "The hub says this itself.", "Use off to end it, or requested.")],
            )
        at = now()
        unit.subscriptions.stands(one, status, at)
        _write_down(unit, "subscription-ended" if status is Status.OFF else "subscription-asked", one, subscriber, at)
        return replace(one, status=status, trouble="")


def events(
    wanted: UUID, since: int, until: int, subscriber: Subscriber, store: Store
) -> tuple[Subscription, Sequence[ToldEvent]]:
    """Return the events of a subscription from one number to another, both included, as far as they are kept.

    :raises NotFound: there is none, or it is another's.
    :raises NotAllowed: the client reads less than its recipient by now.
    """
    with refusals_written(store, subscriber.client, subscriber.correlation_id, asked=wanted), store.begin() as unit:
        one, at = _own(unit, wanted, subscriber), now()
        _check_reads_all(subscriber)
        found = unit.subscriptions.events(one.id, since, until, MOST_EVENTS)
        if found:
            numbers = {"first": found[0].number, "last": found[-1].number}
            _write_down(unit, "subscription-events-read", one, subscriber, at, **numbers)
        return one, as_told(unit, found, subscriber.reader, at)


def as_told(unit: Unit, found: Sequence[Event], reader: Reader, at: datetime) -> Sequence[ToldEvent]:
    """Return events as their subscriber may hear of them at this moment: a plan is named to whom it would open."""
    opens = {plan: may_open(unit, plan, None, reader, at) for plan in {one.plan for one in found}}
    return [ToldEvent(one.number, one.at, one.plan if opens[one.plan] else None) for one in found]


def reads_less(kle: Collection[str] | None, purpose: str) -> bool:
    """Tell whether a client reads less than its organisation hears of, which would tell of what is withheld from it.

    :param kle: what its work is limited to; None: it is not.
    """
    return kle is not None or purpose != ONE_PLAN


def _check_reads_all(subscriber: Subscriber) -> None:
    if reads_less(subscriber.reader.kle, subscriber.reader.purpose):
        raise NotAllowed("Your client may read less than your organisation is told of.", _WHOLE)


def _own(unit: Unit, wanted: UUID, subscriber: Subscriber, *, lock: bool = False) -> Subscription:
    one = unit.subscriptions.get(wanted, subscriber.client, lock=lock)
    if one is None:
        raise NotFound(_NONE)
    return one


def _write_down(
    unit: Unit, action: str, one: Subscription, subscriber: Subscriber, at: datetime, **details: Any
) -> None:
    told: dict[str, Any] = {"recipient": one.recipient, "subscription": one.id, "topic": one.terms.topic, **details}
    unit.audit.record(action, subscriber.client, at, subscriber.correlation_id, **told)
