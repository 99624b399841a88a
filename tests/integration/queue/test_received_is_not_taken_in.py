"""A recipient over HTTP that answers ``received``: the delivery has arrived, and its receipt is awaited."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from hub.authority import load
from hub.clock import now
from hub.flow.accept import accept
from hub.flow.say_later import Fate, LaterWord, say_later
from hub.testing.builders import TEST_CPR
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.integration.queue.recipients import taking_in
from tests.integration.set_up import SetUp, authorities_of, eventually

pytestmark = pytest.mark.integration


def awaited(set_up: SetUp) -> list[tuple[str, int]]:
    with set_up.store.begin(read_only=True) as unit:
        return [(one["recipient"], one["open"]) for one in unit.later_receipts.counts(now() - timedelta(hours=1))]


def test_what_is_received_is_not_sent_again_and_its_receipt_is_awaited(set_up: SetUp) -> None:
    sender, arrived = MemoryAdapter("children"), list[str]()
    sender.delivers = False

    def received(update: Any, key: str) -> dict[str, Any]:
        arrived.append(update["KorrelationsId"])
        return {"Status": "received", "Sekvens": int(key.rpartition(":")[2])}

    with taking_in(received) as url:
        authorities = {**authorities_of(sender), **load({"social": {"url": url, "token": "t", "poll_every": 0}})}
        plan = set_up.opens_plan(authorities)
        with set_up.running(authorities, ring_again_seconds=0.5):
            accept(sender.message(Told(TEST_CPR, goals={"g": "Ro om aftenen"})), set_up.store, authorities)
            eventually(lambda: awaited(set_up) == [("social", 1)])
            eventually(lambda: set_up.row(plan, "social").due_at is None)
        [name] = arrived
        row, _, sequence = name.rpartition("-")
        assert row == str(set_up.row(plan, "social").id), "the recipient knows the name by which to give its receipt"
        word = LaterWord(int(sequence), Fate.TAKEN_IN, set_up.row(plan, "social").id)
        say_later(word, "social", set_up.store, actor="social-system", correlation_id="c")
        assert awaited(set_up) == []
