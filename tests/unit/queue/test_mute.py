from __future__ import annotations

import pytest

from hub.queue.broker import CHANNELS, Broker
from hub.queue.mute import Mute


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr("hub.queue.mute.monotonic", lambda: now[0])
    return now


def test_a_mute_queue_is_left_alone_and_then_asked_again(seconds: list[float]) -> None:
    mute = Mute()
    mute.add("hub.rest.normal")
    assert ("hub.rest.normal" in mute, "hub.xml.normal" in mute, mute.want_asking) == (True, False, False)
    seconds[0] += 61
    assert ("hub.rest.normal" in mute, mute.want_asking) == (False, True)
    mute.discard("hub.rest.normal")
    assert not mute.want_asking


def test_another_queue_of_the_same_urgency_does_its_work(seconds: list[float]) -> None:
    broker = Broker("memory://", "hub")
    broker.mute.add("hub.rest.normal")
    assert broker.queue_for("rest", True) == "hub.rest.urgent"
    assert broker.queue_for("rest", False) not in broker.mute
    assert broker.queue_for("rest", False).endswith(".normal")


def test_where_all_are_mute_each_keeps_its_own_queue(seconds: list[float]) -> None:
    broker = Broker("memory://", "hub")
    for channel in CHANNELS:
        broker.mute.add(f"hub.{channel}.normal")
    assert broker.queue_for("xml", False) == "hub.xml.normal"
