"""The citizen's ledger: what is told of who saw, got or gave back what, and what is not."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import pytest

from hub.api.rights_answers import ledger_answer
from hub.clock import new_id, now
from hub.consent.decision import Reason
from hub.consent.reader import Reader
from hub.errors import NotFound
from hub.fhir.audit_out import audit_events
from hub.flow.emergency import break_glass
from hub.flow.hold import hold_back, lift
from hub.flow.ledger import Ledger, show_ledger
from hub.flow.ledger_words import Deed
from hub.flow.show import explain
from hub.flow.write_own import add
from hub.plan.element import Kind
from hub.plan.own import OwnWords
from hub.plan.person import Role
from hub.store.tables import memberships
from hub.testing.builders import a_consent, a_contribution, an_id
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.world import COORDINATOR, SOMEBODY, Dies, World, citizen_of

pytestmark = pytest.mark.integration
FATHER = "0301609995"
CASEWORKER = Reader("children", Role.CASEWORKER)


def a_shared_plan(world: World) -> UUID:
    """A goal of children's that employment and social services hold, as the citizen has agreed."""
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    world.accepts(a_contribution("children").with_draft("g1").build())
    world.drains()
    return plan


def ledger(world: World, plan: UUID, reader: Reader | None = None) -> Ledger:
    asker = reader or citizen_of(world, plan)
    return show_ledger(plan, asker, world.store, actor="the-client", correlation_id="c")


def told(found: Ledger) -> list[tuple[Deed, tuple[str, ...], tuple[str, ...]]]:
    return [(one.deed, one.organisations, one.categories) for one in found.disclosures]


def test_a_delivery_is_told_once_with_who_what_when_and_by_which_law(world: World) -> None:
    plan = a_shared_plan(world)
    (sent,) = [one for one in ledger(world, plan).disclosures if one.organisations == ("employment",)]
    (row,) = [one for one in world.audited("delivered") if '"employment"' in one["details"]]
    assert (sent.deed, sent.at, sent.categories) == (Deed.SENT, row["at"], ("goals",))
    assert [basis.rule for basis in sent.bases] == orjson.loads(row["details"])["rules"]
    assert all(basis.citation and basis.sentence.da and basis.sentence.en for basis in sent.bases)
    assert len(sent.consents) == 2, "to one plan, and to sharing"
    assert sent.sentence.da == "Beskæftigelse fik sendt oplysninger om mål."
    assert sent.sentence.en == "Employment was sent information on goals."


def test_what_recipients_hold_now_stands_beside_it(world: World) -> None:
    plan = a_shared_plan(world)
    found = ledger(world, plan).held_now
    assert [(one.recipient, one.categories, one.elements, one.is_sure) for one in found] == [
        ("employment", ("goals",), 1, True),
        ("social", ("goals",), 1, True),
    ]


def test_what_is_taken_back_is_told_and_is_held_no_more(world: World) -> None:
    plan = a_shared_plan(world)
    world.accepts(a_contribution("children").version(2).removing("g1").build())
    world.drains()
    found = ledger(world, plan)
    assert (Deed.TAKEN_BACK, ("social",), ("goals",)) in told(found)
    assert (Deed.SENT, ("social",), ("goals",)) in told(found), "it was sent all the same"
    assert not found.held_now


def test_what_may_have_arrived_is_told_as_that(world: World) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    world.accepts(a_contribution("children").with_draft("g1").build())

    def breaks(_: Any) -> None:
        raise RuntimeError("gone")

    world.systems["social"].after = breaks
    with pytest.raises(RuntimeError):
        world.delivers(plan, "social")
    found = ledger(world, plan)
    assert told(found) == [(Deed.MAY_HAVE_LEFT, ("social",), ("goals",))]
    assert [(one.recipient, one.is_sure) for one in found.held_now] == [("social", False)]


def test_readers_are_told_by_organisation_and_role_and_never_by_name(world: World) -> None:
    plan = a_shared_plan(world)
    world.shows(plan, CASEWORKER)
    world.shows(plan)
    explain(plan, an_id("children", "g1"), CASEWORKER, world.store, actor="marie-hansen", correlation_id="c")
    found = ledger(world, plan)
    assert (Deed.READ, ("children",), ("goals",)) in told(found)
    assert (Deed.READ, ("coordination",), ("goals",)) in told(found)
    assert (Deed.EXPLAINED, ("children",), ("goals",)) in told(found)
    assert {one.role for one in found.disclosures if one.deed is Deed.READ} == {"caseworker", "coordinator"}
    assert "marie-hansen" not in str(ledger_answer(found))
    assert "the-client" not in str(ledger_answer(found))


def test_emergency_access_is_told_with_what_was_read_by_it(world: World) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.accepts(a_contribution("social").with_draft("g1").build())
    asker = {"actor": "anna-i-akut", "correlation_id": "c"}
    break_glass(plan, "Barnet er fundet alene hjemme om natten.", 5, CASEWORKER, world.store, **asker)
    world.shows(plan, CASEWORKER)  # another client of the same organisation: nothing is opened to it
    explain(plan, an_id("social", "g1"), CASEWORKER, world.store, **asker)
    found = told(ledger(world, plan))
    assert (Deed.EMERGENCY_OPENED, ("children",), ()) in found
    assert (Deed.EXPLAINED, ("children",), ("goals",)) in found


