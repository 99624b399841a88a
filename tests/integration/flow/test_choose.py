"""A choice is written down as it was shown or not at all; what it stops is told as far as its reader sees it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from hub.clock import now
from hub.consent.consent import Consent
from hub.errors import Conflict, InvalidRequest, NotFound
from hub.flow.choose import SHOWN_FOR, AsShown, confirm
from hub.flow.revise import Revised
from hub.flow.simulate import simulate_choice
from hub.flow.simulated import Choice, Simulated, ToGive, ToNarrow, ToWithdraw
from hub.flow.stopped import show_stopped
from hub.testing.builders import a_consent, a_contribution, an_id, own_word
from tests.integration.flow.emergencies import by_the_danish_rules
from tests.integration.world import COORDINATOR, SOMEBODY, World, citizen_of

pytestmark = pytest.mark.integration
RELATIVE = "1106849994"
GOAL = an_id("children", "g1")


def a_plan(world: World) -> UUID:
    by_the_danish_rules(world)
    (plan,) = world.opens_plan().plans
    return plan


def a_yes(*categories: str) -> Consent:
    said = a_consent(SOMEBODY).to("social").for_categories(*categories).until(now() + timedelta(days=90)).build()
    return replace(said, grants=own_word(SOMEBODY, now()))


def tries(world: World, plan: UUID, wanted: Choice) -> Simulated:
    me = citizen_of(world, plan)
    return simulate_choice(wanted, me, world.store, world.authorities, world.settings, actor="me", correlation_id="c")


def says(world: World, plan: UUID, wanted: Choice, shown: Simulated) -> Revised:
    as_shown, me = AsShown(shown.at, shown.mark), citizen_of(world, plan)
    return confirm(wanted, as_shown, me, world.store, actor="me", correlation_id="c")


def stopped(world: World, plan: UUID, consent: UUID) -> list[tuple[str, int]]:
    found = show_stopped(consent, citizen_of(world, plan), world.store, actor="me", correlation_id="c")
    return [(one.recipient, one.elements) for one in found]


def test_what_was_tried_out_is_what_is_written_down(world: World) -> None:
    plan = a_plan(world)
    wanted = ToGive(a_yes("goals"), plan)
    shown = tries(world, plan, wanted)
    revised = says(world, plan, wanted, shown)
    assert shown.consent
    assert (revised.consent.scope, revised.consent.period) == (shown.consent.scope, shown.consent.period)


@pytest.mark.parametrize("change", ["another consent", "another choice", "another reader", "the time"])
def test_where_anything_differs_nothing_is_written(world: World, change: str) -> None:
    plan = a_plan(world)
    wanted = ToGive(a_yes("goals"), plan)
    shown = tries(world, plan, wanted)
    reader = citizen_of(world, plan)
    match change:
        case "another consent":
            world.says(a_consent(SOMEBODY).to("employment").build(), plan)
        case "another choice":
            wanted = ToGive(a_yes("goals", "contacts"), plan)
        case "another reader":
            reader = COORDINATOR
        case _:
            shown = replace(shown, at=shown.at - SHOWN_FOR)
    before = len(world.audited("consent-given"))
    with pytest.raises(Conflict):
        confirm(wanted, AsShown(shown.at, shown.mark), reader, world.store, actor="me", correlation_id="c")
    assert len(world.audited("consent-given")) == before
    assert world.audited("refused")


def test_a_cut_keeps_less_of_the_same_consent_and_takes_back_the_rest(world: World) -> None:
    plan = a_plan(world)
    given = world.says(a_yes("goals", "contacts"), plan)
    world.accepts(a_contribution("children").with_draft("g1").build())
    world.drains()
    assert world.systems["social"].holds(plan) == {GOAL}
    how = own_word(SOMEBODY, now())[0]
    wanted = ToNarrow(given.id, given.version, frozenset({"contacts"}), None, how)
    cut = says(world, plan, wanted, tries(world, plan, wanted)).consent
    world.drains()
    assert (cut.id, cut.version, cut.period.end) == (given.id, 2, given.period.end)
    assert world.systems["social"].holds(plan) == set()


@pytest.mark.parametrize(
    ("categories", "days", "error"),
    [
        ({"goals", "contacts"}, None, InvalidRequest),
        ({"goals", "contacts"}, 100, InvalidRequest),
        ({"goals", "health"}, None, InvalidRequest),
        ({"*"}, None, InvalidRequest),
        (set(), None, InvalidRequest),
        ({"goals"}, -1, InvalidRequest),
    ],
)
def test_what_is_not_less_is_no_cut(
    world: World, categories: set[str], days: int | None, error: type[Exception]
) -> None:
    plan = a_plan(world)
    given = world.says(a_yes("goals", "contacts"), plan)
    end = now() + timedelta(days=days) if days else None
    wanted = ToNarrow(given.id, given.version, frozenset(categories), end, own_word(SOMEBODY, now())[0])
    with pytest.raises(error):
        tries(world, plan, wanted)


def test_what_waited_is_never_sent_and_told_as_stopped(world: World) -> None:
    plan = a_plan(world)
    given = world.says(a_yes("goals"), plan)
    world.drains()
    world.accepts(a_contribution("children").with_draft("g1").build())
    wanted = ToWithdraw(given.id)
    says(world, plan, wanted, tries(world, plan, wanted))
    world.drains()
    assert not [one for update in world.systems["social"].heard for one in update.disclosed]
    assert stopped(world, plan, given.id) == [("social", 1)]
    with pytest.raises(NotFound):
        show_stopped(
            given.id, replace(citizen_of(world, plan), person=SOMEBODY), world.store, actor="x", correlation_id="c"
        )


def test_of_what_the_citizen_does_not_see_nothing_is_told(world: World) -> None:
    """What names a relative, who has said yes to social services, is theirs to see and not the citizen's."""
    plan = a_plan(world)
    relatives = world.opens_plan(RELATIVE).plan
    world.says(a_yes("household"), relatives)
    given = world.says(a_yes("household"), plan)
    world.drains()
    world.accepts(a_contribution("children").with_relative("r1", RELATIVE, name="Sofie Test Dahl").build())
    wanted = ToWithdraw(given.id)
    says(world, plan, wanted, tries(world, plan, wanted))
    with world.store.begin(read_only=True) as unit:
        assert [one.recipient for one in unit.consent_requests.stopped_by(given.id)] == ["social"]
    assert stopped(world, plan, given.id) == []
