"""A FHIR subscriber in a hub that serves and delivers by itself, each on a socket of its own: told, away, and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.api.served import Served
from tests.integration.api.test_fhir_subscriptions import asked
from tests.integration.canaries import CANARIES, hits
from tests.integration.delivering import delivering
from tests.integration.flow.subscribing import kinds, numbers, status_of
from tests.integration.sandboxes import TOKEN, Sandbox, a_sandbox
from tests.integration.set_up import eventually
from tests.integration.subscribers import Subscriber, a_subscriber

pytestmark = pytest.mark.integration


@pytest.fixture
def listening() -> Iterator[Subscriber]:
    with a_subscriber() as subscriber:
        yield subscriber


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Sandbox]:
    """The case system of the children authority, which documents are sent to."""
    with a_sandbox("children", tmp_path / "children") as running:
        yield running


@pytest.fixture(params=["embedded", pytest.param("servers", marks=pytest.mark.servers)])
def hub(request: pytest.FixtureRequest, tmp_path: Path, listening: Subscriber, system: Sandbox) -> Iterator[Served]:
    """A hub that serves and delivers, whose children authority is sent documents and may subscribe."""
    told = {"urls": [listening.url]}
    wires = {"children": {"url": system.url, "token": TOKEN, "subscriptions": told}}
    with delivering(request.param, tmp_path, wires, subscription_failures=2) as running:
        yield running


def shares(hub: Served, cpr: str = "") -> tuple[str, str, str]:
    """Let a person share the goals of employment with children; return number, plan and consent."""
    cpr, opened = hub.opens_plan(cpr) if cpr else hub.opens_plan()
    sharing = {
        "kind": "sharing", "plan": opened["plan"], "sources": ["employment"], "recipients": ["children"],
        "categories": ["goals"],
    }  # fmt: skip
    said = hub.ask("coordinator", "POST", "/consents", sharing).json()
    return cpr, opened["plan"], said["consent"]


def subscribes(hub: Served, listening: Subscriber) -> str:
    found = hub.ask("children", "POST", "/fhir/Subscription", asked(listening.url)).json()
    eventually(lambda: stands(hub, found["id"]) != "requested", 20)
    return str(found["id"])


def stands(hub: Served, wanted: str) -> str:
    return str(hub.ask("children", "GET", f"/fhir/Subscription/{wanted}").json()["status"])


def focuses(listening: Subscriber) -> list[str]:
    events = [one for heard in listening.heard for one in status_of(heard)["notification-event"]]
    return [one.get("focus", "").rpartition("/")[2] for one in events]


def test_a_change_is_told_and_read_and_one_that_is_taken_back_is_told_as_well(
    hub: Served, listening: Subscriber
) -> None:
    wanted = subscribes(hub, listening)
    assert stands(hub, wanted) == "active"
    cpr, plan, consent = shares(hub)
    hub.sends(cpr, {"id": "g1", "title": CANARIES[0].words})
    eventually(lambda: focuses(listening) == [plan], 30)
    read = hub.ask("children", "GET", f"/fhir/CarePlan/{focuses(listening)[0]}")
    assert read.status_code == 200
    hub.ask("coordinator", "POST", f"/consents/{consent}/withdraw")
    eventually(lambda: numbers(listening) == [1, 2], 30)
    assert set(kinds(listening)) == {"handshake", "event-notification"}
    for heard in listening.heard:
        assert not hits(heard.body)
        assert cpr not in heard.body.decode()
        assert not hits(repr(sorted(heard.headers.items())).encode())


def test_a_subscriber_that_was_away_is_in_error_and_gets_all_that_it_missed_once_it_asks_again(
    hub: Served, listening: Subscriber
) -> None:
    wanted = subscribes(hub, listening)
    cpr, plan, _ = shares(hub)
    listening.status = 503
    hub.sends(cpr, {"id": "g1"})
    eventually(lambda: stands(hub, wanted) == "error", 30)
    hub.sends(cpr, {"id": "g1"}, {"id": "g2"}, version=2)
    events = f"/fhir/Subscription/{wanted}/$events"

    def missed() -> list[Any]:
        told = hub.ask("children", "GET", events).json()["entry"][0]["resource"]["parameter"]
        return [one for one in told if one["name"] == "notification-event"]

    eventually(lambda: len(missed()) == 2, 30)
    (trouble,) = hub.ask("operator", "GET", "/ops/subscriptions").json()["subscriptions"]
    assert (trouble["status"], trouble["failures"]) == ("error", 2)
    listening.status = 204
    listening.heard.clear()
    found = hub.ask("children", "GET", f"/fhir/Subscription/{wanted}")
    again = hub.ask(
        "children", "PUT", f"/fhir/Subscription/{wanted}", {**found.json(), "status": "requested"},
        headers={"If-Match": found.headers["etag"]},
    )  # fmt: skip
    assert again.status_code == 200, again.text
    eventually(lambda: numbers(listening) == [1, 2], 30)
    assert (kinds(listening)[0], focuses(listening)) == ("handshake", [plan, plan])
    assert stands(hub, wanted) == "active"
