"""Subscriptions as FHIR R4: read or refused, told back as they were asked for, and valid for others."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class

from hub.authority.feeding import Topic
from hub.clock import new_id
from hub.errors import InvalidRequest
from hub.fhir.subscription_in import read_subscription
from hub.fhir.subscription_out import subscription_resource
from hub.flow.notification import Kind, Notice, ToldEvent, bundle, standing
from hub.store.subscriptions import Status, Subscription, Terms
from hub.testing.clock import THEN

_GUIDE = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
ASKED: dict[str, Any] = {
    "resourceType": "Subscription",
    "status": "requested",
    "reason": "Følge med",
    "criteria": "urn:one-plan-hub:fhir:topic:plan-changed",
    "channel": {
        "type": "rest-hook",
        "endpoint": "https://children.example/told",
        "payload": "application/fhir+json",
        "_payload": {"extension": [{"url": f"{_GUIDE}backport-payload-content", "valueCode": "id-only"}]},
        "header": ["Authorization: Bearer hemmelig"],
        "extension": [
            {"url": f"{_GUIDE}backport-heartbeat-period", "valueUnsignedInt": 60},
            {"url": f"{_GUIDE}backport-max-count", "valuePositiveInt": 7},
        ],
    },
}
TERMS = Terms(Topic.CHANGED, "https://children.example/told", "Følge med", ("Authorization: Bearer hemmelig",), 60, 7)
ONE = Subscription(new_id(), "client", "children", TERMS, Status.ACTIVE, THEN, last_event=42)
BASE = "https://hub.example/fhir"


def asked(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    resource = copy.deepcopy(ASKED)
    change(resource)
    return resource


def check(resource: dict[str, Any]) -> None:
    """Check that R4's own model takes it, and that it says the same in there."""
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_what_is_asked_for_is_read() -> None:
    check(ASKED)
    assert read_subscription(ASKED) == (Status.REQUESTED, TERMS)


def test_what_is_not_asked_for_is_the_usual() -> None:
    _, terms = read_subscription(asked(lambda one: [one["channel"].pop(name) for name in ("extension", "header")]))
    assert (terms.headers, terms.heartbeat_seconds, terms.max_count) == ((), None, 20)


def test_no_more_at_once_than_the_hub_tells() -> None:
    most = asked(lambda one: one["channel"]["extension"][1].update(valuePositiveInt=1_000_000))
    assert read_subscription(most)[1].max_count == 50


def test_it_is_told_back_as_it_was_asked_for_without_its_headers() -> None:
    resource = subscription_resource(ONE)
    check(resource)
    assert "hemmelig" not in str(resource)
    assert read_subscription(resource) == (Status.ACTIVE, replace(TERMS, headers=()))


def test_one_in_error_says_why() -> None:
    resource = subscription_resource(replace(ONE, status=Status.ERROR, trouble="The system answered HTTP 503."))
    check(resource)
    assert (resource["status"], resource["error"]) == ("error", "The system answered HTTP 503.")


def _content(code: str) -> Callable[[dict[str, Any]], object]:
    return lambda one: one["channel"]["_payload"]["extension"][0].update(valueCode=code)


