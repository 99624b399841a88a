"""A delivery is told in the trace of what it is for, whatever has happened between the ring and the lease."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from hub.clock import now
from hub.flow.settle import Settled
from hub.flow.traced import origins
from hub.spans.recording import Recorded, Recording
from hub.spans.span import Cause
from hub.testing.builders import a_consent, a_contribution
from tests.integration.databases import OPERATED
from tests.integration.set_up import eventually
from tests.integration.world import SOMEBODY, World

pytestmark = pytest.mark.integration
WAITING = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def somebody_waits(world: World) -> bool:
    with world.store.begin(read_only=True) as unit:  # one transaction sees the same of it for good
        return bool(unit.connection.execute(WAITING).scalar_one())


@pytest.mark.parametrize("url", [OPERATED], indirect=True)
def test_what_came_while_a_worker_waited_for_the_plan_is_what_it_is_for(world: World) -> None:
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.drains()
    world.accepts(a_contribution("children").with_draft("g1").build(), correlation_id="rung-for")
    kept: list[Recorded] = []
    world.store.tells(Recording(kept.append))
    with ThreadPoolExecutor(1) as worker:
        with world.store.begin() as unit:
            unit.plans.lock([plan])
            delivering = worker.submit(world.delivers, plan, "social")
            eventually(lambda: somebody_waits(world))
            unit.outbox.mark_due([plan], now(), "came-meanwhile")
        assert delivering.result() is Settled.DELIVERED
    (work,) = kept
    row = world.row(plan, "social").id
    assert work.cause == Cause(row, "came-meanwhile")
    assert [trace for _, trace in work.links] == [Cause(row, "rung-for")]


def test_of_several_messages_under_one_correlation_id_the_newest_is_followed(world: World) -> None:
    (plan,) = world.opens_plan().plans
    cause = Cause(plan, "of-both")
    assert origins([cause], world.store) == {}
    receipts = [
        world.accepts(a_contribution("children", name).with_draft(name).build(), correlation_id="of-both").id
        for name in ("one", "two")
    ]
    (found,) = origins([cause, Cause(plan, "of-nobody")], world.store).values()
    assert (found.trace_id, found.span_id) == (receipts[1], receipts[1].hex[:16])