# --- what is not told ---------------------------------------------------------------------------------------------


def a_plan_that_names_the_father(world: World) -> UUID:
    """Something that is about the father too, which the citizen may not see and social services may."""
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.accepts(a_contribution("children").with_relative("father", FATHER, name="Far Faresen").build())
    return plan


def test_a_disclosure_of_a_third_partys_data_is_not_told_nor_counted(world: World) -> None:
    plan = a_plan_that_names_the_father(world)
    element = an_id("children", "father")
    assert not world.shows(plan, citizen_of(world, plan)).view.element(element), "else this shows nothing"
    before = ledger_answer(ledger(world, plan))
    details = {"recipient": "social", "delivery": new_id(), "sequence": 1, "elements": [element], "withdrawn": [],
               "categories": ["household"], "rules": ["CON-SEL141"], "consents": [f"{new_id()}/1"]}  # fmt: skip
    with world.store.begin() as unit:
        at = world.audited("accepted")[-1]["at"]
        unit.audit.record("delivery-started", "hub", at, "c", plan, **details)
        unit.audit.record("delivered", "hub", at, "c", plan, **details)
        unit.audit.record("explained", "x", at, "c", plan, element=element, organisation="social")
    after = ledger_answer(ledger(world, plan))
    mine = [one for one in after["disclosures"] if one["what"] != "choices-read"]
    assert mine == [one for one in before["disclosures"] if one["what"] != "choices-read"]
    assert after["held_now"] == before["held_now"]


def test_of_a_read_of_both_only_what_is_the_citizens_own_is_told(world: World) -> None:
    plan = a_plan_that_names_the_father(world)
    world.accepts(a_contribution("children", "C2").with_draft("g1").build())
    others = str(new_id())
    with world.store.begin() as unit:
        unit.audit.record(
            "read", "x", world.audited("accepted")[-1]["at"], "c", plan, organisation="social", role="caseworker",
            purpose="one-plan", categories=["goals", "household"], rules=["SYS-OWN"], consents=[f"{others}/1"],
            elements=[an_id("children", "father"), an_id("children", "g1", "C2")],
        )  # fmt: skip
    (read,) = [one for one in ledger(world, plan).disclosures if one.organisations == ("social",)]
    assert read.categories == ("goals",)
    assert not read.consents
    assert not read.bases, "an earlier release did not say which of them rested on what"
    assert others not in str(ledger_answer(ledger(world, plan)))


def test_of_a_read_of_both_the_rules_are_told_by_which_the_citizens_own_was_shown(world: World) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.accepts(a_contribution("children").with_draft("g1").build())
    world.accepts(a_contribution("social").with_relative("father", FATHER, name="Far Faresen").build())
    asker = {"actor": "test", "correlation_id": "c"}
    break_glass(plan, "Barnet er fundet alene hjemme om natten.", 5, CASEWORKER, world.store, **asker)
    read = world.shows(plan, CASEWORKER).view
    assert {one.decision.reason for one in read.seen} == {Reason.OWN, Reason.EMERGENCY}, "else this shows nothing"
    (told_of,) = [one for one in ledger(world, plan).disclosures if one.deed is Deed.EMERGENCY_READ]
    assert told_of.categories == ("goals",)
    assert [basis.rule for basis in told_of.bases] == ["SYS-OWN"]


def test_where_all_rested_on_the_same_that_is_told_though_something_is_left_out(world: World) -> None:
    plan = a_plan_that_names_the_father(world)
    world.accepts(a_contribution("children", "C2").with_draft("g1").build())
    world.shows(plan, CASEWORKER)
    (read,) = [one for one in ledger(world, plan).disclosures if one.deed is Deed.READ]
    assert (read.categories, [basis.rule for basis in read.bases]) == (("goals",), ["SYS-OWN"])


def test_a_delivery_of_both_names_the_consents_on_which_the_citizens_own_rested(world: World) -> None:
    plan = a_shared_plan(world)
    mine, others = ledger(world, plan).disclosures[0].consents
    groups = [
        {"of": [0], "rules": ["SYS-OWN"], "consents": [mine]},
        {"of": [1], "rules": ["SYS-EMERGENCY"], "consents": [others]},
    ]
    details = {"recipient": "social", "delivery": new_id(), "sequence": 9, "withdrawn": [],
               "elements": [an_id("children", "g1"), new_id()], "rules": ["SYS-EMERGENCY", "SYS-OWN"],
               "consents": [mine, others], "by_decision": groups}  # fmt: skip
    with world.store.begin() as unit:
        unit.audit.record("delivered", "hub", world.audited("accepted")[-1]["at"], "c", plan, **details)
    (sent,) = [one for one in ledger(world, plan).disclosures if one.delivery.endswith("-9")]
    assert ([basis.rule for basis in sent.bases], sent.consents) == (["SYS-OWN"], (mine,))


