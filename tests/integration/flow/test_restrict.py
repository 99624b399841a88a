"""Processing that is restricted: what it holds back from whom, at once, and how it ends."""

from __future__ import annotations

from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from hub.consent.decision import Reason
from hub.consent.reader import Reader
from hub.errors import Conflict, InvalidRequest, NotAllowed, NotFound
from hub.flow.emergency import break_glass
from hub.flow.hold import hold_back
from hub.flow.ledger import show_ledger
from hub.flow.ledger_words import Deed
from hub.flow.report import report_on
from hub.flow.restrict import announce, lift, restrict, show_restrictions
from hub.flow.told import tell
from hub.plan.element import Sensitivity
from hub.plan.person import Role
from hub.store.notices import NoticeKind
from hub.store.restrictions import Restriction
from hub.store.rights_tables import restrictions
from hub.testing.builders import a_consent, a_contribution, an_id
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.world import COORDINATOR, SOMEBODY, World, citizen_of

pytestmark = pytest.mark.integration
WHY = "Borgeren siger, at målet er forkert"
GOAL, OTHER = an_id("children", "g1"), an_id("children", "g2")
SOCIAL = Reader("social", Role.CASEWORKER)


def a_shared_plan(world: World) -> UUID:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    world.accepts(a_contribution("children").with_draft("g1").with_draft("g2").build())
    world.drains()
    assert world.systems["social"].holds(plan) == {GOAL, OTHER}
    return plan


def restricts(world: World, plan: UUID, element: UUID | None = None, reader: Reader = COORDINATOR) -> Restriction:
    return restrict(plan, element, WHY, reader, world.store, actor="me", correlation_id="c")


def lifts(world: World, one: Restriction, reader: Reader = COORDINATOR) -> Restriction:
    return lift(one.id, "Målet er rettet nu", reader, world.store, actor="me", correlation_id="c")


def is_told(world: World, one: Restriction) -> None:
    """The coordinator tells the citizen by phone, as the letter has not gone out."""
    announce(one.id, COORDINATOR, world.store, actor="me", correlation_id="c")
    with world.store.begin(read_only=True) as unit:
        (letter,) = [each for each in unit.notices.of_plan(one.plan) if each.kind is NoticeKind.RESTRICTION_ENDS]
    tell(letter.id, COORDINATOR, world.store, actor="me", correlation_id="c")


def shown(world: World, plan: UUID, reader: Reader) -> set[UUID]:
    return {one.element.id for one in world.shows(plan, reader).view.seen}


def test_an_element_is_taken_back_from_whoever_holds_it_and_read_by_nobody_else(world: World) -> None:
    plan = a_shared_plan(world)
    restricts(world, plan, GOAL)
    world.drains()
    assert world.systems["social"].holds(plan) == world.systems["employment"].holds(plan) == {OTHER}
    assert shown(world, plan, SOCIAL) == shown(world, plan, COORDINATOR) == {OTHER}


def test_its_citizen_and_its_own_authority_see_it_still(world: World) -> None:
    plan = a_shared_plan(world)
    restricts(world, plan, GOAL)
    assert GOAL in shown(world, plan, citizen_of(world, plan))
    assert GOAL in shown(world, plan, Reader("children", Role.CASEWORKER))


def test_of_a_restricted_plan_nothing_new_leaves_and_what_comes_in_is_kept(world: World) -> None:
    plan = a_shared_plan(world)
    restricts(world, plan)
    world.accepts(a_contribution("children").version(2).with_draft("g3").build())
    world.drains()
    assert not world.systems["social"].holds(plan)
    assert not shown(world, plan, SOCIAL)
    assert an_id("children", "g3") in shown(world, plan, citizen_of(world, plan))


def test_it_reaches_a_delivery_already_queued(world: World) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    world.accepts(a_contribution("children").with_draft("g1").build())
    restricts(world, plan)
    world.drains()
    assert not world.systems["social"].heard


