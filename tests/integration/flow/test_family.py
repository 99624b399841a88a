"""A family: several people's plans side by side, each under its own consents, and nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from hub.api.answers import plan_answer
from hub.consent.consent import Capacity
from hub.consent.reader import Reader
from hub.consent.view import View
from hub.errors import NotFound
from hub.flow.family import show_family
from hub.flow.revise import give, open_plan, withdraw
from hub.flow.show import Shown
from hub.flow.versions import Giver
from hub.plan.contribution import PersonFacts
from hub.plan.element import Kind, Sensitivity
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Role
from hub.testing.builders import a_consent, a_consent_to_one_plan, a_contribution
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.world import COORDINATOR, SOMEBODY, World

pytestmark = pytest.mark.integration
CHILD, MOTHER, FATHER, STRANGER = "0505155992", "1106849994", "0503829995", "0101709996"
SHELTER = "Krisecentret i Nykøbing"
FACTS = {"actor": "test", "correlation_id": "c"}


def opens(world: World, cpr: str, name: str, coordinator: Reader = COORDINATOR) -> UUID:
    parents = [Giver(Capacity.CUSTODY, PersonFacts((cpr_identifier(one, "hub"),), "Test")) for one in (MOTHER, FATHER)]
    return open_plan(
        PersonFacts((cpr_identifier(cpr, "hub"),), name), a_consent_to_one_plan(SOMEBODY).build(),
        ("children", "social"), coordinator, world.store, world.authorities, coordinator=coordinator.organisation,
        givers=parents if cpr == CHILD else (), **FACTS,
    ).plan  # fmt: skip


@pytest.fixture
def plans(world: World) -> dict[str, UUID]:
    """Child, mother and father each with a plan; the mother has moved to a shelter."""
    by_the_danish_rules(world)
    opened = {cpr: opens(world, cpr, cpr[:6]) for cpr in (CHILD, MOTHER, FATHER)}
    opened[STRANGER] = opens(world, STRANGER, "Stranger")
    told = a_contribution("children", "child").about(CHILD).with_draft("g1", title="Trygt i skole")
    built = told.with_relative("r1", MOTHER).with_relative("r2", FATHER).build()
    drafts = [
        replace(
            draft,
            title=f"Forælder {draft.source_id}",
            details={"custody": "yes", "protected-address": "yes" if draft.source_id == "r1" else "no"},
        )
        if draft.kind is Kind.HOUSEHOLD_MEMBER
        else draft
        for draft in built.drafts
    ]
    world.accepts(replace(built, drafts=tuple(drafts)))
    mothers = a_contribution("social", "mother").about(MOTHER).with_protected_address()
    at_the_shelter = {"place": SHELTER, "protected-address": "yes"}
    world.accepts(mothers.with_draft("m1", Kind.APPOINTMENT, title="Samtale", details=at_the_shelter).build())
    world.accepts(a_contribution("social", "father").about(FATHER).with_draft("f1", title="Samvær").build())
    world.accepts(a_contribution("social", "stranger").about(STRANGER).with_draft("s1", title="Nogen").build())
    return opened


def family(world: World, plan: UUID, reader: Reader = COORDINATOR) -> Sequence[Shown]:
    return show_family(plan, reader, world.store, **FACTS)


def spelled(shown: Sequence[Shown]) -> bytes:
    return b"".join(orjson.dumps(plan_answer(one, timedelta()), default=str) for one in shown)


def titles(view: View) -> set[str]:
    return {seen.element.title for seen in view.seen}


def person(world: World, cpr: str) -> UUID:
    with world.store.begin(read_only=True) as unit:
        found = unit.people.find([cpr_identifier(cpr, "hub")])
    assert found is not None
    return found


def citizen(world: World, cpr: str) -> Reader:
    return Reader("citizen", Role.CITIZEN, "citizen-access", person=person(world, cpr))


def test_the_coordinator_sees_the_plans_of_a_household_side_by_side(world: World, plans: dict[str, UUID]) -> None:
    for asked in (CHILD, MOTHER, FATHER):
        shown = family(world, plans[asked])
        assert shown[0].view.plan == plans[asked], "the one asked for comes first"
        expected = {plans[CHILD], plans[asked]} if asked != CHILD else {plans[one] for one in (CHILD, MOTHER, FATHER)}
        assert {one.view.plan for one in shown} == expected, "who lives apart is no family of the other"


def test_each_plan_is_as_it_would_be_shown_alone(world: World, plans: dict[str, UUID]) -> None:
    for one in family(world, plans[CHILD]):
        alone = world.shows(one.view.plan)
        assert (one.view, one.status, one.has_protected_address) == (
            alone.view,
            alone.status,
            alone.has_protected_address,
        )


def test_each_read_of_a_family_is_written_down_with_its_plan(world: World, plans: dict[str, UUID]) -> None:
    family(world, plans[CHILD])
    assert {row["plan_id"] for row in world.audited("read")} == {plans[one] for one in (CHILD, MOTHER, FATHER)}


def test_a_parents_withdrawal_changes_the_own_plan_in_the_family_and_no_other(
    world: World, plans: dict[str, UUID]
) -> None:
    sensitive = a_contribution("social", "father").about(FATHER).version(2)
    world.accepts(sensitive.with_draft("f2", title="Misbrug", label=Sensitivity.FOELSOMME_PERSONOPLYSNINGER).build())
    yes = a_consent(SOMEBODY).to("coordination").build()
    given = give(plans[FATHER], yes, COORDINATOR, world.store, actor="test", correlation_id="c")
    before = {one.view.plan: one.view for one in family(world, plans[CHILD])}
    assert "Misbrug" in titles(before[plans[FATHER]])
    withdraw(given.consent.id, COORDINATOR, world.store, **FACTS)
    after = {one.view.plan: one.view for one in family(world, plans[CHILD])}
    assert "Misbrug" not in titles(after[plans[FATHER]])
    assert {plan for plan in after if after[plan] != before[plan]} == {plans[FATHER]}


def test_no_parent_reaches_the_other_by_any_of_the_plans(world: World, plans: dict[str, UUID]) -> None:
    father = citizen(world, FATHER)
    seen = spelled(family(world, plans[FATHER], father))
    mother = str(person(world, MOTHER)).encode()
    for secret in (SHELTER.encode(), b"Samtale", mother, str(plans[MOTHER]).encode(), b"110684", b"r1"):
        assert secret not in seen
    assert len(family(world, plans[FATHER], father)) == 1
    for other in (CHILD, MOTHER, STRANGER):
        with pytest.raises(NotFound) as refused:
            family(world, plans[other], father)
        with pytest.raises(NotFound) as never_there:
            family(world, UUID(int=99), father)
        assert str(refused.value) == str(never_there.value)


def test_what_the_other_parents_plan_holds_changes_no_byte_of_what_a_parent_sees(
    world: World, plans: dict[str, UUID]
) -> None:
    father = citizen(world, FATHER)
    before = [replace(one, at=one.at) for one in family(world, plans[FATHER], father)]
    more = a_contribution("social", "mother").about(MOTHER).version(2).with_protected_address()
    world.accepts(more.with_relative("f", FATHER).with_draft("m2", title="Endnu mere").build())
    after = family(world, plans[FATHER], father)
    assert [replace(one, at=before[0].at) for one in after] == [replace(one, at=before[0].at) for one in before]


def test_an_operator_a_stranger_and_another_coordinator_find_no_family(world: World, plans: dict[str, UUID]) -> None:
    for reader in (
        Reader("operations", Role.OPERATOR),
        Reader("elsewhere", Role.COORDINATOR),
        Reader("children", Role.ADMINISTRATOR),
        citizen(world, STRANGER),
    ):
        with pytest.raises(NotFound):
            family(world, plans[CHILD], reader)


def test_a_relative_whose_plan_another_organisation_coordinates_is_not_in_it(world: World) -> None:
    by_the_danish_rules(world)
    mine, theirs = opens(world, CHILD, "Mine"), opens(world, MOTHER, "Theirs", Reader("elsewhere", Role.COORDINATOR))
    told = a_contribution("children", "child").about(CHILD).with_relative("r1", MOTHER)
    world.accepts(told.build())
    assert [one.view.plan for one in family(world, mine)] == [mine]
    with pytest.raises(NotFound):
        family(world, theirs)
