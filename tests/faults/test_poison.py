"""Poison is isolated: a message that fails, and dead letters, leave the others at least 95 % of their rate (G7).

Rounds with poison and rounds without take turns, and the medians of both are compared, so that whatever else the
machine does meets both alike; what limits the rate is the recipient's own time, and not the cores, which others use
too. Where noise hides the answer more rounds are done; a poison that held others up, as by taking a worker for its
retries, would show by far more than noise in any number of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from uuid import UUID

import pytest

from hub.authority import Authorities, DeliveryKey, Document, Receipt
from hub.clock import monotonic
from hub.errors import RecipientFailed, RecipientRefused
from hub.flow.accept import accept
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.integration.set_up import EMBEDDED, SERVERS, SetUp, a_set_up, authorities_of, eventually

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.timeout(600)]

HEALTHY, POISONED, DEAD = 100, 1, 1
ROUNDS, MOST_ROUNDS = 5, 25
LEAST = 0.95


class Choosy(MemoryAdapter):
    """A recipient that fails on what is about some plans, refuses others, and takes its time for each."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.takes_seconds = 0.1  # a delivery costs the machine some hundredths
        self.fails_on: set[UUID] = set()
        self.refuses: set[UUID] = set()

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        if key.plan in self.fails_on:
            raise RecipientFailed("It failed.")
        if key.plan in self.refuses:
            raise RecipientRefused("It will not.")
        return super().send(document, key)


#: A minute of measuring: with servers always, embedded where there is time for it.
IN_FULL = pytest.mark.skipif(os.environ.get("HUB_TEST_FULL") != "1", reason="takes a minute; set HUB_TEST_FULL=1")


@pytest.fixture(params=[pytest.param(EMBEDDED, marks=IN_FULL), pytest.param(SERVERS, marks=pytest.mark.servers)])
def set_up(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SetUp]:
    with a_set_up(request.param, tmp_path) as made:
        yield made


class Town:
    """Families whose cases change, and the one recipient of all."""

    def __init__(self, set_up: SetUp) -> None:
        self.set_up, self.sender, self.recipient = set_up, MemoryAdapter("children"), Choosy("social")
        self.sender.delivers = False
        self.people = [f"010170{number:04d}" for number in range(1, HEALTHY + POISONED + DEAD + 1)]
        self.plans = [set_up.opens_plan(self.authorities, cpr) for cpr in self.people]
        self.version = 0

    @property
    def authorities(self) -> Authorities:
        return authorities_of(self.sender, self.recipient)

    def say(self, first: int, last: int) -> None:
        """Let the cases of some people change."""
        for number in range(first, last):
            told = Told(self.people[number], case=f"C{number}", version=self.version, goals={"g": f"{self.version}"})
            accept(self.sender.message(told), self.set_up.store, self.authorities)

    def rate(self, *, with_poison: bool) -> float:
        """Let all healthy cases change, and return how many a second are delivered."""
        self.version += 1
        if with_poison:  # due before the others
            self.say(HEALTHY, len(self.people))
        self.say(0, HEALTHY)
        before = len(self.recipient.received)
        with self.set_up.running(self.authorities, workers=4, calls_at_once=4):
            start = monotonic()
            eventually(lambda: len(self.recipient.received) - before >= HEALTHY, 60)
            return HEALTHY / (monotonic() - start)


def test_others_keep_their_rate_beside_a_poisonous_message_and_a_dead_letter(set_up: SetUp) -> None:
    town = Town(set_up)
    poisoned, dead = town.plans[HEALTHY : HEALTHY + POISONED], town.plans[HEALTHY + POISONED :]
    town.recipient.fails_on, town.recipient.refuses = set(poisoned), set(dead)
    town.rate(with_poison=True)  # connections are made, and the refused one becomes a dead letter
    with set_up.running(town.authorities, workers=4, calls_at_once=4):
        eventually(lambda: all(set_up.row(plan, "social").dead_at is not None for plan in dead))
    alone, beside = [], []
    for number in range(1, MOST_ROUNDS + 1):
        alone.append(town.rate(with_poison=False))
        beside.append(town.rate(with_poison=True))
        if number >= ROUNDS and median(beside) >= LEAST * median(alone):
            break
    assert median(beside) >= LEAST * median(alone), f"{median(beside):.0f} beside, {median(alone):.0f} alone"
    row = set_up.row(poisoned[0], "social")
    assert row.attempts >= 1 or row.dead_at is not None, "it was tried, and failed"
    assert {key.plan for key, _ in town.recipient.received} == set(town.plans[:HEALTHY]), "nothing of them came through"
