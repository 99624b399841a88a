"""A plan's elements as they stand are sealed together in its row: what is read there is what their own rows say."""

from __future__ import annotations

from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.errors import Tampered
from hub.store.plans import StoredPlan
from hub.store.tables import elements, plans
from hub.testing.builders import a_contribution
from tests.integration.world import World

pytestmark = pytest.mark.integration


def read(world: World, plan: UUID) -> StoredPlan:
    with world.store.begin(read_only=True) as unit:
        stored = unit.plans.get(plan)
    assert stored is not None
    return stored


def set_of(world: World, plan: UUID, **values: object) -> None:
    with world.store.begin() as unit:
        unit.connection.execute(plans.update().where(plans.c.id == plan).values(values))


def content_of(world: World, plan: UUID) -> tuple[int, bytes]:
    with world.store.begin(read_only=True) as unit:
        query = sa.select(plans.c.content_version, plans.c.content).where(plans.c.id == plan)
        version, content = unit.connection.execute(query).one()
    return version, content


def from_rows(world: World, plan: UUID) -> StoredPlan:
    """Return the plan as its elements' rows have it."""
    version, _ = content_of(world, plan)
    set_of(world, plan, content_version=None)
    stored = read(world, plan)
    set_of(world, plan, content_version=version)
    return stored


def test_after_every_change_both_say_the_same(world: World) -> None:
    (plan,) = world.opens_plan().plans
    told = a_contribution("children")
    goal = told.with_draft("g1", title="A")
    changes = {
        "new": goal.with_draft("g2"),
        "sent again": goal.version(2).with_draft("g2"),
        "another title": told.version(3).with_draft("g1", title="B").with_draft("g2"),
        "linked to another": told.version(4).with_draft("g1", title="B").with_draft("g2", part_of="g1"),
        "gone": told.version(5).removing("g2"),
    }
    for change, contribution in changes.items():
        world.accepts(contribution.build())
        together, apart = read(world, plan), from_rows(world, plan)
        assert together.plan == apart.plan, change
        assert sorted(together.current, key=str) == sorted(apart.current, key=str), change
        assert content_of(world, plan)[0] == together.version, change


def test_what_an_earlier_hub_has_written_is_read_and_not_what_was_sealed_before_it(world: World) -> None:
    """It raises the version, and knows nothing of what is sealed together."""
    (plan,) = world.opens_plan().plans
    world.accepts(a_contribution("children").with_draft("g1", title="A").build())
    before = content_of(world, plan)
    world.accepts(a_contribution("children").version(2).with_draft("g1", title="B").build())
    set_of(world, plan, content_version=before[0], content=before[1])
    assert [element.title for element in read(world, plan).plan.elements.values()] == ["B"]


def test_what_was_sealed_of_an_earlier_version_opens_for_no_later_one(world: World) -> None:
    (plan,) = world.opens_plan().plans
    world.accepts(a_contribution("children").with_draft("g1", title="A").build())
    _, before = content_of(world, plan)
    world.accepts(a_contribution("children").version(2).with_draft("g1", title="B").build())
    set_of(world, plan, content=before)
    with pytest.raises(Tampered):
        read(world, plan)


def test_a_row_that_was_changed_is_not_what_is_read(world: World) -> None:
    (plan,) = world.opens_plan().plans
    world.accepts(a_contribution("children").with_draft("g1", title="A").build())
    with world.store.begin() as unit:
        unit.connection.execute(elements.update().values(content=b"x" * 99))
    assert [element.title for element in read(world, plan).plan.elements.values()] == ["A"]
    with pytest.raises(Tampered):
        from_rows(world, plan)
