"""Something that a citizen calls wrong: who is told, how the corrected version spreads, and who has confirmed it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.consent.reader import Reader
from hub.errors import Conflict, NotFound
from hub.flow.correct import ask, for_authority, of_plan, refuse
from hub.flow.corrected import ShownCorrection, State
from hub.plan.element import Kind, Sensitivity
from hub.plan.person import Role
from hub.store.correction_tables import corrections
from hub.testing.builders import a_consent, a_contribution, an_id
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.flow.feeding import a_world_that_feeds, must_fetch, reads, says
from tests.integration.policy import a_generous_policy, publish_policy
from tests.integration.world import COORDINATOR, SOMEBODY, World, citizen_of

pytestmark = pytest.mark.integration
CLAIM = "Jeg går ikke til svømning, men til dans"
GOAL = an_id("children", "g1")
CASEWORKER = Reader("children", Role.CASEWORKER)


def a_shared_plan(world: World) -> UUID:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    world.accepts(a_contribution("children").with_draft("g1", title="Svømning").build())
    return plan


def claims(world: World, plan: UUID, reader: Reader | None = None) -> UUID:
    asker = reader or citizen_of(world, plan)
    return ask(plan, GOAL, CLAIM, asker, world.store, actor="me", correlation_id="c").correction.id


def corrects(world: World, **facts: Any) -> None:
    """The authority sends its case anew."""
    world.accepts(a_contribution("children").version(2).with_draft("g1", title="Dans", **facts).build())


def confirmed(world: World, plan: UUID) -> tuple[State, dict[str, bool]]:
    (one,) = of_plan(plan, citizen_of(world, plan), world.store, actor="me", correlation_id="c")
    return one.state, {each.recipient: each.has_confirmed for each in one.holders}


def told(world: World, plan: UUID, reader: Reader) -> list[ShownCorrection]:
    return list(of_plan(plan, reader, world.store, actor="me", correlation_id="c"))


def titles(world: World, name: str) -> list[str]:
    return [item.element.title for update in world.systems[name].heard for item in update.disclosed]


def test_the_correction_reaches_everybody_who_holds_the_wrong_value_and_they_confirm(world: World) -> None:
    plan = a_shared_plan(world)
    world.drains()
    claims(world, plan)
    assert confirmed(world, plan) == (State.ASKED, {"employment": False, "social": False})
    corrects(world)
    world.delivers(plan, "social")
    assert confirmed(world, plan) == (State.CHANGED, {"employment": False, "social": True})
    world.drains()
    assert confirmed(world, plan) == (State.CHANGED, {"employment": True, "social": True})
    assert titles(world, "social") == titles(world, "employment") == ["Svømning", "Dans"]


def test_who_may_see_it_no_longer_gets_a_withdrawal_and_confirms_that(world: World) -> None:
    plan = a_shared_plan(world)
    world.drains()
    claims(world, plan)
    corrects(world, category="health", label=Sensitivity.VIP_SAGER)
    world.drains()
    assert not world.systems["employment"].holds(plan)
    assert world.systems["employment"].heard[-1].withdrawn == (GOAL,)
    assert titles(world, "employment") == ["Svømning"], "the corrected value is none of its business"
    assert confirmed(world, plan)[1]["employment"]


def test_who_may_hold_the_wrong_value_is_told_too(world: World) -> None:
    plan = a_shared_plan(world)

    def breaks(_: Any) -> None:
        raise RuntimeError("it took it in, and its answer was lost")

    world.systems["social"].after = breaks
    with pytest.raises(RuntimeError):
        world.delivers(plan, "social")
    claims(world, plan)
    assert confirmed(world, plan) == (State.ASKED, {"social": False})
    corrects(world)
    assert confirmed(world, plan) == (State.CHANGED, {"social": False})
    world.systems["social"].after = lambda update: None
    world.waits()
    world.drains()
    assert titles(world, "social")[-1] == "Dans"
    assert confirmed(world, plan) == (State.CHANGED, {"social": True})


def test_a_recipient_that_fetches_is_told_and_confirms_by_its_receipt(world: World) -> None:
    a_world_that_feeds(world)
    plan = a_shared_plan(world)
    world.delivers(plan, "social")
    says(world, must_fetch(world, reads(world)[-1].delivery)[0].attempt)
    claims(world, plan)
    corrects(world)
    world.delivers(plan, "social")
    event = reads(world)[-1]
    fetched, update = must_fetch(world, event.delivery)
    assert [item.element.title for item in update.disclosed] == ["Dans"]
    assert not confirmed(world, plan)[1]["social"], "fetched is not confirmed"
    says(world, fetched.attempt)
    assert confirmed(world, plan)[1]["social"]


def test_its_authority_finds_it_on_its_list_until_it_is_corrected(world: World) -> None:
    plan = a_shared_plan(world)
    one = claims(world, plan)

    def listed(reader: Reader) -> list[tuple[UUID, str]]:
        found = for_authority(reader, world.store, actor="me", correlation_id="c")
        return [(each.correction.id, each.correction.claim) for each in found]

    assert listed(CASEWORKER) == listed(Reader("children", Role.AUTHORITY_SYSTEM)) == [(one, CLAIM)]
    assert not listed(Reader("social", Role.CASEWORKER))
    corrects(world)
    assert not listed(CASEWORKER)


def test_who_works_with_other_subjects_finds_it_on_no_list_and_refuses_nothing(world: World) -> None:
    plan = a_shared_plan(world)
    one, elsewhere = claims(world, plan), Reader("children", Role.CASEWORKER, kle=frozenset({"32"}))
    assert not world.shows(plan, elsewhere).view.seen, "else this shows nothing"
    assert not for_authority(elsewhere, world.store, actor="me", correlation_id="c")
    with pytest.raises(NotFound):
        refuse(one, "Det er rigtigt nok", elsewhere, world.store, actor="x", correlation_id="c")


def test_a_no_stands_beside_the_citizens_words(world: World) -> None:
    plan = a_shared_plan(world)
    one = claims(world, plan)
    with pytest.raises(NotFound):
        refuse(one, "Det er rigtigt nok", Reader("social", Role.CASEWORKER), world.store, actor="x", correlation_id="c")
    refuse(one, "Det står i afgørelsen", CASEWORKER, world.store, actor="x", correlation_id="c")
    for reader in (citizen_of(world, plan), COORDINATOR):
        (told,) = of_plan(plan, reader, world.store, actor="me", correlation_id="c")
        assert (told.state, told.correction.claim, told.correction.answer) == (
            State.REFUSED, CLAIM, "Det står i afgørelsen",
        )  # fmt: skip
    with pytest.raises(Conflict):
        refuse(one, "Det står i afgørelsen", CASEWORKER, world.store, actor="x", correlation_id="c")
    claims(world, plan)  # and may say it again


def test_whoever_refuses_is_not_told_who_else_holds_it(world: World) -> None:
    plan = a_shared_plan(world)
    world.drains()
    one = claims(world, plan)
    refused = refuse(one, "Det står i afgørelsen", CASEWORKER, world.store, actor="x", correlation_id="c")
    assert (refused.state, refused.holders) == (State.REFUSED, ())
    for reader in (citizen_of(world, plan), COORDINATOR):
        (shown,) = told(world, plan, reader)
        assert {each.recipient for each in shown.holders} == {"employment", "social"}


def test_of_what_one_does_not_see_nothing_is_called_wrong(world: World) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.accepts(a_contribution("social").with_draft("h1", Kind.NOTE, category="health").build())
    hidden = an_id("social", "h1")
    assert not world.shows(plan).view.element(hidden), "else this shows nothing"
    with pytest.raises(NotFound):
        ask(plan, hidden, CLAIM, COORDINATOR, world.store, actor="me", correlation_id="c")
    ask(plan, hidden, CLAIM, citizen_of(world, plan), world.store, actor="me", correlation_id="c")
    assert not of_plan(plan, COORDINATOR, world.store, actor="me", correlation_id="c")


@pytest.mark.parametrize("answers", [True, False])
def test_what_is_withdrawn_from_the_coordinator_is_followed_no_more(world: World, answers: bool) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.accepts(a_contribution("children").with_draft("g1", title="Svømning").build())
    one = claims(world, plan, COORDINATOR)
    corrects(world, label=Sensitivity.VIP_SAGER)
    assert not world.shows(plan).view.element(GOAL), "else this shows nothing"
    if answers:
        world.accepts(a_contribution("children").version(3).with_draft("g1", title="Svømning").build())
        refuse(one, "Det står i afgørelsen", CASEWORKER, world.store, actor="x", correlation_id="c")
        again = a_contribution("children").version(4).with_draft("g1", label=Sensitivity.VIP_SAGER)
        world.accepts(again.build())
    assert not told(world, plan, COORDINATOR)
    assert told(world, plan, citizen_of(world, plan)), "the citizen sees it still"


def test_the_coordinator_is_told_who_has_deleted_what_they_saw_and_nothing_of_what_they_did_not(world: World) -> None:
    plan = a_shared_plan(world)
    world.drains()
    claims(world, plan, COORDINATOR)
    world.accepts(a_contribution("children").version(2).removing("g1").build())
    world.drains()
    (one,) = told(world, plan, COORDINATOR)
    assert (one.state, {each.has_confirmed for each in one.holders}) == (State.CHANGED, {True})
    world.accepts(a_contribution("children").version(3).with_draft("g1", label=Sensitivity.VIP_SAGER).build())
    world.accepts(a_contribution("children").version(4).removing("g1").build())
    assert not told(world, plan, COORDINATOR)
    assert told(world, plan, citizen_of(world, plan))


def test_what_is_withheld_from_the_citizen_since_tells_no_more_than_what_was_answered(world: World) -> None:
    plan = a_shared_plan(world)
    world.drains()
    claims(world, plan)
    relative = a_contribution("children").version(2).with_relative("g1", "0101700001", name="Far").build()
    world.accepts(relative)
    world.drains()
    assert not world.shows(plan, citizen_of(world, plan)).view.element(GOAL), "else this shows nothing"
    (one,) = told(world, plan, citizen_of(world, plan))
    assert (one.state, one.holders) == (State.ASKED, ())


def test_a_change_of_what_it_is_part_of_changes_nothing_that_is_told(world: World) -> None:
    plan = a_shared_plan(world)
    claims(world, plan)
    whole = a_contribution("children").version(2).with_draft("secret", label=Sensitivity.VIP_SAGER)
    world.accepts(whole.with_draft("g1", title="Svømning", part_of="secret").build())
    for reader in (COORDINATOR, citizen_of(world, plan)):
        assert [one.state for one in told(world, plan, reader)] == [State.ASKED]


def test_a_change_of_a_part_that_is_left_out_changes_nothing_that_is_told(world: World) -> None:
    rules = a_generous_policy()
    (whole,) = rules["rule"]
    other = {**whole, "id": "CON-PART", "roles": ["coordinator"], "without": ["text"]}
    whole["roles"] = ["authority-system", "caseworker", "citizen"]
    publish_policy({**rules, "rule": [whole, other]}, world.store, actor="test", correlation_id="c")
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    world.accepts(a_contribution("children").with_draft("g1", title="Svømning", text="Hver mandag").build())
    claims(world, plan, COORDINATOR)
    world.accepts(a_contribution("children").version(2).with_draft("g1", title="Svømning", text="Aldrig").build())
    seen = world.shows(plan).view.element(GOAL)
    assert seen is not None
    assert seen.decision.hidden, "else this shows nothing"
    assert [(one.state, one.holders) for one in told(world, plan, COORDINATOR)] == [(State.ASKED, ())]
    assert not for_authority(CASEWORKER, world.store, actor="me", correlation_id="c"), "it has changed it"
    claims(world, plan, COORDINATOR)


def test_twice_is_a_conflict_and_the_words_lie_sealed(world: World) -> None:
    plan = a_shared_plan(world)
    claims(world, plan)
    with pytest.raises(Conflict):
        claims(world, plan, COORDINATOR)
    with world.store.begin(read_only=True) as unit:
        (row,) = unit.connection.execute(sa.select(corrections))
    assert b"dans" not in bytes(row.claim)
    assert "dans" not in world.audited("correction-asked")[0]["details"]