def test_what_must_be_given_up_is_known_as_it_commits(world: World) -> None:
    plan = a_shared_plan(world)
    restricts(world, plan, GOAL)
    with world.store.begin(read_only=True) as unit:
        owed = {recipient: unit.holdings.of(row).owed for row, recipient, _ in unit.outbox.of_plan(plan)}
    assert owed["social"] == owed["employment"] == {GOAL}


def test_an_emergency_opens_it(world: World) -> None:
    plan = a_shared_plan(world)
    restricts(world, plan)
    reader = Reader("social", Role.CASEWORKER)
    break_glass(
        plan, "Barnet er fundet alene hjemme om natten.", 5, reader, world.store, actor="test", correlation_id="c"
    )
    seen = world.shows(plan, reader).view.seen
    assert {one.decision.reason for one in seen} == {Reason.EMERGENCY}
    assert {one.element.id for one in seen} == {GOAL, OTHER}


def test_it_is_lifted_only_once_the_citizen_has_been_told(world: World) -> None:
    plan = a_shared_plan(world)
    one = restricts(world, plan, GOAL)
    with pytest.raises(Conflict):
        lifts(world, one)
    announce(one.id, COORDINATOR, world.store, actor="me", correlation_id="c")
    with pytest.raises(Conflict):
        lifts(world, one)
    assert shown(world, plan, SOCIAL) == {OTHER}
    is_told(world, one)
    lifts(world, one)
    world.drains()
    assert world.systems["social"].holds(plan) == {GOAL, OTHER}
    assert shown(world, plan, SOCIAL) == {GOAL, OTHER}


def test_the_citizen_lifts_the_own_request_and_no_other(world: World) -> None:
    plan = a_shared_plan(world)
    citizen = citizen_of(world, plan)
    own, theirs = restricts(world, plan, GOAL, citizen), restricts(world, plan, OTHER)
    lifts(world, own, citizen)
    assert shown(world, plan, SOCIAL) == {GOAL}
    with pytest.raises(NotAllowed):
        lifts(world, theirs, citizen)


def test_one_is_lifted_and_another_stays(world: World) -> None:
    plan = a_shared_plan(world)
    citizen = citizen_of(world, plan)
    whole = restricts(world, plan, None, citizen)
    restricts(world, plan, GOAL, citizen)
    lifts(world, whole, citizen)
    assert shown(world, plan, SOCIAL) == {OTHER}


def test_of_what_one_does_not_see_nothing_is_restricted(world: World) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.accepts(a_contribution("social").with_draft("h1", category="health").build())
    with pytest.raises(NotFound):
        restricts(world, plan, an_id("social", "h1"))
    for reader in (SOCIAL, Reader("elsewhere", Role.COORDINATOR), Reader("citizen", Role.CITIZEN, person=plan)):
        with pytest.raises(NotFound):
            restricts(world, plan, None, reader)
    assert len(world.audited("refused")) == 4


def test_a_reason_says_something_and_twice_is_a_conflict(world: World) -> None:
    plan = a_shared_plan(world)
    with pytest.raises(InvalidRequest):
        restrict(plan, None, "fordi", COORDINATOR, world.store, actor="me", correlation_id="c")
    restricts(world, plan)
    with pytest.raises(Conflict):
        restricts(world, plan)


def test_why_lies_sealed_and_who_is_audited_and_told(world: World) -> None:
    plan = a_shared_plan(world)
    one = restricts(world, plan, GOAL)
    is_told(world, one)
    lifts(world, one)
    with world.store.begin(read_only=True) as unit:
        (row,) = unit.connection.execute(sa.select(restrictions))
    assert WHY.encode() not in bytes(row.reason)
    assert b"rettet" not in bytes(row.lift_reason)
    (told,) = show_restrictions(plan, citizen_of(world, plan), world.store, actor="me", correlation_id="c")
    assert (told.reason, told.lift_reason, told.organisation) == (WHY, "Målet er rettet nu", "coordination")
    for action in ("restricted", "restriction-announced", "restriction-lifted"):
        (deed,) = world.audited(action)
        details = orjson.loads(deed["details"])
        assert details["restriction"] == str(one.id)
        assert "forkert" not in deed["details"]
    ledger = show_ledger(plan, citizen_of(world, plan), world.store, actor="me", correlation_id="c")
    assert {"restricted", "restriction-lifted"} <= {one.deed for one in ledger.disclosures}


