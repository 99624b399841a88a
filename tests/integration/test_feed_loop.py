"""The whole way of a recipient that cannot receive: hub, agent and case system as they are, each on its own socket."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hub.sandbox.fetcher import Answered, Fetcher, NotNow, Side
from tests.integration.api.served import Served
from tests.integration.delivering import delivering
from tests.integration.sandboxes import TOKEN, Sandbox, a_sandbox
from tests.integration.set_up import eventually
from tests.integration.subscribers import SECRET, Subscriber, a_subscriber

pytestmark = pytest.mark.integration

DOOR = "POST /plan-updates"


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    with a_subscriber() as listening:
        yield listening


@pytest.fixture(params=["embedded", pytest.param("servers", marks=pytest.mark.servers)])
def hub(request: pytest.FixtureRequest, tmp_path: Path, subscriber: Subscriber) -> Iterator[Served]:
    """A hub that serves and delivers, whose children authority fetches and subscribes."""
    wires = {"children": {"delivery": "feed", "webhook": {"url": subscriber.url, "secret": f"whsec_{SECRET}"}}}
    with delivering(request.param, tmp_path, wires) as running:
        yield running


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Sandbox]:
    with a_sandbox("children", tmp_path / "children") as running:
        yield running


@contextmanager
def an_agent(hub: Served, system: Sandbox, folder: Path) -> Iterator[None]:
    """Run ``python -m hub.sandbox.fetcher`` until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hub-token").write_text(hub.tokens["children"])
    (folder / "token").write_text(TOKEN)
    arguments = [sys.executable, "-m", "hub.sandbox.fetcher", "--hub-url", hub.url, "--system-url", system.url]
    arguments += ["--hub-token-file", str(folder / "hub-token"), "--token-file", str(folder / "token"), "--door", DOOR]
    with subprocess.Popen(arguments) as running:
        try:
            yield
        finally:
            running.terminate()


def shares(hub: Served) -> tuple[str, str]:
    """Let a person share the goals of employment with children; return the plan and the consent."""
    cpr, opened = hub.opens_plan()
    sharing = {
        "kind": "sharing", "plan": opened["plan"], "sources": ["employment"], "recipients": ["children"],
        "categories": ["goals"],
    }  # fmt: skip
    said = hub.ask("coordinator", "POST", "/consents", sharing).json()
    hub.sends(cpr, {"id": "g1", "title": "Ro om aftenen"})
    return opened["plan"], said["consent"]


def held(system: Sandbox, plan: str) -> list[str]:
    """Return the titles that the system holds of a plan."""
    plans = system.ask("GET", "/sandbox/plans")
    return [element["title"] for element in plans.get(plan, {"elements": {}})["elements"].values()]


def types(subscriber: Subscriber) -> list[str]:
    """Return which types of events were heard, in the order in which each came first: events come at least once."""
    return list(dict.fromkeys(one.event["type"].removeprefix("one-plan-hub.plan.") for one in subscriber.heard))


def is_settled(hub: Served) -> bool:
    feeds = hub.ask("operator", "GET", "/ops/feeds").json()["feeds"]
    return all(not (one["unacknowledged"] or one["without_receipt"]) for one in feeds)


def settles(hub: Served, fetcher: Fetcher) -> bool:
    """Tell whether all is settled; else have the agent look once more: a ring may come twice, and so may an event."""
    return is_settled(hub) or (fetcher.turn(), is_settled(hub))[1]


def how_webhooks_stand(hub: Served) -> list[tuple[int, str]]:
    """Return how many events each webhook lags behind, and what came of its last call."""
    feeds = hub.ask("operator", "GET", "/ops/feeds").json()["feeds"]
    return [(one["webhook"]["lag"], one["webhook"]["last_result"]) for one in feeds]


def test_what_is_shared_arrives_and_what_is_revoked_is_deleted(
    hub: Served, system: Sandbox, subscriber: Subscriber, tmp_path: Path
) -> None:
    plan, consent = shares(hub)
    # Before the agent comes: a new subscriber begins where its recipient has acknowledged, and would not be told of it.
    eventually(lambda: types(subscriber) == ["changed"], 30)
    with an_agent(hub, system, tmp_path / "agent"):
        eventually(lambda: held(system, plan) == ["Ro om aftenen"], 30)
        eventually(lambda: is_settled(hub), 30)
        hub.ask("coordinator", "POST", f"/consents/{consent}/withdraw")
        eventually(lambda: held(system, plan) == [], 30)
        eventually(lambda: is_settled(hub), 30)
    became = hub.ask("coordinator", "GET", f"/consents/{consent}/revocation").json()
    assert "receipt" in str(became)
    eventually(lambda: types(subscriber) == ["changed", "withdrawn"], 30)
    assert all(one.is_signed_with(SECRET) for one in subscriber.heard)
    eventually(
        lambda: how_webhooks_stand(hub) == [(0, "told")], 30
    )  # the subscriber hears before the hub has its answer


class Dying(Fetcher):
    """Dies right before it tells the hub one of the two things."""

    def __init__(self, hub: Side, system: Side, before: str) -> None:
        super().__init__(hub, system, DOOR)
        self._before = before

    def _tell(self, path: str, said: Any) -> None:
        if path == self._before:
            raise NotNow
        super()._tell(path, said)


@pytest.mark.parametrize("before", ["/feed/receipts", "/feed/ack"])
def test_an_agent_that_dies_halfway_begins_there_again(hub: Served, system: Sandbox, before: str) -> None:
    plan, _ = shares(hub)
    sides = Side(hub.url, hub.tokens["children"]), Side(system.url, TOKEN)
    with pytest.raises(NotNow):
        Dying(*sides, before).turn(15)
    assert held(system, plan) == ["Ro om aftenen"]
    assert not is_settled(hub)
    fetcher = Fetcher(*sides, DOOR)
    assert fetcher.turn() >= 1
    eventually(lambda: settles(hub, fetcher), 30)
    kinds = [one["status"] for one in system.ask("GET", "/sandbox/deliveries")]
    assert kinds[0] == "taken-in"
    assert set(kinds[1:]) <= {"already-held"}, "a repeat is known again"


def test_while_the_system_is_down_nothing_is_acknowledged_and_then_it_catches_up(hub: Served, system: Sandbox) -> None:
    plan, _ = shares(hub)
    fetcher = Fetcher(Side(hub.url, hub.tokens["children"]), Side(system.url, TOKEN), DOOR)
    system.ask("PUT", "/sandbox/behaviour", {"broken": "down"})
    with pytest.raises(NotNow):
        fetcher.turn(15)
    assert not is_settled(hub)
    system.ask("PUT", "/sandbox/behaviour", {})
    threading.Event().wait(0.1)
    fetcher.turn()
    assert held(system, plan) == ["Ro om aftenen"]
    eventually(lambda: settles(hub, fetcher), 30)


def test_a_system_that_refuses_makes_a_dead_letter(hub: Served, system: Sandbox) -> None:
    shares(hub)
    system.ask("PUT", "/sandbox/behaviour", {"broken": "refuse"})
    assert Fetcher(Side(hub.url, hub.tokens["children"]), Side(system.url, TOKEN), DOOR).turn(15) == 1
    (letter,) = hub.ask("operator", "GET", "/ops/dead-letters").json()["dead_letters"]
    assert (letter["recipient"], letter["type"]) == ("children", "recipient-refused")


def test_an_answer_says_its_status_and_nothing_of_its_body(hub: Served) -> None:
    assert "secret" not in repr(Answered(200, {}, b"secret"))
    assert hub.tokens["children"] not in repr(Side(hub.url, hub.tokens["children"]))
