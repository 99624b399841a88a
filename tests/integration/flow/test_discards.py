"""What a recipient holds is taken back though a dead letter of it was discarded before the hub had found that out."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.authority import PlanUpdate
from hub.clock import now
from hub.errors import RecipientDown, RecipientRefused, Tampered
from hub.flow.dead_letter_deeds import discard
from hub.flow.settle import Settled
from hub.store.revocation_tables import withdrawals
from hub.store.tables import people, plans
from hub.testing.builders import a_consent, a_contribution, an_id
from hub.testing.clock import frozen
from tests.integration.flow.test_deliver import raises
from tests.integration.policy import a_generous_policy, publish_policy
from tests.integration.world import SOMEBODY, World

pytestmark = pytest.mark.integration

GOAL = an_id("children", "g")
WHY = "Modtageren har lukket sagen."


def a_dead_letter_of_what_is_held(world: World, until: datetime | None = None) -> UUID:
    """Let social take in a goal, and refuse it all the same; return the plan.

    :param until: when the consent ends; nothing was settled before then.
    """
    (plan,) = world.opens_plan().plans
    consent = a_consent(SOMEBODY).to("social")
    world.says((consent.until(until) if until else consent).build(), plan)
    if until is None:
        world.drains()  # else it is a revision that dies, and that stays due
    world.accepts(a_contribution("children").with_draft("g").build())
    world.systems["social"].after = raises(RecipientRefused("It took it in, and says no."))
    assert world.delivers(plan, "social") is Settled.DEAD
    world.systems["social"].after = lambda update: None
    assert world.systems["social"].holds(plan) == {GOAL}
    return plan


def discards(world: World, plan: UUID) -> None:
    discard(world.row(plan, "social").id, WHY, world.store, actor="ops", correlation_id="d")


def owed(world: World) -> list[tuple[UUID, str | None]]:
    """Return what recipients had to give up, each with how that ended."""
    with world.store.begin(read_only=True) as unit:
        found = unit.connection.execute(sa.select(withdrawals.c.element_id, withdrawals.c.ending)).all()
    return [(row.element_id, row.ending) for row in found]


def test_what_a_new_policy_forbids_is_taken_back_though_nobody_had_swept_yet(world: World) -> None:
    plan = a_dead_letter_of_what_is_held(world)
    publish_policy({**a_generous_policy(), "rule": []}, world.store, actor="test", correlation_id="c")
    discards(world, plan)
    assert owed(world) == [(GOAL, None)], "it is known as soon as the dead letter is gone"
    row = world.row(plan, "social")
    assert (row.due_at is not None, row.is_urgent, row.is_revision) == (True, True, True)
    world.drains()
    assert not world.systems["social"].holds(plan)
    assert owed(world) == [(GOAL, "taken-in")]


def test_what_its_authority_deleted_while_the_recipient_was_down_is_taken_back(world: World) -> None:
    plan = a_dead_letter_of_what_is_held(world)
    world.systems["social"].before = raises(RecipientDown("It is away."))
    world.accepts(a_contribution("children").version(2).removing("g").build())
    world.delivers(plan, "social")
    was_due_at = world.row(plan, "social").due_at
    assert was_due_at is not None
    discards(world, plan)
    assert world.row(plan, "social").due_at == was_due_at, "it has waited since then"
    world.systems["social"].before = lambda update: None
    world.drains()
    assert not world.systems["social"].holds(plan)
    assert owed(world) == [(GOAL, "taken-in")]


@pytest.mark.parametrize("arrives", [False, True])
def test_a_discard_while_a_worker_takes_something_back_loses_nothing(world: World, *, arrives: bool) -> None:
    plan = a_dead_letter_of_what_is_held(world)
    world.accepts(a_contribution("children").version(2).removing("g").build())

    def somebody_discards(_: PlanUpdate) -> None:
        world.systems["social"].before = lambda update: None
        discards(world, plan)
        if not arrives:
            raise RecipientDown("It is away.")

    world.systems["social"].before = somebody_discards
    world.delivers(plan, "social")
    world.drains()
    assert not world.systems["social"].holds(plan)
    assert owed(world) == [(GOAL, "taken-in")]
    assert world.row(plan, "social").dead_at is None


def test_what_a_consent_allows_until_a_day_is_taken_back_on_that_day(world: World) -> None:
    """The discard decides as a delivery would, and so remembers when that must be decided anew."""
    ends = now() + timedelta(hours=1)
    plan = a_dead_letter_of_what_is_held(world, until=ends)
    discards(world, plan)
    world.drains()
    assert world.systems["social"].holds(plan) == {GOAL}
    with frozen(ends):
        world.drains()
    assert not world.systems["social"].holds(plan)


def test_where_nothing_is_to_be_taken_back_nothing_leaves(world: World) -> None:
    plan = a_dead_letter_of_what_is_held(world)
    publish_policy(a_generous_policy(), world.store, actor="test", correlation_id="c")
    heard = len(world.systems["social"].heard)
    discards(world, plan)
    world.drains()
    assert len(world.systems["social"].heard) == heard
    assert (owed(world), world.row(plan, "social").due_at) == ([], None)


def test_what_cannot_be_decided_now_is_decided_later_though_the_dead_letter_is_gone(world: World) -> None:
    plan = a_dead_letter_of_what_is_held(world)
    publish_policy({**a_generous_policy(), "rule": []}, world.store, actor="test", correlation_id="c")
    with world.store.begin() as unit:
        rows = unit.connection.execute(sa.select(people.c.id, people.c.identity)).all()
        unit.connection.execute(people.update().values(identity=b"?"))
    discards(world, plan)
    assert (world.row(plan, "social").dead_at, owed(world)) == (None, [])
    with world.store.begin() as unit:
        for row in rows:
            unit.connection.execute(people.update().where(people.c.id == row.id).values(identity=row.identity))
    world.drains()
    assert not world.systems["social"].holds(plan)


def test_a_dead_letter_of_a_plan_that_does_not_open_stays_one(world: World) -> None:
    plan = a_dead_letter_of_what_is_held(world)
    with world.store.begin() as unit:
        unit.connection.execute(plans.update().where(plans.c.id == plan).values(state=b"?"))
    with pytest.raises(Tampered):
        discards(world, plan)
    assert world.row(plan, "social").dead_at is not None