# --- what is withheld ---------------------------------------------------------------------------------------------


def told(world: World, plan: UUID, reader: Reader) -> list[UUID]:
    found = show_restrictions(plan, reader, world.store, actor="me", correlation_id="c")
    return [one.id for one in found]


def reported(world: World, plan: UUID, reader: Reader) -> list[UUID]:
    made = report_on(plan, reader, world.store, world.settings, actor="me", correlation_id="c")
    return [one.id for one in made.restrictions]


def deeds(world: World, plan: UUID, reader: Reader) -> list[Deed]:
    found = show_ledger(plan, reader, world.store, actor="me", correlation_id="c").disclosures
    return [one.deed for one in found if one.deed in (Deed.RESTRICTED, Deed.RESTRICTION_LIFTED)]


def test_what_the_citizen_restricts_out_of_the_coordinators_sight_is_the_citizens(world: World) -> None:
    plan = a_shared_plan(world)
    world.accepts(a_contribution("social").with_draft("h1", label=Sensitivity.VIP_SAGER).build())
    hidden = an_id("social", "h1")
    assert hidden not in shown(world, plan, COORDINATOR), "else this shows nothing"
    citizen = citizen_of(world, plan)
    one, other = restricts(world, plan, hidden, citizen), restricts(world, plan, GOAL, citizen)
    assert told(world, plan, COORDINATOR) == reported(world, plan, COORDINATOR) == [other.id]
    assert told(world, plan, citizen) == reported(world, plan, citizen) == [one.id, other.id]
    for deed in (lambda: lifts(world, one), lambda: is_told(world, one)):
        with pytest.raises(NotFound):
            deed()
    lifts(world, one, citizen)
    assert told(world, plan, COORDINATOR) == [other.id]
    assert deeds(world, plan, citizen) == [Deed.RESTRICTION_LIFTED, Deed.RESTRICTED, Deed.RESTRICTED]
    assert not deeds(world, plan, COORDINATOR), "of either: of what is restricted the coordinator is shown nothing"


def test_what_the_coordinator_restricts_out_of_the_citizens_sight_is_not_told(world: World) -> None:
    plan = a_shared_plan(world)
    joined = a_contribution("children").version(2).with_draft("g1").with_relative("g2", "0301609995", name="Far")
    one = restricts(world, plan, OTHER)
    world.accepts(joined.build())
    citizen = citizen_of(world, plan)
    assert OTHER not in shown(world, plan, citizen), "else this shows nothing"
    for reader in (citizen, COORDINATOR):
        assert not reported(world, plan, reader)
        assert not deeds(world, plan, reader)
    assert not told(world, plan, citizen)
    assert told(world, plan, COORDINATOR) == [one.id], "whose own it is"
    with pytest.raises(NotFound):
        lifts(world, one, citizen)
    lifts(world, one)
    with world.store.begin(read_only=True) as unit:
        assert not unit.notices.of_plan(plan), "no letter tells of it"
    assert not deeds(world, plan, citizen)


def test_what_is_gone_is_told_by_how_it_read_last(world: World) -> None:
    plan = a_shared_plan(world)
    citizen = citizen_of(world, plan)
    one = restricts(world, plan, GOAL, citizen)
    world.accepts(a_contribution("children").version(2).removing("g1").build())
    assert told(world, plan, COORDINATOR) == told(world, plan, citizen) == [one.id]


def test_of_a_held_plan_the_citizen_is_told_of_one_before_it_is_lifted_as_ever(world: World) -> None:
    plan = a_shared_plan(world)
    one = restricts(world, plan, GOAL)
    hold_back(plan, "Søsteren har fortalt om trusler", COORDINATOR, world.store, actor="me", correlation_id="c")
    assert not told(world, plan, citizen_of(world, plan))
    with pytest.raises(Conflict):
        lifts(world, one)
