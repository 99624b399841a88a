"""A recipient that takes its time holds up nobody else: real servers, real adapters, on both set-ups."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from hub.authority import Authorities, Authority, load
from hub.clock import monotonic
from hub.flow.accept import accept
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.integration.queue.recipients import taking_in
from tests.integration.set_up import SetUp, authorities_of, eventually

pytestmark = pytest.mark.integration

PLACES = 2


@dataclass
class Recipient:
    """A server that takes in updates, and how long it takes for each.

    :ivar arrivals: when each update arrived, by its key.
    """

    takes_seconds: float = 0.0
    arrivals: dict[str, float] = field(default_factory=dict)
    under_way: int = 0
    most: int = 0
    url: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stops: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def served(self) -> Iterator[Recipient]:
        """Serve until the block ends."""
        with taking_in(self._answers) as self.url:
            try:
                yield self
            finally:
                self._stops.set()

    def _answers(self, _update: Any, key: str) -> dict[str, Any]:
        self.takes_in(key)
        return {"Status": "taken-in", "Sekvens": int(key.rpartition(":")[2])}

    def takes_in(self, key: str) -> None:
        """Take an update in, slowly or not."""
        with self._lock:
            self.arrivals.setdefault(key, monotonic())
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        self._stops.wait(self.takes_seconds)
        with self._lock:
            self.under_way -= 1


def joined(sender: MemoryAdapter, fast: Recipient, slow: Recipient) -> Authorities:
    """Join a sender and two recipients, who speak the words of social services both."""
    found = dict(authorities_of(sender))
    for name, recipient in (("social", fast), ("housing", slow)):
        speaks = load({"social": {"url": recipient.url, "token": "a token", "poll_every": 0}})["social"]
        found[name] = Authority(name, speaks.adapter, speaks.mapping)
    return found


def waits(
    people: Sequence[str], version: int, sender: MemoryAdapter, fast: Recipient, set_up: SetUp, authorities: Authorities
) -> list[float]:
    """Let a case of each person change, one after the other; return how long each change took to reach the fast one."""
    took = []
    for number, cpr in enumerate(people):
        before = len(fast.arrivals)
        start = monotonic()
        told = Told(cpr, case=f"C{number}", version=version, goals={f"g{number}": f"Mål {version}"})
        accept(sender.message(told), set_up.store, authorities)
        eventually(lambda before=before: len(fast.arrivals) > before, 30)  # type: ignore[misc]
        took.append(max(fast.arrivals.values()) - start)
    return took


def worst(times: Sequence[float]) -> float:
    """Return the 99th percentile, which of so few is the longest but one of a hundred."""
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.99))]


@pytest.mark.slow
def test_a_recipient_that_takes_seconds_holds_up_no_other(set_up: SetUp) -> None:
    sender = MemoryAdapter("children")
    sender.delivers = False
    people = [f"010170{number:04d}" for number in range(1, 13)]
    with Recipient().served() as fast, Recipient().served() as slow:
        authorities = joined(sender, fast, slow)
        for cpr in people:
            set_up.opens_plan(authorities, cpr)
        with set_up.running(authorities, workers=2 * PLACES, calls_at_once=PLACES):
            waits(people, 1, sender, fast, set_up, authorities)  # connections are made, caches are filled
            alone = worst(waits(people, 2, sender, fast, set_up, authorities))
            eventually(lambda: len(slow.arrivals) == 2 * len(people))
            slow.takes_seconds = 8
            beside = worst(waits(people, 3, sender, fast, set_up, authorities))
            assert slow.most <= PLACES, "no more calls are under way than it has places"
            assert slow.under_way == PLACES, "it is being called all the while"
            assert beside <= 3 * alone + 3, "all workers taken, it would be eight seconds"
            slow.takes_seconds = 0
            eventually(lambda: len(slow.arrivals) == 3 * len(people))
        assert slow.most == PLACES
