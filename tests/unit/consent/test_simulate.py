"""A simulation is the views before and after, asked about 1,000 generated plans and changes; and tells no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.consent.ages import Ages
from hub.consent.consent import Consent, ConsentStatus, by_person
from hub.consent.decision import Reason
from hub.consent.matrix import ANY_OTHER, Asked, Seat
from hub.consent.policy import Policy, Rule
from hub.consent.reader import Exchange, Reader
from hub.consent.simulate import (
    LINK,
    Change,
    CircleChanged,
    Facts,
    Place,
    Published,
    RulesChanged,
    Said,
    Shift,
    Together,
    simulate,
)
from hub.consent.standing import Circumstances
from hub.consent.synthetic import CITIZENS, synthetic_facts
from hub.consent.view import view_for
from hub.plan.element import Sensitivity
from hub.plan.person import Role
from hub.plan.plan import Plan
from hub.testing.builders import THEN, a_consent, a_consent_to_one_plan, a_plan, a_reader, the_danish_policy
from tests.unit.consent.strategies import (
    AUTHORITIES,
    MOMENTS,
    PERSON,
    PLAN,
    broad_consents,
    broad_rules,
    consent_sets,
    consents,
    plans,
    policies,
    readers,
    rules,
    with_one_plan,
)

ASKED = Asked(PLAN, PERSON, AUTHORITIES)


@dataclass(frozen=True)
class Case:
    """A plan with some before it, a change, and what is so once it is made, put together by hand."""

    plan: Plan
    before: tuple[tuple[Reader, ...], Policy, tuple[Consent, ...]]
    change: Change
    after: tuple[tuple[Reader, ...], Policy, tuple[Consent, ...]]
    at: datetime


def seat_of(reader: Reader) -> Seat:
    return Seat(reader.organisation, reader.role, reader.exchange, reader.purpose)


def placed(plan: Plan, *readers: Reader) -> dict[tuple[UUID, Seat], Place]:
    return {(PLAN, seat_of(reader)): Place(plan, reader, ASKED) for reader in readers}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a plan, up to three readers and a change of any kind."""
    plan = draw(plans())
    seated = draw(st.lists(readers, min_size=1, max_size=3, unique_by=seat_of).map(tuple))
    policy = draw(policies)
    policy = replace(policy, rules=(*policy.rules, *draw(st.lists(broad_rules, max_size=2))))
    said = with_one_plan((*draw(consent_sets), *draw(broad_consents())))
    before = (seated, policy, said)
    kind = draw(st.sampled_from(("said", "withdrawn", "published", "rules", "joins", "leaves", "together")))
    if kind == "said":
        word = draw(consents)
        return Case(plan, before, Said(word), (seated, policy, (*said, word)), draw(st.sampled_from(MOMENTS)))
    if kind == "withdrawn":
        gone = draw(st.sampled_from(said))
        after = replace(gone, version=gone.version + 1, status=ConsentStatus.WITHDRAWN)
        kept = tuple(one for one in said if one is not gone)
        return Case(plan, before, Said(after), (seated, policy, (*kept, after)), draw(st.sampled_from(MOMENTS)))
    if kind == "published":
        other = draw(policies)
        return Case(plan, before, Published(other), (seated, other, said), draw(st.sampled_from(MOMENTS)))
    if kind == "rules":
        rule = replace(draw(rules | broad_rules), id="R-new")
        gone_ids = frozenset(one.id for one in policy.rules[: draw(st.integers(0, 2))])
        by_hand: tuple[Rule, ...] = (*(one for one in policy.rules if one.id not in gone_ids), rule)
        change = RulesChanged((rule,), gone_ids)
        return Case(
            plan, before, change, (seated, replace(policy, rules=by_hand), said), draw(st.sampled_from(MOMENTS))
        )
    if kind == "joins":
        comes = draw(readers.filter(lambda one: seat_of(one) not in map(seat_of, seated)))
        return Case(
            plan, before, CircleChanged(placed(plan, comes)), ((*seated, comes), policy, said),
            draw(st.sampled_from(MOMENTS)),
        )  # fmt: skip
    if kind == "leaves":
        left = CircleChanged({}, frozenset({(PLAN, seat_of(seated[0]))}))
        return Case(plan, before, left, (seated[1:], policy, said), draw(st.sampled_from(MOMENTS)))
    word, other = draw(consents), draw(policies)
    both = Together((Said(word), Published(other)))
    return Case(plan, before, both, (seated, other, (*said, word)), draw(st.sampled_from(MOMENTS)))


