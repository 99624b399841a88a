"""FHIR subscriptions over HTTP: who may have one and where, how it is read and ended, and what others learn of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from hub.authority import Authorities, load
from hub.flow.notify import due, notify
from hub.identity.tokens import new_token
from hub.plan.person import Role
from hub.settings import Client
from hub.store.subscriptions import Status
from tests.integration.api.served import Served, served
from tests.integration.databases import a_migrated_postgresql
from tests.integration.flow.subscribing import status_of
from tests.integration.subscribers import Subscriber, a_subscriber
from tests.integration.world import some_settings

pytestmark = pytest.mark.integration

_GUIDE = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"


@pytest.fixture
def listening() -> Iterator[Subscriber]:
    with a_subscriber() as subscriber:
        yield subscriber


@pytest.fixture
def authorities(listening: Subscriber) -> Authorities:
    return load({"children": {"subscriptions": {"urls": [listening.url]}}})


@pytest.fixture(params=["embedded", pytest.param("servers", marks=pytest.mark.servers)])
def hub(request: pytest.FixtureRequest, tmp_path: Path, listening: Subscriber) -> Iterator[Served]:
    """A hub where children may subscribe, by either of two clients."""
    wires = {"children": {"subscriptions": {"urls": [listening.url]}}}
    token, digest = new_token()
    given = {"token_sha256": digest, "organisation": "children", "role": Role.AUTHORITY_SYSTEM}
    clients = {"children-too": Client.model_validate(given)}
    with ExitStack() as open_:
        is_embedded = request.param == "embedded"
        url = f"sqlite:///{tmp_path / 'hub.db'}" if is_embedded else open_.enter_context(a_migrated_postgresql())
        running = open_.enter_context(served(url, wires=wires, clients=clients))
        yield replace(running, tokens={**running.tokens, "children-too": token})


def asked(endpoint: str, **facts: Any) -> dict[str, Any]:
    """Return what a client sends to subscribe."""
    content = {"url": f"{_GUIDE}backport-payload-content", "valueCode": "id-only"}
    channel = {
        "type": "rest-hook", "endpoint": endpoint, "payload": "application/fhir+json",
        "_payload": {"extension": [content]}, "header": ["Authorization: Bearer hemmelig"],
    }  # fmt: skip
    return {
        "resourceType": "Subscription", "status": "requested", "reason": "Følge med",
        "criteria": "urn:one-plan-hub:fhir:topic:plan-changed", "channel": channel, **facts,
    }  # fmt: skip


def subscribes(hub: Served, listening: Subscriber, caller: str = "children") -> dict[str, Any]:
    answer = hub.ask(caller, "POST", "/fhir/Subscription", asked(listening.url))
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/fhir/Subscription/{answer.json()['id']}"
    told: dict[str, Any] = answer.json()
    return told


def tells(hub: Served, authorities: Authorities) -> None:
    for one in due(authorities, hub.store):
        notify(one, hub.store, authorities, some_settings())


def sends_back(hub: Served, one: dict[str, Any], caller: str = "children", **facts: Any) -> httpx.Response:
    """Send a subscription back as it was read, with its ETag."""
    tag = f'W/"{one["meta"]["versionId"]}"'
    address = f"/fhir/Subscription/{one['id']}"
    return hub.ask(caller, "PUT", address, {**one, **facts}, headers={"If-Match": tag})


def read(hub: Served, one: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = hub.ask("children", "GET", f"/fhir/Subscription/{one['id']}").json()
    return told


def test_one_is_made_asked_and_read_and_its_headers_are_never_told_back(
    hub: Served, listening: Subscriber, authorities: Authorities
) -> None:
    one = subscribes(hub, listening)
    assert (one["status"], "hemmelig" in str(one)) == ("requested", False)
    tells(hub, authorities)
    (heard,) = listening.heard
    assert (status_of(heard)["type"], heard.headers["authorization"]) == ("handshake", "Bearer hemmelig")
    found = hub.ask("children", "GET", f"/fhir/Subscription/{one['id']}")
    assert found.json()["status"] == "active"
    assert found.headers["content-type"] == "application/fhir+json"
    assert "hemmelig" not in found.text
    unchanged = hub.ask(
        "children", "GET", f"/fhir/Subscription/{one['id']}", headers={"If-None-Match": found.headers["etag"]}
    )
    assert unchanged.status_code == 304
    assert [row["details"]["topic"] for row in hub.audited("subscription-created")] == ["plan.changed"]


def test_another_client_finds_nothing_though_it_is_of_the_same_organisation(hub: Served, listening: Subscriber) -> None:
    one = subscribes(hub, listening)
    address = f"/fhir/Subscription/{one['id']}"
    for caller in ("children-too", "social", "partner"):
        for path in (address, f"{address}/$status", f"{address}/$events"):
            answer = hub.ask(caller, "GET", path)
            assert (answer.status_code, answer.json()["resourceType"]) == (404, "OperationOutcome")
        assert sends_back(hub, one, caller, status="off").status_code == 404
        assert hub.ask(caller, "GET", "/fhir/Subscription").json()["total"] == 0
    assert read(hub, one)["status"] == "requested"


def test_an_address_that_is_not_allowed_is_refused_and_never_asked(hub: Served, listening: Subscriber) -> None:
    with a_subscriber() as elsewhere:
        for endpoint in (elsewhere.url, "http://169.254.169.254/latest/meta-data", "http://localhost:5432/"):
            answer = hub.ask("children", "POST", "/fhir/Subscription", asked(endpoint))
            assert answer.status_code == 400
            issue = answer.json()["issue"][0]
            assert issue["expression"] == ["Subscription.channel.endpoint"]
            assert str(urlsplit(endpoint).hostname) not in answer.text
        assert not elsewhere.heard
    assert [row["details"]["code"] for row in hub.audited("refused")][-1] == "invalid-request"
    assert hub.ask("children", "GET", "/fhir/Subscription").json()["total"] == 0


def test_whom_the_settings_let_be_told_nowhere_is_told_to_ask_the_operator(hub: Served, listening: Subscriber) -> None:
    answer = hub.ask("social", "POST", "/fhir/Subscription", asked(listening.url))
    assert answer.status_code == 403
    assert "subscriptions.urls" in answer.json()["issue"][0]["diagnostics"]
    assert hub.ask("partner-of-children", "POST", "/fhir/Subscription", asked(listening.url)).status_code == 403


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one["channel"]["_payload"]["extension"][0].update(valueCode="full-resource"),
        lambda one: one["channel"].update(type="email"),
        lambda one: one.update(criteria="Patient?identifier=0201609995"),
        lambda one: one.update(status="active"),
        lambda one: one.update(end="2030-01-01T00:00:00Z"),
        lambda one: one["channel"].update(header=["Host: elsewhere"]),
    ],
)
def test_what_cannot_be_had_is_refused_with_advice(
    hub: Served, listening: Subscriber, change: Callable[[dict[str, Any]], None]
) -> None:
    one = copy.deepcopy(asked(listening.url))
    change(one)
    answer = hub.ask("children", "POST", "/fhir/Subscription", one)
    assert answer.status_code == 400
    issue = answer.json()["issue"][0]
    assert issue["expression"][0].startswith("Subscription.")
    assert issue["diagnostics"]
    assert "0201609995" not in answer.text


def test_own_ones_are_found_by_their_status(hub: Served, listening: Subscriber, authorities: Authorities) -> None:
    first = subscribes(hub, listening)
    tells(hub, authorities)
    second = subscribes(hub, listening)
    found = hub.ask("children", "GET", "/fhir/Subscription").json()
    assert (found["type"], found["total"]) == ("searchset", 2)
    assert [one["resource"]["id"] for one in found["entry"]] == [first["id"], second["id"]]
    active = hub.ask("children", "GET", "/fhir/Subscription?status=active,error").json()
    assert [one["resource"]["id"] for one in active["entry"]] == [first["id"]]
    assert hub.ask("children", "GET", "/fhir/Subscription?status=off").json()["total"] == 0


def test_one_is_ended_by_whoever_has_read_it_as_it_stands(
    hub: Served, listening: Subscriber, authorities: Authorities
) -> None:
    one = subscribes(hub, listening)
    tells(hub, authorities)
    assert sends_back(hub, one, status="off").status_code == 412, "it has become active since"
    one = read(hub, one)
    ended = sends_back(hub, one, status="off")
    assert (ended.status_code, ended.json()["status"]) == (200, Status.OFF)
    assert ended.headers["etag"] != f'W/"{one["meta"]["versionId"]}"'
    assert sends_back(hub, ended.json(), status="requested").status_code == 409
    assert [row["actor"] for row in hub.audited("subscription-ended")] == ["children"]


def test_nothing_but_its_status_is_changed(hub: Served, listening: Subscriber) -> None:
    one = subscribes(hub, listening)
    for facts in ({"reason": "Noget andet"}, {"criteria": "urn:one-plan-hub:fhir:topic:plan-withdrawn"}):
        assert sends_back(hub, one, **facts).status_code == 400
    assert sends_back(hub, one, status="active").status_code == 400
    without = hub.ask("children", "PUT", f"/fhir/Subscription/{one['id']}", {**one, "status": "off"})
    assert without.status_code in (409, 412)
    other = subscribes(hub, listening)
    answer = hub.ask("children", "PUT", f"/fhir/Subscription/{one['id']}", other)
    assert answer.status_code == 400
    assert read(hub, one) == one


def test_there_is_no_way_to_delete_one(hub: Served, listening: Subscriber) -> None:
    one = subscribes(hub, listening)
    assert hub.ask("children", "DELETE", f"/fhir/Subscription/{one['id']}").status_code == 405


def test_how_it_stands_and_what_it_has_missed_is_told_by_operations(
    hub: Served, listening: Subscriber, authorities: Authorities
) -> None:
    one = subscribes(hub, listening)
    tells(hub, authorities)
    status = hub.ask("children", "GET", f"/fhir/Subscription/{one['id']}/$status").json()
    assert (status["type"], status["entry"][0]["resource"]["resourceType"]) == ("searchset", "Parameters")
    events = hub.ask("children", "GET", f"/fhir/Subscription/{one['id']}/$events?eventsSinceNumber=1").json()
    assert events["type"] == "history"
    kinds = {one["name"]: one.get("valueCode") for one in events["entry"][0]["resource"]["parameter"]}
    assert (kinds["type"], kinds["status"]) == ("query-event", "active")
    for wrong in ("eventsSinceNumber=-1", "eventsSinceNumber=x", "eventsUntilNumber=99999999999"):
        assert hub.ask("children", "GET", f"/fhir/Subscription/{one['id']}/$events?{wrong}").status_code == 400


def test_an_operator_sees_which_cannot_be_reached_and_nothing_of_their_addresses(
    hub: Served, listening: Subscriber, authorities: Authorities
) -> None:
    listening.status = 404
    one = subscribes(hub, listening)
    tells(hub, authorities)
    answer = hub.ask("operator", "GET", "/ops/subscriptions")
    (standing,) = answer.json()["subscriptions"]
    assert (standing["id"], standing["status"], standing["recipient"]) == (one["id"], "error", "children")
    assert standing["trouble"] == "The system of children answered HTTP 404."
    assert listening.url not in answer.text
    assert "hemmelig" not in answer.text
