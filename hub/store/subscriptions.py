"""FHIR subscriptions and their numbered events, in one transaction.

    unit.subscriptions.tell("children", row, "plan.changed", target, at)   # in the transaction that decided so
    taken = unit.subscriptions.lease(id, token, at, 60)                    # one worker tells one subscriber
    unit.subscriptions.told(taken, 42, at, "told")

Numbers of a subscription rise by one and become visible in their order: whoever adds an event holds the subscription's
row until the commit, and a transaction that is rolled back has taken none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from hub.authority.feeding import Topic
from hub.crypto.envelope import Keyring
from hub.store import subscription_statements as sql
from hub.store.subscription_tables import subscription_events, subscriptions
from hub.store.tables import as_dict, outbox

_ROW, _EVENT = subscriptions.c, subscription_events.c
_FREE: dict[str, Any] = {"lease": None, "lease_until": None}


class Status(StrEnum):
    """Where a subscription stands, in FHIR's words (http://hl7.org/fhir/R4/valueset-subscription-status.html)."""

    REQUESTED = "requested"  # its address has not answered the handshake yet
    ACTIVE = "active"
    ERROR = "error"  # its address failed too often: events are numbered on, and nothing is sent
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a subscriber asks for.

    :ivar topic: what it is told of.
    :ivar endpoint: where.
    :ivar reason: what for, in the subscriber's own words.
    :ivar headers: lines of HTTP to send along, with secrets in them.
    :ivar heartbeat_seconds: after so long without a notification it is sent a sign of life; None: never.
    :ivar max_count: events in one notification at most.
    """

    topic: Topic
    endpoint: str = field(repr=False)
    reason: str = field(repr=False)
    headers: tuple[str, ...] = field(default=(), repr=False)
    heartbeat_seconds: int | None = None
    max_count: int = 20


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription.

    :ivar client: whose it is.
    :ivar recipient: the client's organisation, which deliveries go to.
    :ivar trouble: why it is in error; empty otherwise.
    :ivar last_event: number of its newest event: how many there were.
    :ivar told: number of the last that its address has taken.
    :ivar failures: answers in a row that were none.
    """

    id: UUID
    client: str
    recipient: str
    terms: Terms
    status: Status
    created_at: datetime
    trouble: str = ""
    last_event: int = 0
    told: int = 0
    failures: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """What a subscriber is told of: that there was a change, and for the hub alone in which plan."""

    number: int
    plan: UUID
    topic: Topic
    at: datetime


