"""A recipient that may be called so many times a minute is not called more often, and its deliveries take turns."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.clock import now
from hub.flow.settle import Settled
from hub.store.paces import interval
from hub.store.tables import outbox
from hub.testing.builders import a_consent, a_contribution
from hub.testing.clock import FrozenClock, frozen
from tests.integration.databases import a_store
from tests.integration.world import SOMEBODY, World, some_settings

pytestmark = pytest.mark.integration

LIMIT = 6
MINUTE = timedelta(minutes=1)


def people(many: int) -> list[str]:
    return [f"010170{number:04d}" for number in range(1, many + 1)]


def limited(world: World, per_minute: int = LIMIT) -> World:
    return replace(world, settings=some_settings(deliveries_per_minute_of={"social": per_minute}))


def opened(world: World, many: int) -> list[UUID]:
    """Open plans of which something is due to social services, one a second, and nothing to anybody else."""
    plans = []
    for number, cpr in enumerate(people(many)):
        plan = world.opens_plan(cpr).plans[0]
        world.says(a_consent(SOMEBODY).to("social").build(), plan)
        world.accepts(a_contribution("children", f"C{number}").about(cpr).with_draft("g").build())
        plans.append(plan)
    with world.store.begin() as unit:
        unit.connection.execute(outbox.update().where(outbox.c.recipient != "social").values(due_at=None))
        for number, plan in enumerate(plans):
            due = now() - timedelta(seconds=many - number)
            is_this = (outbox.c.plan_id == plan) & (outbox.c.recipient == "social")
            unit.connection.execute(outbox.update().where(is_this).values(due_at=due, is_urgent=False))
    return plans


def turn(world: World) -> list[UUID]:
    """Ring for what a relay would, and deliver; return the plans that were delivered."""
    done = []
    with world.store.begin() as unit:
        rings = [ring.id for ring in unit.outbox.take_rings(1000, now())]
        query = sa.select(outbox.c.plan_id).where(outbox.c.id.in_(rings)).order_by(outbox.c.due_at)
        plans = list(unit.connection.execute(query).scalars())
    for plan in plans:
        if world.delivers(plan, "social") is Settled.DELIVERED:
            done.append(plan)
    return done


def goes_on(world: World, clock: FrozenClock, seconds: int) -> list[tuple[datetime, UUID]]:
    """Let time pass; return when which plan was delivered."""
    found = []
    for _ in range(seconds):
        found += [(now(), plan) for plan in turn(world)]
        clock.advance(timedelta(seconds=1))
    return found


def most_in_a_minute(times: Sequence[datetime]) -> int:
    return max(sum(start <= at < start + MINUTE for at in times) for start in times)


def test_no_minute_has_more_deliveries_than_the_limit_and_each_has_its_turn(world: World) -> None:
    world = limited(world)
    plans = opened(world, 15)
    with frozen(now() + MINUTE) as clock:
        delivered = goes_on(world, clock, 200)
    times = [at for at, _ in delivered]
    assert [plan for _, plan in delivered] == plans, "who is due longest goes first"
    assert most_in_a_minute(times) <= LIMIT
    assert times[-1] - times[0] <= 15 * interval(LIMIT) + timedelta(seconds=15), "the limit is used"


def test_an_urgent_delivery_goes_before_those_that_wait(world: World) -> None:
    world = limited(world)
    plans = opened(world, 8)
    with frozen(now() + MINUTE) as clock:
        first = goes_on(world, clock, 5)
        with world.store.begin() as unit:
            unit.outbox.mark_due([plans[-1]], now(), "c", pressing=True)
            unit.connection.execute(outbox.update().where(outbox.c.recipient != "social").values(due_at=None))
        following = goes_on(world, clock, 25)
    assert [plan for _, plan in first] == plans[: len(first)]
    assert following[0][1] == plans[-1]
    assert [plan for _, plan in following[1:]] == plans[len(first) : len(first) + len(following) - 1]


def test_what_newly_becomes_due_does_not_overtake_who_waits(world: World) -> None:
    world = limited(world)
    plans = opened(world, 5)
    with frozen(now() + MINUTE) as clock:
        goes_on(world, clock, 1)
        clock.advance(interval(LIMIT))  # the next may go now, and nobody has rung for it yet
        fresh = opened_now(world)
        assert world.delivers(fresh, "social") is Settled.PAUSED
        assert goes_on(world, clock, 1)[0][1] == plans[1]


def opened_now(world: World) -> UUID:
    cpr = people(99)[-1]
    plan = world.opens_plan(cpr).plans[0]
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.accepts(a_contribution("children", "C-fresh").about(cpr).with_draft("g").build())
    with world.store.begin() as unit:
        unit.connection.execute(outbox.update().where(outbox.c.plan_id == plan).values(is_urgent=False))
    return plan


def test_other_recipients_are_not_held_up(world: World) -> None:
    world = limited(world, 1)
    plans = [world.opens_plan(cpr).plans[0] for cpr in people(4)]
    for number, cpr in enumerate(people(4)):
        world.says(a_consent(SOMEBODY).to("social", "employment").build(), plans[number])
        world.accepts(a_contribution("children", f"C{number}").about(cpr).with_draft("g").build())
    assert [world.delivers(plan, "social") for plan in plans].count(Settled.DELIVERED) == 1
    assert [world.delivers(plan, "employment") for plan in plans] == [Settled.DELIVERED] * 4


def test_what_turns_out_to_be_nothing_does_not_count(world: World) -> None:
    world = limited(world, 1)
    first, second = opened(world, 2)
    with frozen(now() + MINUTE) as clock:
        assert world.delivers(first, "social") is Settled.DELIVERED
        clock.advance(interval(1))
        with world.store.begin() as unit:
            unit.outbox.mark_due([first], now(), "c")
        with world.store.begin() as unit:  # as if it were due longer than the second
            is_first = (outbox.c.plan_id == first) & (outbox.c.recipient == "social")
            unit.connection.execute(outbox.update().where(is_first).values(due_at=now() - 9 * MINUTE))
        assert world.delivers(first, "social") is Settled.UP_TO_DATE
        assert world.delivers(second, "social") is Settled.DELIVERED


def test_all_workers_of_all_processes_share_the_limit(world: World, url: str) -> None:
    world = limited(world)
    plans = opened(world, 24)
    other = replace(world, store=a_store(url))
    calls: list[datetime] = []
    world.systems["social"].before = lambda update: calls.append(now())
    with frozen(now() + MINUTE), ThreadPoolExecutor(8) as workers:
        each = [(world if number % 2 else other, plan) for number, plan in enumerate(plans)]
        outcomes = list(workers.map(lambda pair: pair[0].delivers(pair[1], "social"), each))
    other.store.close()
    assert outcomes.count(Settled.DELIVERED) == len(calls) <= 1 + int(timedelta(seconds=1) / interval(LIMIT))
    assert outcomes.count(Settled.PAUSED) == len(plans) - len(calls)


def test_a_limit_that_is_taken_away_lets_everything_go(world: World) -> None:
    slow = limited(world, 1)
    plans = opened(slow, 5)
    for plan in plans:
        slow.delivers(plan, "social")
    assert len(slow.systems["social"].heard) == 1
    world.drains()
    assert {update.plan for update in slow.systems["social"].heard} == set(plans)


@pytest.mark.parametrize("per_minute", [1, 6, 60, 600, 60_000])
def test_between_two_deliveries_there_is_time_enough_for_no_minute_to_have_too_many(per_minute: int) -> None:
    early = timedelta(seconds=1)  # that the first of a minute may be late and the last early, together
    assert per_minute * interval(per_minute) >= MINUTE + early - timedelta(milliseconds=100)