def test_of_a_held_plan_no_recipient_is_told_that_has_joined_since(world: World) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan(circle=("children", "social")).plans
    world.says(a_consent(SOMEBODY).to("*").build(), plan)
    citizen = citizen_of(world, plan)
    words = OwnWords(kind=Kind.GOAL, title="Jeg vil arbejde i en butik")
    add(plan, words, citizen, world.store, actor="me", correlation_id="c")
    world.drains()
    hold_back(plan, "Søsteren har fortalt om trusler", COORDINATOR, world.store, actor="me", correlation_id="c")
    before = ledger(world, plan).held_now
    assert {one.recipient for one in before} == {"children", "social"}
    world.accepts(a_contribution("employment", "C9").with_draft("e1").build())
    world.drains()
    assert world.systems["employment"].holds(plan), "it has joined, and has the citizen's words"
    assert ledger(world, plan).held_now == before
    with world.store.begin() as unit:
        unit.connection.execute(memberships.update().where(memberships.c.plan_id == plan).values(valid_to=now()))
    assert ledger(world, plan).held_now == before, "who is no member any more holds it still"
    with world.store.begin() as unit:
        unit.connection.execute(memberships.update().where(memberships.c.plan_id == plan).values(valid_to=None))
    lift(plan, "Der er talt med søsteren", COORDINATOR, world.store, actor="me", correlation_id="c")
    assert {one.recipient for one in ledger(world, plan).held_now} == {"children", "employment", "social"}


def test_of_a_held_plan_nobody_is_told_until_the_hold_is_lifted(world: World) -> None:
    plan = a_shared_plan(world)
    hold_back(plan, "Søsteren har fortalt om trusler", COORDINATOR, world.store, actor="me", correlation_id="c")
    for reader in (citizen_of(world, plan), COORDINATOR):
        found = ledger(world, plan, reader)
        assert not found.disclosures
        assert not found.held_now
    lift(plan, "Risikoen er vurderet igen", COORDINATOR, world.store, actor="me", correlation_id="c")
    deeds = {one.deed for one in ledger(world, plan).disclosures}
    assert {Deed.SENT, Deed.HELD, Deed.HOLD_LIFTED} <= deeds


def test_a_coordinator_is_told_no_more_than_their_own_view_has(world: World) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.accepts(a_contribution("social").with_draft("h1", Kind.NOTE, category="health").build())
    world.shows(plan, Reader("social", Role.CASEWORKER))
    (by_citizen,) = [one for one in ledger(world, plan).disclosures if one.organisations == ("social",)]
    by_coordinator = [one for one in ledger(world, plan, COORDINATOR).disclosures if one.organisations == ("social",)]
    assert by_citizen.categories == ("health",)
    assert [one.categories for one in by_coordinator] == [()]


@pytest.mark.parametrize(
    "reader", [CASEWORKER, Reader("elsewhere", Role.COORDINATOR), Reader("citizen", Role.CITIZEN, person=new_id())]
)
def test_nobody_else_has_it_and_a_refusal_is_written_down(world: World, reader: Reader) -> None:
    plan = a_shared_plan(world)
    with pytest.raises(NotFound):
        ledger(world, plan, reader)
    assert str(plan) in world.audited("refused")[-1]["details"]


def test_that_it_was_read_is_itself_written_down(world: World) -> None:
    plan = a_shared_plan(world)
    ledger(world, plan, COORDINATOR)
    assert (Deed.CHOICES_READ, ("coordination",), ()) in told(ledger(world, plan))


def test_it_is_told_as_audit_events_that_keep_their_ids_and_name_no_client(world: World) -> None:
    plan = a_shared_plan(world)
    before = ledger(world, plan)
    told_before = audit_events(before)
    assert [one["outcomeDesc"] for one in told_before] == [one.sentence.da for one in before.disclosures]
    again = audit_events(ledger(world, plan))
    assert again[1:] == told_before, "but that it was read, which is told as well"
    assert len({one["id"] for one in again}) == len(again)
    assert "the-client" not in str(again)


def test_an_event_of_what_may_have_left_is_the_event_of_its_arrival(world: World) -> None:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.drains()
    world.accepts(a_contribution("children").with_draft("g1").build())

    def dies(update: Any) -> None:
        raise Dies

    world.systems["social"].after = dies
    with pytest.raises(Dies):
        world.delivers(plan, "social")
    (before,) = [one for one in audit_events(ledger(world, plan)) if one["outcome"] == "4"]
    world.systems["social"].after = lambda update: None
    world.drains()
    after = {one["id"]: one for one in audit_events(ledger(world, plan))}
    assert after[before["id"]]["outcome"] == "0"


def test_of_each_version_of_a_consent_it_is_known_when_it_was_written_down(world: World) -> None:
    (plan,) = world.opens_plan().plans
    said = world.says(a_consent(SOMEBODY).to("social").build(), plan)
    world.takes_back(said.id)
    with world.store.begin(read_only=True) as unit:
        recorded = unit.consents.recorded_at(said.id)
    assert sorted(recorded) == [1, 2]
    assert recorded[1] < recorded[2]