class Subscriptions:
    """Subscriptions, in one transaction."""

    def __init__(self, connection: sa.Connection, keyring: Keyring, municipality: str) -> None:
        self._connection = connection
        self._keyring = keyring
        self._municipality = municipality

    def add(self, one: Subscription) -> None:
        """Remember a new subscription; its address is to be asked at once."""
        self._connection.execute(
            subscriptions.insert().values(
                id=one.id, municipality=self._municipality, client=one.client, recipient=one.recipient,
                topic=one.terms.topic, endpoint=one.terms.endpoint, terms=self._sealed(one),
                heartbeat_seconds=one.terms.heartbeat_seconds, max_count=one.terms.max_count, status=one.status,
                trouble="", created_at=one.created_at, last_event=0, told=0, not_before=one.created_at, failures=0,
                last_result="",
            )
        )  # fmt: skip

    def of_client(self, client: str) -> Sequence[Subscription]:
        """Return the subscriptions of a client, the oldest first."""
        query = self._ours().where(_ROW.client == client).order_by(_ROW.created_at, _ROW.id)
        return [self._read(row) for row in self._connection.execute(query)]

    def get(self, wanted: UUID, client: str, *, lock: bool = False) -> Subscription | None:
        """Return a subscription of a client; None: there is none, or it is another's.

        :param lock: hold off whoever changes it until this commits.
        """
        query = self._ours().where(_ROW.id == wanted, _ROW.client == client)
        row = self._connection.execute(query.with_for_update() if lock else query).one_or_none()
        return self._read(row) if row is not None else None

    def stands(self, one: Subscription, status: Status, at: datetime) -> None:
        """Remember that its client has ended it, or wants its address to be asked anew.

        Who tells it just now changes nothing any more. Of one that has ended the headers are forgotten.
        """
        changed: dict[str, Any] = {"not_before": at, "failures": 0}
        if status is Status.OFF:
            changed = {"ended_at": at, "terms": self._sealed(replace(one, terms=replace(one.terms, headers=())))}
        this = subscriptions.update().where(_ROW.id == one.id)
        self._connection.execute(this.values(status=status, trouble="", **changed, **_FREE))

    # --- its events -------------------------------------------------------------------------------------------------

    def tell(self, recipient: str, row: UUID, topic: Topic, target: bytes, at: datetime) -> int:
        """Number an event of a delivery for each subscription of its recipient; return for how many.

        Whatever was decided, a subscription to changes hears it; one to withdrawals hears of those alone.

        :param target: digest of what the recipient is to hold of the plan; the same again is no news.
        """
        given = {"ours": self._municipality, "whom": recipient, "row": row}
        told = 0
        for known in self._connection.execute(sql.WHO_HEARS, given).all():
            is_news = (known.last_topic, known.last_target) != (topic, target)
            if not is_news or known.topic not in (Topic.CHANGED, topic):
                continue
            number = self._connection.execute(sql.NEXT, {"wanted": known.id}).scalar_one()
            event = {"subscription_id": known.id, "number": number, "outbox_id": row, "topic": topic}
            self._connection.execute(subscription_events.insert(), {**event, "target": target, "at": at})
            told += 1
        return told

    def events(self, wanted: UUID, since: int, until: int, most: int) -> Sequence[Event]:
        """Return the events of a subscription that are kept, from one number to another, both of them included."""
        query = (
            sa.select(_EVENT.number, outbox.c.plan_id, _EVENT.topic, _EVENT.at)
            .join(outbox, outbox.c.id == _EVENT.outbox_id)
            .where(_EVENT.subscription_id == wanted, _EVENT.number >= since, _EVENT.number <= until)
        )
        rows = self._connection.execute(query.order_by(_EVENT.number).limit(most))
        return [Event(row.number, row.plan_id, Topic(row.topic), row.at) for row in rows]

    # --- telling ----------------------------------------------------------------------------------------------------

    def due(self, recipients: Iterable[str], at: datetime) -> Sequence[UUID]:
        """Return the subscriptions that have something to be told and may be told it now, longest untold first."""
        given = {"ours": self._municipality, "among": list(recipients), "at": at}
        return self._connection.execute(sql.DUE, given).scalars().all()

    def lease(self, wanted: UUID, token: UUID, at: datetime, seconds: float) -> Subscription | None:
        """Take a subscription for this worker alone; None when another has it, or it is left alone for now."""
        given = {"wanted": wanted, "token": token, "at": at, "until": at + timedelta(seconds=seconds)}
        row = self._connection.execute(sql.LEASE, given).one_or_none()
        return self._read(row) if row is not None else None

    def told(self, one: Subscription, token: UUID, number: int, at: datetime) -> bool:
        """Its address has taken everything up to an event; what comes after it is to be told. Tell whether it counts.

        Whoever's lease ran out, or whose subscription was ended meanwhile, changes nothing.
        """
        period = one.terms.heartbeat_seconds
        return self._own(
            one, token, status=Status.ACTIVE, told=number, failures=0, not_before=at, last_attempt_at=at,
            last_success_at=at, last_result="told", trouble="",
            heartbeat_at=at + timedelta(seconds=period) if period else None,
        )  # fmt: skip

    def failed(self, one: Subscription, token: UUID, at: datetime, until: datetime, code: str, trouble: str) -> bool:
        """Its address did not take it; it is asked again from an instant on. Tell whether it counts.

        :param trouble: given: it is asked no more, and this is why.
        """
        status = Status.ERROR if trouble else one.status
        return self._own(
            one, token, status=status, failures=one.failures + 1, not_before=until, last_attempt_at=at,
            last_result=code, trouble=trouble,
        )  # fmt: skip

    def passes(self, one: Subscription, token: UUID, number: int) -> None:
        """There is nothing left to tell up to an event; what is known of its address stays as it is."""
        self._own(one, token, told=number)

    def waits(self, one: Subscription, token: UUID, until: datetime) -> None:
        """Nothing may be told for a while; what is known of its address stays as it is."""
        self._own(one, token, not_before=until)

    def start_afresh(self) -> None:
        """Forget leases: the one process that had them has just been started."""
        ours = subscriptions.update().where(_ROW.municipality == self._municipality, _ROW.lease.is_not(None))
        self._connection.execute(ours.values(**_FREE))

    # --- for operators, and for housekeeping ------------------------------------------------------------------------

    def standings(self) -> Sequence[dict[str, Any]]:
        """Return how every subscription stands that is not off: states, counts and times; no plan, no address."""
        told = [_ROW[name] for name in _TOLD]
        query = sa.select(*told).where(_ROW.municipality == self._municipality, _ROW.status != Status.OFF)
        return [as_dict(row) for row in self._connection.execute(query.order_by(_ROW.recipient, _ROW.created_at))]

    def clear(self, before: datetime, most: int) -> int:
        """Delete events older than an instant, and subscriptions that ended before it; at most so many of each."""
        given = {"ours": self._municipality, "before": before, "most": most}
        return sum(self._connection.execute(one, given).rowcount for one in (sql.CLEAR_EVENTS, sql.CLEAR_ENDED))

    def _sealed(self, one: Subscription) -> bytes:
        kept = {"reason": one.terms.reason, "headers": one.terms.headers}
        return self._keyring.seal_alone(orjson.dumps(kept), terms_place(one.id))

    def _ours(self) -> sa.Select[Any]:
        return sa.select(subscriptions).where(_ROW.municipality == self._municipality)

    def _own(self, one: Subscription, token: UUID, **values: Any) -> bool:
        mine = subscriptions.update().where(_ROW.id == one.id, _ROW.lease == token, _ROW.status != Status.OFF)
        return bool(self._connection.execute(mine.values(**values, **_FREE)).rowcount)

    def _read(self, row: sa.Row[Any]) -> Subscription:
        kept = orjson.loads(self._keyring.unseal_alone(row.terms, terms_place(row.id)))
        terms = Terms(
            Topic(row.topic), row.endpoint, kept["reason"], tuple(kept["headers"]), row.heartbeat_seconds, row.max_count
        )
        return Subscription(
            row.id, row.client, row.recipient, terms, Status(row.status), row.created_at, row.trouble, row.last_event,
            row.told, row.failures,
        )  # fmt: skip


_TOLD = (
    "id", "client", "recipient", "topic", "status", "trouble", "last_event", "told", "failures", "not_before",
    "last_attempt_at", "last_success_at", "last_result",
)  # fmt: skip


def terms_place(wanted: UUID) -> str:
    """Return what the sealed terms of a subscription are bound to."""
    return f"subscriptions|{wanted}"