Sight = dict[UUID, tuple[frozenset[str], bool]]


def sight(plan: Plan, reader: Reader | None, policy: Policy, said: Sequence[Consent], at: datetime) -> Sight:
    """Return what a reader sees: of each element the parts left out, and whether its link is shown."""
    if reader is None:
        return {}
    seen = view_for(plan, reader, policy, by_person(said), at).seen
    return {one.element.id: (frozenset(map(str, one.decision.hidden)), one.element.part_of is not None) for one in seen}


@pytest.mark.slow
@settings(max_examples=10 * settings().max_examples, suppress_health_check=list(HealthCheck))
@given(cases())
def test_a_simulation_is_the_views_before_and_after(case: Case) -> None:
    seated, policy, said = case.before
    told = simulate(Facts(placed(case.plan, *seated), policy, said, {}), case.change, case.at)
    then, now = ({seat_of(one): one for one in state[0]} for state in (case.before, case.after))
    assert {shift.seat for shift in told} == then.keys() | now.keys()
    for shift in told:
        before = sight(case.plan, then.get(shift.seat), *case.before[1:], case.at)
        after = sight(case.plan, now.get(shift.seat), *case.after[1:], case.at)
        assert {one.element for one in shift.gained} == after.keys() - before.keys()
        assert {one.element for one in shift.lost} == before.keys() - after.keys()
        moved = {one.about.element: (one.opened, one.closed) for one in shift.parts}
        for element in before.keys() & after.keys():
            (hidden_then, linked_then), (hidden_now, linked_now) = before[element], after[element]
            opened = (hidden_then - hidden_now) | ({LINK} if linked_now and not linked_then else set())
            closed = (hidden_now - hidden_then) | ({LINK} if linked_then and not linked_now else set())
            assert tuple(map(set, moved.pop(element, (frozenset(), frozenset())))) == (set(opened), set(closed))
        assert not moved


@given(cases(), plans())
def test_what_is_told_of_categories_is_the_same_whatever_is_in_the_plan(case: Case, other: Plan) -> None:
    seated, policy, said = case.before

    def cells(plan: Plan) -> list[object]:
        change = case.change
        if isinstance(change, CircleChanged):
            change = replace(change, come={where: replace(one, plan=plan) for where, one in change.come.items()})
        told = simulate(Facts(placed(plan, *seated), policy, said, {}), change, case.at)
        return [(shift.seat, shift.cells) for shift in told]

    assert cells(case.plan) == cells(replace(other, is_held=case.plan.is_held, restricted=case.plan.restricted))


@given(cases())
def test_a_change_that_is_none_does_nothing(case: Case) -> None:
    seated, policy, said = case.before
    facts = Facts(placed(case.plan, *seated), policy, said, {})
    assert not any(simulate(facts, Published(policy), case.at))
    assert not any(simulate(facts, RulesChanged(), case.at))


