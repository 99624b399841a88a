"""Tell a recipient that fetches that something is due to it, let it read that, and hear how far it has come.

An event says that there is something to fetch, and nothing of what or about whom. It is written in the transaction that
decided so, and the row stays due: only the receipt of what was fetched settles it (``hub.flow.fetch``). So an event
that is lost on the way, or acknowledged without a fetch, comes again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hub.authority import Authorities
from hub.authority.feeding import Topic
from hub.clock import now
from hub.errors import Fault, InvalidRequest
from hub.flow.difference import Decided, Difference
from hub.flow.refusal import refusals_written
from hub.flow.settle import ACTOR, Settled
from hub.settings import Settings
from hub.store.circuits import Direction
from hub.store.feeds import Head, ThinEvent
from hub.store.lease import Lease
from hub.store.transaction import Store, Unit

_NOT_SO_FAR = "The feed does not go that far."
_BEGIN_AGAIN = "Ask without it: that begins where you have acknowledged."


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Whose feed it is, and which of its clients speaks."""

    recipient: str
    client: str
    correlation_id: str


def fetches(recipient: str, authorities: Authorities) -> bool:
    """Tell whether a recipient fetches what is due to it, instead of being sent it."""
    return recipient in authorities and authorities[recipient].feed is not None


def is_held(unit: Unit, recipient: str) -> bool:
    """Tell whether an operator lets nothing through to a recipient."""
    return unit.breakers.of(recipient, Direction.RECIPIENT).held_at is not None


def tell(
    unit: Unit, due: UUID, recipient: str, decided_now: Callable[[], Decided | Settled], settings: Settings
) -> Settled:
    """Put an event into a recipient's feed if there is something for it, and none stands there that says the same.

    :param due: the row; it is given back, and stays due.
    :param decided_now: what there is.
    """
    if is_held(unit, recipient):
        unit.outbox.wait(due, now())
        return Settled.PAUSED
    decided = decided_now()
    unit.outbox.wake(recipient, 1, now())  # the next that waited while it was held; no call ends that would ring for it
    if not isinstance(decided, Decided):
        return decided
    lease, at = decided.lease, decided.at
    topic = topic_of(decided.change)
    again = timedelta(seconds=settings.feed_again_seconds)
    is_urgent, is_news = topic is Topic.WITHDRAWN, not unit.feeds.stands(recipient, lease.id, topic, at - again)
    unit.outbox.await_fetch(lease, at, at + again)
    if is_news:
        unit.audit.record(
            "feed-told",
            ACTOR,
            at,
            lease.correlation_id,
            lease.plan,
            recipient=recipient,
            delivery=lease.id,
            topic=topic,
        )
        unit.feeds.put(recipient, lease.id, topic, at, urgent=is_urgent)  # last: others that tell it wait until commit
    tell_subscribers(unit, lease, decided.change)
    return Settled.TOLD


def tell_subscribers(unit: Unit, lease: Lease, change: Difference) -> None:
    """Number an event for each subscription of a recipient that is to hear something, fetched or sent.

    Last in its transaction, as with a feed: others that tell the same recipient wait until the commit.
    """
    unit.subscriptions.tell(lease.recipient, lease.id, topic_of(change), change.target, now())


def topic_of(change: Difference) -> Topic:
    """Return what a recipient is told of a change."""
    return Topic.WITHDRAWN if change.withdrawn else Topic.CHANGED


def read(
    fetcher: Fetcher, after: int | None, most: int, topic: Topic | None, store: Store
) -> tuple[Sequence[ThinEvent], Head]:
    """Return the events of a feed that come after a position, and how far the feed goes.

    :param after: None: what the recipient has acknowledged.
    :raises InvalidRequest: the feed does not go that far; it may have been brought back from a backup.
    """
    with refusals_written(store, fetcher.client, fetcher.correlation_id), store.begin() as unit:
        at = now()
        head = unit.feeds.head(fetcher.recipient)
        if after is not None and after > head.last_position:
            raise InvalidRequest("There is no such position.", faults=[Fault("after", _NOT_SO_FAR, _BEGIN_AGAIN)])
        events = unit.feeds.after(fetcher.recipient, head.acknowledged if after is None else after, most, topic)
        unit.feeds.was_read(fetcher.recipient, at)
        if events:
            _write_down(unit, "feed-read", fetcher, at, first=events[0].position, last=events[-1].position)
        return events, head


def acknowledge(fetcher: Fetcher, position: int, store: Store) -> Head:
    """A recipient needs nothing up to a position any more. It is no receipt: what was not fetched comes again.

    :raises InvalidRequest: its feed does not go that far.
    """
    with refusals_written(store, fetcher.client, fetcher.correlation_id), store.begin() as unit:
        at = now()
        if not unit.feeds.acknowledge(fetcher.recipient, position, at):
            raise InvalidRequest("There is no such position.", faults=[Fault("position", _NOT_SO_FAR, _BEGIN_AGAIN)])
        _write_down(unit, "feed-acknowledged", fetcher, at, position=position)
        return unit.feeds.head(fetcher.recipient)


def _write_down(unit: Unit, action: str, fetcher: Fetcher, at: datetime, **details: Any) -> None:
    unit.audit.record(action, fetcher.client, at, fetcher.correlation_id, recipient=fetcher.recipient, **details)
