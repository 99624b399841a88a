"""What befalls a broker is an ordinary event: intake goes on, everything is delivered afterwards, and nothing twice.

On a RabbitMQ node of the tests' own (rabbitmq_node), with PostgreSQL.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from structlog.testing import capture_logs

from hub.clock import monotonic
from hub.flow.accept import accept
from hub.queue.relay import Relay
from hub.queue.running import Running
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.faults.rabbitmq_node import RabbitNode, a_rabbitmq_node
from tests.integration.set_up import SERVERS, SetUp, a_set_up, authorities_of, eventually

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.servers, pytest.mark.timeout(400)]

PEOPLE = [f"010170{number:04d}" for number in range(1, 9)]


class Event(NamedTuple):
    """Something that befalls a broker, and how it ends.

    :ivar is_noticed: whether the relay must say so while it lasts.
    """

    begins: Callable[[RabbitNode], None]
    ends: Callable[[RabbitNode], None]
    is_noticed: bool = True


EVENTS = {
    "it is stopped for a while": Event(RabbitNode.stop_app, RabbitNode.start_app),
    "it is killed and started again": Event(RabbitNode.kill, RabbitNode.start),
    "it forgets everything": Event(RabbitNode.wipe, lambda node: None, is_noticed=False),
    "it has no memory left": Event(RabbitNode.raise_alarm, RabbitNode.end_alarm),
}


@pytest.fixture(scope="module")
def node() -> Iterator[RabbitNode]:
    with a_rabbitmq_node() as made:
        yield made


@pytest.fixture
def set_up(node: RabbitNode, tmp_path: Path) -> Iterator[SetUp]:
    with a_set_up(SERVERS, tmp_path, node.url) as made:
        yield made


def say(version: int, sender: MemoryAdapter, set_up: SetUp, social: MemoryAdapter) -> float:
    """Let every person's case change; return how long the slowest acceptance took, in seconds."""
    slowest = 0.0
    for number, cpr in enumerate(PEOPLE):
        begun = monotonic()
        message = sender.message(Told(cpr, case=f"C{number}", version=version, goals={"g": f"Mål {version}"}))
        accept(message, set_up.store, authorities_of(sender, social))
        slowest = max(slowest, monotonic() - begun)
    return slowest


def relays_trouble(running: Running) -> str:
    return str(running.health()["hub-relay"]["trouble"])


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
def test_intake_goes_on_and_all_is_delivered_once(event: Event, node: RabbitNode, set_up: SetUp) -> None:
    children, social = MemoryAdapter("children"), MemoryAdapter("social")
    children.delivers = False
    authorities = authorities_of(children, social)
    for cpr in PEOPLE:
        set_up.opens_plan(authorities, cpr)
    with capture_logs() as logs, set_up.running(authorities) as running:
        say(1, children, set_up, social)
        eventually(lambda: list(social.holds.values()) == ["Mål 1"] * len(PEOPLE), 60)
        event.begins(node)
        assert say(2, children, set_up, social) < 5, "nobody who sends waits for a broker"
        if event.is_noticed:
            eventually(lambda: relays_trouble(running) == "broker-down", 60)
            threading.Event().wait(4)  # several turns of every loop
        event.ends(node)
        eventually(lambda: list(social.holds.values()) == ["Mål 2"] * len(PEOPLE), 90)
        eventually(lambda: relays_trouble(running) == "", 60)
    assert Counter(key.sequence for key, _ in social.received) == {1: len(PEOPLE), 2: len(PEOPLE)}
    said = [log for log in logs if log["event"] == "loop-held-up" and log["loop"] == "relay"]
    assert len(said) == (1 if event.is_noticed else len(said)), "an outage is told once, however long"
    if event is EVENTS["it has no memory left"]:
        assert "alarm" in said[0]["sentence"]


def test_what_was_rung_before_a_crash_of_the_broker_is_heard_after_it(node: RabbitNode, set_up: SetUp) -> None:
    """A confirmed ring is on the broker's disk: nobody waits for the relay to ring again."""
    children, social = MemoryAdapter("children"), MemoryAdapter("social")
    children.delivers = False
    authorities = authorities_of(children, social)
    plans = [set_up.opens_plan(authorities, cpr) for cpr in PEOPLE]
    with set_up.running(authorities):
        eventually(lambda: all(set_up.row(plan, "social").due_at is None for plan in plans), 60)
    assert sum(set_up.broker.depths().values()) == 0, "what was heard is answered before the loops end"
    say(1, children, set_up, social)
    relay = Relay(set_up.store, set_up.broker, set_up.settings)
    relay.turn()
    relay.close()
    node.kill()
    node.start()
    eventually(lambda: sum(set_up.broker.depths().values()) == len(PEOPLE), 60)
    with set_up.running(authorities, ring_again_seconds=3600):
        eventually(lambda: len(social.holds) == len(PEOPLE), 60)


@pytest.mark.parametrize("when", ["before they listen", "while they listen"])
def test_a_queue_without_a_leader_holds_up_no_delivery(when: str, node: RabbitNode, set_up: SetUp) -> None:
    """RabbitMQ 3.10 may come back from a crash with one: its other queues do its work."""
    children, social = MemoryAdapter("children"), MemoryAdapter("social")
    children.delivers = False
    authorities = authorities_of(children, social)
    plans = [set_up.opens_plan(authorities, cpr) for cpr in PEOPLE]
    mute = set_up.broker.queue_for(authorities["social"].channel, False)
    with ExitStack() as stack, capture_logs() as logs:
        if when == "before they listen":
            stack.enter_context(node.mute(mute))
        stack.enter_context(set_up.running(authorities, ring_again_seconds=5))
        eventually(lambda: all(set_up.row(plan, "social").due_at is None for plan in plans), 60)
        if when == "while they listen":
            stack.enter_context(node.mute(mute))
        say(1, children, set_up, social)
        eventually(lambda: len(social.holds) == len(PEOPLE), 60)
    assert {log["queue"] for log in logs if log["event"] == "queue-mute"} == {mute}
    assert Counter(key.sequence for key, _ in social.received) == {1: len(PEOPLE)}
