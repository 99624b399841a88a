"""What nobody sees moves no number: not of plans that a choice touches, and not of what would be sent next."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from hub.api.choice_answers import simulated_answer
from hub.api.consent_answers import revised_answer
from hub.clock import now
from hub.consent.consent import EVERY
from hub.flow.revise import Revised, give
from hub.flow.revocation import look
from hub.flow.simulate import simulate_choice, simulate_for
from hub.flow.simulated import ToGive
from hub.plan.element import Kind, Sensitivity
from hub.testing.builders import a_consent, a_contribution
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.flow.test_one_that_does_not_open import flips
from tests.integration.world import COORDINATOR, SOMEBODY, World

pytestmark = pytest.mark.integration
MOTHER, NAMED, UNNAMED = "1106849994", "0101709996", "0201609995"
SAID: dict[str, Any] = {"actor": "test", "correlation_id": "c"}


def told(revised: Revised) -> bytes:
    """Return what giving or withdrawing has answered, without ids and times: the two are of two people."""
    answer: dict[str, Any] = dict(revised_answer(revised))
    return orjson.dumps({**answer, **dict.fromkeys(("consent", "plan", "period", "revocation"), "")})


def chosen_for_both(world: World, label: Sensitivity) -> list[tuple[bytes, bytes]]:
    """Give and take back a yes of who is named and of who is not, while the mother's plan is on its way to social.

    Return for each choice, and for how it stands later, what the coordinator is told of the one and of the other.

    :param label: of the element by which the mother's plan names somebody.
    """
    plans = {cpr: world.opens_plan(cpr).plan for cpr in (MOTHER, NAMED, UNNAMED)}
    world.says(a_consent(SOMEBODY).to("social").build(), plans[MOTHER])
    built = a_contribution("children", "mother").about(MOTHER).with_relative("r1", NAMED).build()
    world.accepts(replace(built, drafts=tuple(replace(one, label=label) for one in built.drafts)))
    world.drains()
    found: list[tuple[bytes, bytes]] = []

    def meanwhile(_: object) -> None:
        if not found:
            yes = [gives(world, plans[cpr]) for cpr in (NAMED, UNNAMED)]
            back = [world.takes_back(one.consent.id) for one in yes]
            later = [on_the_way(world, one.consent.id) for one in yes]
            found.extend([(told(yes[0]), told(yes[1])), (told(back[0]), told(back[1])), (later[0], later[1])])

    world.systems["social"].before = meanwhile
    world.accepts(a_contribution("children", "other").about(MOTHER).with_draft("g1").build())
    world.delivers(plans[MOTHER], "social")
    return found


def gives(world: World, plan: UUID) -> Revised:
    return give(plan, a_consent(SOMEBODY).to("social").build(), COORDINATOR, world.store, **SAID)


def on_the_way(world: World, consent: UUID) -> bytes:
    with world.store.begin() as unit:
        shown = look(unit, consent, COORDINATOR, timedelta(hours=24))
    return orjson.dumps([one.recipient for one in shown.under_way])


def test_a_plan_that_names_the_person_and_does_not_open_holds_up_no_choice(world: World) -> None:
    by_the_danish_rules(world)
    mothers, own = (world.opens_plan(cpr).plan for cpr in (MOTHER, NAMED))
    world.accepts(a_contribution("children", "mother").about(MOTHER).with_relative("r1", NAMED).build())
    flips(world, mothers)
    given = gives(world, own)
    assert given.plans == [own]
    assert world.takes_back(given.consent.id).revocation is not None
    on_the_way(world, given.consent.id)


def test_a_choice_counts_nothing_of_a_plan_in_which_who_makes_it_does_not_see_the_person(world: World) -> None:
    by_the_danish_rules(world)
    found = chosen_for_both(world, Sensitivity.VIP_SAGER)
    assert len(found) == 3
    for named, unnamed in found:
        assert named == unnamed


def test_a_choice_counts_the_plan_in_which_who_makes_it_sees_the_person(world: World) -> None:
    """Else the test above could not fail."""
    by_the_danish_rules(world)
    given, withdrawn, later = chosen_for_both(world, Sensitivity.FORTROLIGE_PERSONOPLYSNINGER)
    for named, unnamed in (given, withdrawn):
        numbers = [
            [orjson.loads(one)[name] for name in ("plans_due", "deliveries_under_way")] for one in (named, unnamed)
        ]
        assert numbers == [[2, 1], [1, 0]]
    assert later == (b'["social"]', b"[]")


def test_a_revocation_that_closes_its_makers_own_view_tells_what_it_could_not_stop(world: World) -> None:
    by_the_danish_rules(world)
    mothers, own = (world.opens_plan(cpr).plan for cpr in (MOTHER, NAMED))
    world.says(a_consent(SOMEBODY).to(EVERY).build(), mothers)
    yes = a_consent(SOMEBODY).to(EVERY).build()
    given = give(own, yes, COORDINATOR, world.store, **SAID)
    built = a_contribution("children", "mother").about(MOTHER).with_relative("r1", NAMED).build()
    sensitive = Sensitivity.FOELSOMME_PERSONOPLYSNINGER
    found: list[tuple[int, int, bytes]] = []

    def meanwhile(_: object) -> None:
        if not found:
            back = world.takes_back(given.consent.id)
            found.append((len(back.plans), back.under_way, on_the_way(world, given.consent.id)))

    world.systems["social"].before = meanwhile
    world.accepts(replace(built, drafts=tuple(replace(one, label=sensitive) for one in built.drafts)))
    world.delivers(mothers, "social")
    assert found == [(2, 1, b'["social"]')]


def simulated(world: World, plan: UUID) -> bytes:
    """Return what the coordinator is told of a yes to social, but for when it was asked and a new consent's id."""
    wanted = ToGive(a_consent(SOMEBODY).to("social").build(), plan)
    found = simulate_choice(wanted, COORDINATOR, world.store, world.authorities, world.settings, **SAID)
    return orjson.dumps({**simulated_answer(found), "as_of": "", "consent": ""})


def test_a_dead_letter_of_something_withheld_moves_no_number_of_a_simulation(world: World) -> None:
    by_the_danish_rules(world)
    plan = world.opens_plan().plan
    world.accepts(a_contribution("children").with_draft("g1").build())
    world.drains()
    before = simulated(world, plan)
    assert [one["additions"] for one in orjson.loads(before)["deliveries"] if one["recipient"] == "social"] == [1]
    told = a_contribution("children", "other").with_draft("h1", Kind.NOTE, label=Sensitivity.VIP_SAGER).build()
    world.accepts(told)
    with world.store.begin() as unit:
        at = now()
        lease = unit.outbox.lease(world.row(plan, "social").id, at, 60)
        assert lease is not None
        unit.outbox.bury(lease, "recipient-refused", "It said no.", at)
    assert simulated(world, plan) == before
    found = simulate_for(
        plan, ToGive(a_consent(SOMEBODY).to("social").build(), plan), world.store, world.authorities, world.settings,
        actor="test",
    )  # fmt: skip
    assert [one.additions for one in found[0].deliveries if one.recipient == "social"] == [0], "who may know all"
