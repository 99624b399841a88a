"""What is kept for how long, and what is never cleared."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.clock import new_id, now
from hub.flow.housekeeping import ask, step
from hub.plan.plan import PlanStatus
from hub.store.migrations import upgrade
from hub.store.retention_tables import inbox_plans
from hub.store.sqlite_file import empty_log
from hub.store.tables import inbox, plans
from hub.store.transaction import Store
from hub.testing.builders import THEN, a_contribution
from hub.testing.clock import frozen
from tests.integration.databases import a_store
from tests.integration.world import World, some_settings

pytestmark = pytest.mark.integration


def ends(world: World, plan: UUID, status: PlanStatus = PlanStatus.COMPLETED) -> None:
    """Let a plan be completed now, or live again."""
    with world.store.begin() as unit:
        stored = unit.plans.get(plan)
        assert stored is not None
        unit.plans.save(stored, replace(stored.plan, status=status), now())


def ended_at(world: World, plan: UUID) -> datetime | None:
    with world.store.begin(read_only=True) as unit:
        query = sa.select(plans.c.ended_at).where(plans.c.id == plan)
        at: datetime | None = unit.connection.execute(query).scalar_one()
    return at


# --- the end of a plan --------------------------------------------------------------------------------------------


def test_a_plan_remembers_since_when_it_is_completed_until_it_lives_again(world: World) -> None:
    with frozen(THEN) as clock:
        plan = world.opens_plan().plans[0]
        assert ended_at(world, plan) is None
        ends(world, plan)
        clock.advance(timedelta(days=1))
        ends(world, plan)
        assert ended_at(world, plan) == THEN
        ends(world, plan, PlanStatus.ACTIVE)
        assert ended_at(world, plan) is None


def test_a_message_names_every_plan_that_it_was_for(world: World) -> None:
    first = world.opens_plan().plans[0]
    second = world.opens_plan("1503879996").plans[0]
    receipt = world.accepts(
        a_contribution("children").with_draft("g").build(),
        a_contribution("children", "C2").about("1503879996").with_draft("g").build(),
    ).id
    with world.store.begin(read_only=True) as unit:
        query = sa.select(inbox_plans.c.plan_id).where(inbox_plans.c.receipt == receipt)
        assert set(unit.connection.execute(query).scalars()) == {first, second}


# --- the file -----------------------------------------------------------------------------------------------------


def put_messages(store: Store, number: int, body: bytes, at: datetime) -> None:
    """Put so many messages into the inbox."""
    rows = [
        {
            "id": new_id(), "municipality": store.municipality, "authority": "children",
            "message_index": os.urandom(32), "body_digest": os.urandom(32), "received_at": at, "correlation_id": "c",
            "outcome": "{}", "body": body,
        }
        for _ in range(number)
    ]  # fmt: skip
    with store.begin() as unit:
        unit.connection.execute(inbox.insert(), rows)


def clears(store: Store) -> None:
    """Do a round of every kind now."""
    ask(store, some_settings(), "test")
    while step(store, some_settings(), pause=timedelta(0)) is not None:
        pass


def test_what_was_cleared_is_gone_from_the_sqlite_file_and_its_log(tmp_path: Path) -> None:
    store = a_store(f"sqlite:///{tmp_path / 'hub.db'}")
    upgrade(store)
    canary = b"KANARIEFUGL" * 1000  # over several pages
    put_messages(store, 50, canary, now() - timedelta(days=31))
    assert b"KANARIEFUGL" in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    clears(store)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hub.db", "hub.db-shm", "hub.db-wal"]
    assert b"KANARIEFUGL" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    store.close()


def test_a_sqlite_file_that_is_filled_and_cleared_again_and_again_does_not_grow(tmp_path: Path) -> None:
    store = a_store(f"sqlite:///{tmp_path / 'hub.db'}")
    upgrade(store)
    sizes = []
    for _ in range(5):
        put_messages(store, 200, os.urandom(20_000), now() - timedelta(days=31))
        clears(store)
        sizes.append((tmp_path / "hub.db").stat().st_size)
    assert sizes[-1] - sizes[0] < 0.1 * sizes[0]  # what is left of a message is small
    store.close()


def test_a_reader_that_takes_its_time_holds_up_no_housekeeping(tmp_path: Path) -> None:
    store = a_store(f"sqlite:///{tmp_path / 'hub.db'}")
    upgrade(store)
    put_messages(store, 5, b"sealed", now() - timedelta(days=31))
    with store.begin(read_only=True) as reading:
        reading.connection.execute(sa.select(sa.func.count()).select_from(inbox)).scalar_one()
        clears(store)
        assert not empty_log(store)
    assert empty_log(store)
    store.close()