def _channel(**facts: Any) -> Callable[[dict[str, Any]], object]:
    return lambda one: one["channel"].update(facts)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("Subscription.resourceType", lambda one: one.update(resourceType="Basic")),
        ("Subscription.status", lambda one: one.update(status="hemmelig")),
        ("Subscription.reason", lambda one: one.pop("reason")),
        ("Subscription.criteria", lambda one: one.update(criteria="Patient?name=hemmelig")),
        ("Subscription.end", lambda one: one.update(end="2030-01-01T00:00:00Z")),
        ("Subscription.contact", lambda one: one.update(contact=[{"value": "hemmelig"}])),
        ("Subscription._criteria", lambda one: one.update(_criteria={"extension": [{"url": "x"}]})),
        ("Subscription.channel", lambda one: one.pop("channel")),
        ("Subscription.channel", lambda one: one.update(channel="hemmelig")),
        ("Subscription.channel.type", _channel(type="email")),
        ("Subscription.channel.type", _channel(type="websocket")),
        ("Subscription.channel.endpoint", _channel(endpoint=["hemmelig"])),
        ("Subscription.channel.payload", _channel(payload="application/fhir+xml")),
        ("Subscription.channel._payload.extension", _content("full-resource")),
        ("Subscription.channel._payload.extension", _content("empty")),
        ("Subscription.channel._payload", lambda one: one["channel"].pop("_payload")),
        ("Subscription.channel.extension[0].url", lambda one: one["channel"]["extension"][0].update(url="hemmelig")),
        ("Subscription.channel.extension[0].valueUnsignedInt",
         lambda one: one["channel"]["extension"][0].update(valueUnsignedInt=0)),
        ("Subscription.channel.extension[0].valueUnsignedInt",
         lambda one: one["channel"]["extension"][0].update(valueUnsignedInt=True)),
        ("Subscription.channel.extension[1].valuePositiveInt",
         lambda one: one["channel"]["extension"][1].update(valuePositiveInt="hemmelig")),
        ("Subscription.channel.header", _channel(header="hemmelig")),
        ("Subscription.channel.header", _channel(header=[f"X-{n}: hemmelig" for n in range(6)])),
        ("Subscription.channel.header[0]", _channel(header=["hemmelig"])),
        ("Subscription.channel.header[0]", _channel(header=["X-A: hemmelig\r\nHost: elsewhere"])),
        ("Subscription.channel.header[0]", _channel(header=["Host: hemmelig"])),
        ("Subscription.channel.header[0]", _channel(header=["transfer-encoding: hemmelig"])),
        ("Subscription.channel.header[0]", _channel(header=["X-A: hemmelig", "x-a: hemmelig"])),
        ("Subscription.channel.header[0]", _channel(header=["X-A: hemmélig"])),
        ("Subscription.channel.header[0]", _channel(header=[{"hemmelig": 1}])),
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_refused_by_its_place_and_no_value_is_repeated(
    field: str, change: Callable[[dict[str, Any]], object]
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_subscription(asked(change))
    assert field in [fault.field for fault in refused.value.faults]
    assert "hemm" not in refused.value.diagnostics()


@pytest.mark.parametrize("kind", Kind)
def test_a_notification_is_an_r4_bundle_that_begins_with_parameters(kind: Kind) -> None:
    plan = new_id()
    events = [ToldEvent(41, THEN, None), ToldEvent(42, THEN, plan)] if kind in (Kind.EVENTS, Kind.QUERY) else []
    told = orjson.loads(orjson.dumps(bundle(Notice(kind, ONE, events, BASE, THEN))))
    check(told)
    (entry,) = told["entry"]
    assert (told["type"], entry["resource"]["resourceType"]) == ("history", "Parameters")
    assert entry["fullUrl"] == f"urn:uuid:{entry['resource']['id']}"
    assert entry["request"] == {"method": "GET", "url": f"{BASE}/Subscription/{ONE.id}/$status"}
    said = {one["name"]: one for one in entry["resource"]["parameter"]}
    assert said["type"]["valueCode"] == kind
    assert said["events-since-subscription-start"]["valueString"] == "42"
    parts = [one["part"] for one in entry["resource"]["parameter"] if one["name"] == "notification-event"]
    assert [[part["name"] for part in one] for one in parts] == (
        [["event-number", "timestamp"], ["event-number", "timestamp", "focus"]] if events else []
    )
    assert "SubscriptionStatus" not in str(told), "R4 does not know it"


def test_how_one_stands_is_a_searchset_and_says_what_is_wrong() -> None:
    one = replace(ONE, status=Status.ERROR, trouble="The system answered HTTP 503.")
    told = standing(Notice(Kind.STATUS, one, (), BASE, THEN))
    check(told)
    assert told["type"] == "searchset"
    (error,) = [one for one in told["entry"][0]["resource"]["parameter"] if one["name"] == "error"]
    assert error["valueCodeableConcept"]["text"] == "The system answered HTTP 503."
