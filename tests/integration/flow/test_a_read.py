"""What a read of a plan asks the database for, and whom it waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.consent.reader import Reader
from hub.flow.show import show_plan
from hub.plan.person import Role
from hub.testing.builders import a_consent, a_contribution
from tests.integration.policy import a_generous_policy, publish_policy
from tests.integration.world import SOMEBODY, World

pytestmark = pytest.mark.integration

SOCIAL = Reader("social", Role.AUTHORITY_SYSTEM)
NOTHING_SHARED = {**a_generous_policy(), "rule": []}


@contextmanager
def after_each(world: World, done: Callable[[str], None]) -> Iterator[None]:
    """Tell of every statement once it has run."""

    def tell(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        done(statement)

    sa.event.listen(world.store.engine, "after_cursor_execute", tell)
    yield
    sa.event.remove(world.store.engine, "after_cursor_execute", tell)


def test_a_read_asks_for_the_plan_and_for_what_is_around_it_and_is_written_down(world: World) -> None:
    """Each question is a way to the server and back; people and consents, however many, come with one of them."""
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    told = a_contribution("children").with_draft("g1").with_draft("g2")
    world.accepts(told.with_relative("h", "0201609995").build())
    asked: list[str] = []
    seen(world, plan)  # the policy is kept by the connection
    with after_each(world, asked.append):
        seen(world, plan)
    assert [statement.split()[0] for statement in asked if "BEGIN" not in statement] == ["SELECT", "SELECT", "INSERT"]


def test_a_read_that_waited_for_a_new_policy_is_decided_by_it(world: World) -> None:
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.accepts(a_contribution("children").with_draft("g1").build())
    assert seen(world, plan) == 1, "else this shows nothing"
    publishing, never = threading.Event(), threading.Event()

    def hold(statement: str) -> None:
        if statement.startswith("INSERT INTO policies"):
            publishing.set()
            never.wait(0.4)

    with after_each(world, hold), ThreadPoolExecutor(2) as pool:
        published = pool.submit(publish_policy, NOTHING_SHARED, world.store, actor="test", correlation_id="c")
        assert publishing.wait(20)
        assert pool.submit(seen, world, plan).result() == 0
        published.result()


def test_no_policy_is_published_between_a_read_and_its_commit(world: World) -> None:
    (plan,) = world.opens_plan().plans
    reading, asked, never = threading.Event(), threading.Event(), threading.Event()
    published: list[bool] = []

    def hold(statement: str) -> None:
        if statement.startswith("INSERT INTO audit") and not reading.is_set():
            reading.set()
            assert asked.wait(20)
            never.wait(0.4)
            published.append(publishing.done())

    with after_each(world, hold), ThreadPoolExecutor(2) as pool:
        read = pool.submit(seen, world, plan)
        assert reading.wait(20)
        publishing = pool.submit(publish_policy, NOTHING_SHARED, world.store, actor="test", correlation_id="c")
        asked.set()
        read.result()
        publishing.result()
    assert published == [False]


def seen(world: World, plan: UUID) -> int:
    """Return how many elements social services see."""
    return len(show_plan(plan, SOCIAL, world.store, actor="test", correlation_id="c").view.seen)
