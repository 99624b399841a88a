"""What goes first: what may take something back, and an appointment that is about to begin."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from hub.clock import now
from hub.errors import RecipientFailed
from hub.flow.settle import Settled
from hub.plan.element import Category, Kind, Period
from hub.testing.builders import TEST_CPR, a_consent, a_contribution
from hub.testing.clock import frozen
from tests.integration.silence import falls_silent
from tests.integration.world import SOMEBODY, World

pytestmark = pytest.mark.integration

HOUR = timedelta(hours=1)


@pytest.fixture
def plan(world: World) -> UUID:
    """A plan whose social services have been told all there is."""
    opened = world.opens_plan().plans[0]
    consent = a_consent(SOMEBODY).to("social").for_categories("goals", "appointments")
    world.says(consent.build(), opened)
    world.drains()
    return opened


def says(world: World, version: int, begins_in: timedelta, title: str = "Møde") -> None:
    """Let children's services tell of an appointment."""
    start = now() + begins_in
    said = a_contribution("children").about(TEST_CPR).version(version).message(f"m{version}")
    said = said.with_draft(
        "a", Kind.APPOINTMENT, category=Category.APPOINTMENTS, title=title, valid=Period(start, start + HOUR)
    )
    world.accepts(said.build())


@pytest.mark.parametrize(("begins_in", "is_urgent"), [(23 * HOUR, True), (25 * HOUR, False)])
def test_an_appointment_within_a_day_makes_its_recipients_urgent(
    world: World, plan: UUID, begins_in: timedelta, is_urgent: bool
) -> None:
    says(world, 1, begins_in)
    assert world.row(plan, "social").is_urgent is is_urgent
    assert world.delivers(plan, "social") is Settled.DELIVERED
    assert world.row(plan, "social").is_urgent is False


def test_it_is_rung_for_before_what_is_due_longer(world: World, plan: UUID) -> None:
    another = world.opens_plan("0101640097").plans[0]
    world.says(a_consent(SOMEBODY).to("social").build(), another)
    world.drains()
    world.accepts(a_contribution("children", "C9").about("0101640097").with_draft("g").build())
    says(world, 1, HOUR)
    with world.store.begin() as unit:
        rings = unit.outbox.take_rings(1, now())
    assert [ring.is_urgent for ring in rings] == [True]


def test_it_waits_out_a_failure_as_others_do_so_that_attempts_still_span_a_day(world: World, plan: UUID) -> None:
    social = world.systems["social"]

    def fails(_: object) -> None:
        raise RecipientFailed("It failed.")

    social.before = fails
    says(world, 1, HOUR)
    assert world.delivers(plan, "social") is Settled.LATER
    not_before = world.row(plan, "social").not_before
    says(world, 2, HOUR, title="Møde et andet sted")
    assert world.row(plan, "social").is_urgent
    assert world.row(plan, "social").not_before == not_before > now()
    assert world.delivers(plan, "social") is Settled.NOT_DUE
    with frozen(not_before + timedelta(seconds=1)):
        social.before = lambda update: None
        assert world.delivers(plan, "social") is Settled.DELIVERED


def test_it_is_no_withdrawal_that_waits(world: World, plan: UUID) -> None:
    """What operators are alarmed by is what a citizen has taken back, and that alone."""
    says(world, 1, HOUR)
    world.drains()
    falls_silent(world.store, "social")
    says(world, 2, HOUR, title="Møde et andet sted")
    with world.store.begin(read_only=True) as unit:
        assert unit.outbox.withdrawals_due() == {}
    more = world.says(a_consent(SOMEBODY).to("social").for_categories("needs").build(), plan)
    assert world.row(plan, "social").is_revision, "it may take something back, until it is decided"
    with world.store.begin(read_only=True) as unit:
        assert unit.outbox.withdrawals_due() == {}, "and one consent more takes nothing back"
    world.takes_back(more.id)
    with world.store.begin(read_only=True) as unit:
        assert unit.outbox.withdrawals_due() == {}, "nothing of it was ever sent"
    with world.store.begin(read_only=True) as unit:
        person = next(stored.plan.person for stored in [unit.plans.get(plan)] if stored)
        given = [one.id for one in unit.consents.of([person]) if one.kind == "sharing"]
    at = now()
    for consent in given:
        world.takes_back(consent)
    with world.store.begin(read_only=True) as unit:
        waiting = unit.outbox.withdrawals_due()
    assert {whom: one.plans for whom, one in waiting.items()} == {"social": 1}
    assert at <= waiting["social"].since <= now()
