"""Random stories of a recipient that fetches: whatever happens, in the end all agree on what it holds.

Changes, consents that are taken back and given again, tellings, fetches that come to nothing, receipts that come late,
acknowledgements without a fetch. Nothing unlawful is ever fetched; at rest the system holds exactly what it may.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.authority import PlanUpdate
from hub.consent.consent import Consent
from hub.errors import StoreBusy, Unavailable
from hub.flow import feed
from hub.flow.fetch import Fetched, Said
from hub.flow.settle import Settled
from hub.store.revocation_tables import withdrawals
from hub.testing.builders import a_consent, an_id
from tests.generation.seed import SEED
from tests.integration.databases import OPERATED
from tests.integration.flow.feeding import (
    FETCHER,
    a_shared_plan,
    changes,
    fetches,
    reads,
    says,
)
from tests.integration.world import SOMEBODY, World

pytestmark = pytest.mark.integration

STEPS = 60


@dataclass
class Story:
    """The world, the system's own shelf, and what chance does with both."""

    world: World
    chance: Random
    plan: UUID
    consent: Consent | None
    version: int = 1
    sequence: int = 0
    shelf: set[UUID] = field(default_factory=set)
    #: Fetched, and not taken in yet.
    in_hand: list[tuple[Fetched, PlanUpdate]] = field(default_factory=list)
    #: Taken in, or dropped as older; without a receipt.
    unanswered: list[tuple[Fetched, str]] = field(default_factory=list)

    @property
    def lawful(self) -> set[UUID]:
        return {an_id("children", f"g{n}") for n in range(1, self.version + 1)} if self.consent else set()

    @property
    def delivery(self) -> UUID:
        return UUID(str(self.world.row(self.plan, "social").id))

    def goes_on(self) -> None:
        steps: list[Callable[[], None]] = [
            self._changes, self._consents, self._tells, self._tells, self._fetches, self._fetches, self._takes_in,
            self._takes_in, self._answers, self._answers, self._acknowledges, self._dies, self.world.waits,
        ]  # fmt: skip
        self.chance.choice(steps)()

    def comes_to_rest(self) -> None:
        """The system does what it should until there is nothing more to do."""
        for _ in range(10):
            self.world.waits()
            self.world.sweeps()
            self._tells()
            events = reads(self.world)
            for event in events:
                self._fetches(event.delivery)
                while self.in_hand:
                    self._takes_in()
                while self.unanswered:
                    self._answers()
            if events:
                feed.acknowledge(FETCHER, events[-1].position, self.world.store)
            elif self.world.row(self.plan, "social").due_at is None:
                return
        raise AssertionError("it never comes to rest")

    def _changes(self) -> None:
        self.version += 1
        changes(self.world, self.version)

    def _consents(self) -> None:
        if self.consent:
            self.world.takes_back(self.consent.id)
            self.consent = None
        else:
            self.consent = self.world.says(a_consent(SOMEBODY).to("social").build(), self.plan)

    def _tells(self) -> None:
        settled = self.world.delivers(self.plan, "social")
        assert settled in (Settled.TOLD, Settled.UP_TO_DATE, Settled.NOT_DUE)

    def _fetches(self, delivery: UUID | None = None) -> None:
        found = fetches(self.world, delivery or self.delivery)
        if found is not None:
            update = self.world.systems["social"].fetched[-1]  # type: ignore[attr-defined]
            assert {item.element.id for item in update.disclosed} <= self.lawful
            self.in_hand.append((found, update))

    def _takes_in(self) -> None:
        if not self.in_hand:
            return
        fetched, update = self.in_hand.pop(self.chance.randrange(len(self.in_hand)))
        if update.sequence <= self.sequence:
            self.unanswered.append((fetched, "already-held"))
            return
        self.sequence = update.sequence
        self.shelf |= {item.element.id for item in update.disclosed}
        self.shelf -= set(update.withdrawn)
        self.unanswered.append((fetched, "taken-in"))

    def _answers(self) -> None:
        if self.unanswered:
            fetched, status = self.unanswered.pop(self.chance.randrange(len(self.unanswered)))
            says(self.world, fetched.attempt, Said(status))

    def _acknowledges(self) -> None:
        events = reads(self.world)
        if events:
            feed.acknowledge(FETCHER, self.chance.choice(events).position, self.world.store)

    def _dies(self) -> None:
        """What was in hand is lost."""
        self.in_hand.clear()
        self.unanswered.clear()


@pytest.mark.parametrize("number", range(8))
def test_whatever_happens_all_agree_in_the_end(world: World, number: int) -> None:
    plan, yes = a_shared_plan(world)
    story = Story(world, Random(f"{SEED}-{number}"), plan, yes)
    for _ in range(STEPS):
        story.goes_on()
    story.comes_to_rest()
    assert story.shelf == story.lawful
    assert world.held(plan, "social") == story.lawful
    assert world.open_attempts() == 0
    with world.store.begin(read_only=True) as unit:
        query = sa.select(sa.func.count()).select_from(withdrawals).where(withdrawals.c.ended_at.is_(None))
        assert unit.connection.execute(query).scalar_one() == 0


def asks_once(world: World, delivery: UUID) -> None:
    """Do what the system does: fetch, say so, read, acknowledge."""
    try:
        fetched = fetches(world, delivery)
    except StoreBusy:
        raise  # they waited in a circle
    except Unavailable:
        return  # a worker has it just now
    if fetched is not None:
        says(world, fetched.attempt)
    events = reads(world)
    if events:
        feed.acknowledge(FETCHER, events[-1].position, world.store)


@pytest.mark.parametrize("url", [OPERATED], indirect=True)
def test_worker_system_and_citizen_at_once_never_wait_in_a_circle(world: World) -> None:
    plan, yes = a_shared_plan(world)
    delivery = UUID(str(world.row(plan, "social").id))

    def works() -> None:
        for _ in range(25):
            world.delivers(plan, "social")

    def asks() -> None:
        for _ in range(25):
            asks_once(world, delivery)

    def lives() -> None:
        said = yes
        for version in range(2, 10):
            changes(world, version)
            world.takes_back(said.id)
            said = world.says(a_consent(SOMEBODY).to("social").build(), plan)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(deed) for deed in (works, works, asks, lives)]:
            done.result()
    asks_once(world, delivery)
    assert world.held(plan, "social") == {an_id("children", f"g{n}") for n in range(1, 10)}
    positions = [event.position for event in reads(world, after=0, most=500)]
    assert positions == sorted(set(positions))