def test_who_is_too_young_to_be_asked_alone_opens_nothing() -> None:
    plan = a_plan().with_goal("children").build()
    yes = a_consent(plan.person).to("social").for_categories("goals").build()
    reader = a_reader("social", plan)
    place = Place(plan, reader, Asked(plan.id, plan.person, ("children",)))
    one_plan = a_consent_to_one_plan(plan.person).build()
    facts = Facts({(plan.id, seat_of(reader)): place}, the_danish_policy(), (one_plan,), {})
    assert any(simulate(facts, Said(yes), THEN))
    child = Circumstances(born=(THEN - timedelta(days=8 * 365)).date())
    assert not any(simulate(replace(facts, circumstances={plan.person: child}), Said(yes), THEN))


def test_a_policy_with_other_ages_is_simulated_by_them() -> None:
    plan = a_plan().with_goal("children").build()
    said = (
        a_consent_to_one_plan(plan.person).build(),
        a_consent(plan.person).to("social").for_categories("goals").build(),
    )
    reader = a_reader("social", plan)
    place = Place(plan, reader, Asked(plan.id, plan.person, ("children",)))
    child = {plan.person: Circumstances(born=(THEN - timedelta(days=8 * 365)).date())}
    facts = Facts({(plan.id, seat_of(reader)): place}, the_danish_policy(), said, child)
    everybody = replace(the_danish_policy(), ages=replace(Ages(), own_no=0, own_yes=0, of_age=0))
    (shift,) = simulate(facts, Published(everybody), THEN)
    assert [one.category for one in shift.gained] == ["goals"]


def tried(change: Change) -> list[Shift]:
    policy = the_danish_policy()
    return [shift for shift in simulate(synthetic_facts(policy, policy, THEN), change, THEN) if shift]


def test_synthetic_citizens_show_what_a_rule_opens_and_for_whom() -> None:
    lost = tried(RulesChanged(removed=frozenset({"CON-SEL141"})))
    assert {shift.seat.organisation for shift in lost} == {"social"}
    assert all(shift.lost and not shift.gained for shift in lost if shift.lost or shift.gained)
    by_plan = {citizen.plan: citizen.name for citizen in CITIZENS}
    named = {by_plan[shift.plan] for shift in lost if shift.lost}
    assert "says-yes-to-everything" in named
    assert not named & {"shares-nothing", "has-no-one-plan"}


def test_there_is_a_synthetic_authority_that_no_rule_names() -> None:
    lost = tried(RulesChanged(removed=frozenset({"CON-FVL28"})))
    assert {shift.seat.organisation for shift in lost} == {"another-authority"}


def test_synthetic_citizens_show_what_a_prohibition_closes() -> None:
    opened = tried(RulesChanged(removed=frozenset({"LAW-P-PARTNER"})))
    assert not opened, "no rule of the Danish ones shows a partner those categories anyway"
    held = tried(RulesChanged(removed=frozenset({"LAW-P-HOLD"})))
    by_plan = {citizen.plan: citizen.name for citizen in CITIZENS}
    assert {by_plan[shift.plan] for shift in held if shift.gained} == {"is-held-back"}
    assert {shift.seat.role for shift in held} == {Role.CITIZEN, Role.PARTNER}


def test_a_cell_names_the_sources_that_no_rule_and_no_authority_names() -> None:
    policy = the_danish_policy()
    facts = synthetic_facts(policy, policy, THEN)
    system = Seat("social", Role.AUTHORITY_SYSTEM, Exchange.DISCLOSE, "one-plan")
    (shift,) = [
        one
        for one in simulate(facts, RulesChanged(removed=frozenset({"CON-SEL141", "CON-FVL28"})), THEN)
        if one.plan == CITIZENS[0].plan and one.seat == system
    ]
    goals = [cell for cell in shift.cells if cell.category == "goals"]
    assert {cell.source for cell in goals} == {"another-authority", "children", "employment", "youth", ANY_OTHER}
    assert all(cell.before[0] is Sensitivity.FOELSOMME_PERSONOPLYSNINGER for cell in goals)
    assert all(cell.after == (None, None, frozenset()) for cell in goals)
    assert all(cell.why is not None and cell.why.reason is Reason.NO_GROUND for cell in goals)
