"""Write what a subscriber is told: a FHIR R4 Bundle in the shape of the Subscriptions R5 Backport.

The status is a ``Parameters`` resource, first in a Bundle of the type ``history``: R4 does not know R4B's
SubscriptionStatus. Only ids are told, of plans that the subscriber may open at that moment; of others, that something
was. Source: http://hl7.org/fhir/uv/subscriptions-backport (1.1.0), the profiles backport-subscription-notification-r4
and backport-subscription-status-r4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid5

from hub.authority.feeding import Topic
from hub.store.subscriptions import Subscription

GUIDE = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
_TOPIC = "urn:one-plan-hub:fhir:topic:"


class Kind(StrEnum):
    """What a notification is for (http://hl7.org/fhir/R4B/valueset-subscription-notification-type.html)."""

    HANDSHAKE = "handshake"
    HEARTBEAT = "heartbeat"
    EVENTS = "event-notification"
    STATUS = "query-status"
    QUERY = "query-event"


@dataclass(frozen=True, slots=True)
class ToldEvent:
    """An event as its subscriber is told of it.

    :ivar plan: None: the subscriber may not open it now.
    """

    number: int
    at: datetime
    plan: UUID | None


@dataclass(frozen=True, slots=True)
class Notice:
    """What a subscriber is told at once.

    :ivar base: address of the hub's FHIR service, without a slash at the end.
    """

    kind: Kind
    subscription: Subscription
    events: Sequence[ToldEvent]
    base: str
    at: datetime


def canonical(topic: Topic) -> str:
    """Return what FHIR calls a topic: what stands in ``Subscription.criteria``."""
    return _TOPIC + topic.replace(".", "-")


def bundle(notice: Notice) -> dict[str, Any]:
    """Return a notification, or the answer to ``$events``."""
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [GUIDE + "backport-subscription-notification-r4"]},
        "type": "history",
        "timestamp": _instant(notice.at),
        "entry": [
            {
                **_entry(notice),
                "request": {"method": "GET", "url": f"{_address(notice)}/$status"},
                "response": {"status": "200"},
            }
        ],
    }


def standing(notice: Notice) -> dict[str, Any]:
    """Return the answer to ``$status``."""
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "timestamp": _instant(notice.at),
        "total": 1,
        "entry": [{**_entry(notice), "search": {"mode": "match"}}],
    }


def _entry(notice: Notice) -> dict[str, Any]:
    numbers = "|".join(str(event.number) for event in notice.events)
    name = uuid5(notice.subscription.id, f"{notice.kind}|{numbers}|{notice.at.isoformat()}")
    return {"fullUrl": f"urn:uuid:{name}", "resource": _status(notice, name)}


def _status(notice: Notice, name: UUID) -> dict[str, Any]:
    one = notice.subscription
    told: list[dict[str, Any]] = [
        {"name": "subscription", "valueReference": {"reference": _address(notice)}},
        {"name": "topic", "valueCanonical": canonical(one.terms.topic)},
        {"name": "status", "valueCode": one.status.value},
        {"name": "type", "valueCode": notice.kind.value},
        {"name": "events-since-subscription-start", "valueString": str(one.last_event)},
        *({"name": "notification-event", "part": _event(event, notice.base)} for event in notice.events),
    ]
    if one.trouble:
        told.append({"name": "error", "valueCodeableConcept": {"text": one.trouble}})
    profile = {"profile": [GUIDE + "backport-subscription-status-r4"]}
    return {"resourceType": "Parameters", "id": str(name), "meta": profile, "parameter": told}


def _event(event: ToldEvent, base: str) -> list[dict[str, Any]]:
    focus = {"reference": f"{base}/CarePlan/{event.plan}"}
    return [
        {"name": "event-number", "valueString": str(event.number)},
        {"name": "timestamp", "valueInstant": _instant(event.at)},
        *([{"name": "focus", "valueReference": focus}] if event.plan else []),
    ]


def _address(notice: Notice) -> str:
    return f"{notice.base}/Subscription/{notice.subscription.id}"


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
