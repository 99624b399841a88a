"""A recipient that fetches, with all loops running: told at once, told again, and told of a revocation first."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import pytest

from hub.authority import Authorities
from hub.authority.feeding import Feed, Topic
from hub.flow import feed
from hub.flow.accept import accept
from hub.flow.feed import Fetcher
from hub.flow.fetch import Fetched, Said, fetch, take_receipt
from hub.flow.revise import withdraw
from hub.settings import Settings
from hub.store.feeds import ThinEvent
from hub.testing.builders import TEST_CPR
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.integration.set_up import COORDINATOR, SetUp, authorities_of, eventually

pytestmark = pytest.mark.integration

FETCHER = Fetcher("social", "social-system", "c")


def adapters() -> tuple[MemoryAdapter, MemoryAdapter]:
    """One that sends cases, and one that fetches."""
    children, social = MemoryAdapter("children"), MemoryAdapter("social")
    social.feed = Feed()
    return children, social


def events(set_up: SetUp) -> Sequence[ThinEvent]:
    return feed.read(FETCHER, 0, 100, None, set_up.store)[0]


def fetched(set_up: SetUp, authorities: Authorities, delivery: UUID, settings: Settings) -> Fetched:
    found = fetch(delivery, FETCHER, set_up.store, authorities, settings)
    assert found is not None
    return found


def test_what_was_fetched_and_not_answered_is_told_again(set_up: SetUp) -> None:
    children, social = adapters()
    authorities = authorities_of(children, social)
    settings = set_up.settings.model_copy(update={"feed_again_seconds": 0.5})
    plan = set_up.opens_plan(authorities)
    with set_up.running(authorities, feed_again_seconds=0.5):
        accept(children.message(Told(TEST_CPR, goals={"g1": "Ro om aftenen"})), set_up.store, authorities)
        eventually(lambda: len(events(set_up)) == 1)
        fetched(set_up, authorities, events(set_up)[0].delivery, settings)
        eventually(lambda: len(events(set_up)) >= 2)
        again = fetched(set_up, authorities, events(set_up)[-1].delivery, settings)
        take_receipt(again.attempt, Said("taken-in"), FETCHER, set_up.store, settings)
        assert set_up.row(plan, "social").due_at is None
    assert not social.received, "it is sent nothing"


def test_a_revocation_is_told_at_once_though_the_row_was_just_rung_for(set_up: SetUp) -> None:
    children, social = adapters()
    authorities = authorities_of(children, social)
    plan = set_up.opens_plan(authorities)
    yes = set_up.shares(plan, authorities)
    with set_up.running(authorities):
        accept(children.message(Told(TEST_CPR, goals={"g1": "Ro om aftenen"})), set_up.store, authorities)
        eventually(lambda: len(events(set_up)) == 1)
        first = fetched(set_up, authorities, events(set_up)[0].delivery, set_up.settings)
        for consent in [yes.id, *earlier(set_up, plan, yes.id)]:
            withdraw(consent, COORDINATOR, set_up.store, actor="test", correlation_id="c")
        eventually(lambda: [one.topic for one in events(set_up)][-1] == Topic.WITHDRAWN)
        taken_back = fetched(set_up, authorities, events(set_up)[-1].delivery, set_up.settings)
        assert taken_back.sequence > first.sequence
        take_receipt(taken_back.attempt, Said("taken-in"), FETCHER, set_up.store, set_up.settings)
        assert set_up.row(plan, "social").due_at is None


def earlier(set_up: SetUp, plan: UUID, but: UUID) -> list[UUID]:
    """Return the other consents to share that are in force."""
    with set_up.store.begin(read_only=True) as unit:
        stored = unit.plans.get(plan)
        assert stored is not None
        found = unit.consents.of([stored.plan.person])
    return [one.id for one in found if one.kind == "sharing" and one.id != but]
