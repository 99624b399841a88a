"""What is kept for how long, and what is never cleared."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.clock import now
from hub.plan.plan import PlanStatus
from hub.store.retention_tables import inbox_plans
from hub.store.tables import plans
from hub.testing.builders import THEN, a_contribution
from hub.testing.clock import frozen
from tests.integration.world import World

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
