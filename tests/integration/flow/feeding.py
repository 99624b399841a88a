"""A recipient that fetches, in the world of stories: its system asks as it would over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from hub.authority import DeliveryKey, Document, PlanUpdate
from hub.authority.feeding import Feed, Topic, Written
from hub.consent.consent import Consent
from hub.flow import feed
from hub.flow.feed import Fetcher
from hub.flow.fetch import Fetched, Said, fetch, take_receipt
from hub.flow.settle import Settled
from hub.store.feeds import ThinEvent
from hub.testing.builders import a_consent, a_contribution
from tests.integration.world import SOMEBODY, System, World

FETCHER = Fetcher("social", "social-system", "c")
TAKEN_IN = Said("taken-in")


@dataclass
class FedSystem(System):
    """Fetches what is due to it; what it was given stands in ``fetched``."""

    feed: Feed | None = field(default_factory=Feed)
    fetched: list[PlanUpdate] = field(default_factory=list)

    def written(self, document: Document, key: DeliveryKey) -> Written:
        self.before(document.content)
        self.fetched.append(document.content)
        return Written("text/plain", str(key).encode())


def a_world_that_feeds(world: World) -> World:
    """Let the social system fetch."""
    world.systems["social"] = FedSystem("social")
    return world


def a_shared_plan(world: World) -> tuple[UUID, Consent]:
    """A plan with one goal of the children authority, which the citizen shares with social, whose system fetches."""
    a_world_that_feeds(world)
    (plan,) = world.opens_plan().plans
    yes = world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.drains()
    world.accepts(a_contribution("children").with_draft("g1").build())
    return plan, yes


def changes(world: World, version: int) -> None:
    """Let the children authority send one goal more."""
    world.accepts(a_contribution("children").version(version).with_draft(f"g{version}").build())


def reads(world: World, after: int | None = None, most: int = 100) -> Sequence[ThinEvent]:
    return feed.read(FETCHER, after, most, None, world.store)[0]


def topics(world: World, after: int | None = None) -> list[Topic]:
    return [Topic(event.topic) for event in reads(world, after)]


def fetches(world: World, delivery: UUID) -> Fetched | None:
    return fetch(delivery, FETCHER, world.store, world.authorities, world.settings)


def must_fetch(world: World, delivery: UUID) -> tuple[Fetched, PlanUpdate]:
    """Fetch what must be there; return it with the update that it was written from."""
    found = fetches(world, delivery)
    assert found is not None
    system = world.systems["social"]
    assert isinstance(system, FedSystem)
    return found, system.fetched[-1]


def says(world: World, attempt: UUID, said: Said = TAKEN_IN) -> Settled:
    return take_receipt(attempt, said, FETCHER, world.store, world.settings)
