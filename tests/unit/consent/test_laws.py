"""The laws of the consent layer, for any policy, consents, reader and plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from hub.consent.consent import Consent, ConsentKind, Effect, by_person
from hub.consent.decide import decide, next_change
from hub.consent.decision import Decision, Outcome
from hub.consent.policy import Policy, Rule, RuleEffect
from hub.consent.reader import Reader
from hub.consent.subject import subject_of
from hub.consent.view import View, view_for
from hub.plan.canonical import canonical
from hub.plan.element import Sensitivity
from hub.plan.person import Role
from hub.plan.plan import Plan
from tests.unit.consent.strategies import (
    ELEMENTS,
    MOMENTS,
    OTHER,
    PERSON,
    Question,
    askable,
    consent_sets,
    consents,
    elements,
    plans,
    policies,
    questions,
    readers,
    rules,
    saying_no,
    with_one_plan,
)
from tests.unit.consent.test_oracle import parts_of

any_question = questions | askable()


def decided(question: Question) -> Decision:
    return decide(question.subject, question.reader, question.policy, question.grouped(), question.at)


def never_more(question: Question, than: Question) -> None:
    """Assert that the question shows nothing that the other does not."""
    assert parts_of(decided(question)) <= parts_of(decided(than))


@given(any_question, consents)
def test_adding_a_no_never_shows_more(question: Question, consent: Consent) -> None:
    no = saying_no(consent)
    never_more(replace(question, consents=(*question.consents, no)), than=question)


@given(any_question, rules)
def test_adding_a_prohibition_never_shows_more(question: Question, rule: Rule) -> None:
    prohibition = replace(rule, effect=RuleEffect.PROHIBIT)
    more = replace(question.policy, rules=(*question.policy.rules, prohibition))
    never_more(replace(question, policy=more), than=question)


@given(any_question)
def test_restricting_processing_never_shows_more(question: Question) -> None:
    free = replace(question, subject=replace(question.subject, is_restricted=False))
    never_more(replace(question, subject=replace(question.subject, is_restricted=True)), than=free)


@given(plans(), readers, policies, consent_sets, st.sampled_from(MOMENTS), st.none() | st.sampled_from(ELEMENTS))
def test_restricting_an_element_or_a_plan_never_shows_more_of_it(
    plan: Plan, reader: Reader, policy: Policy, given: tuple[Consent, ...], at: datetime, wanted: UUID | None
) -> None:
    free = replace(plan, restricted=plan.restricted - {wanted})
    before, after = (
        view_for(one, reader, policy, by_person(with_one_plan(given)), at)
        for one in (free, replace(plan, restricted=plan.restricted | {wanted}))
    )
    shown = {one.element.id: one.element for one in before.seen}
    assert {one.element.id for one in after.seen} <= shown.keys()
    assert after.may_be_partial or not before.may_be_partial


@given(any_question)
def test_taking_a_yes_away_never_shows_more(question: Question) -> None:
    for gone in question.consents:
        if gone.effect is Effect.PERMIT:
            rest = tuple(consent for consent in question.consents if consent is not gone)
            never_more(replace(question, consents=rest), than=question)


@given(any_question)
def test_taking_a_permitting_rule_away_never_shows_more(question: Question) -> None:
    for gone in question.policy.rules:
        if gone.effect is not RuleEffect.PROHIBIT:
            rest = tuple(rule for rule in question.policy.rules if rule is not gone)
            never_more(replace(question, policy=replace(question.policy, rules=rest)), than=question)


@given(any_question)
def test_raising_the_label_never_shows_more(question: Question) -> None:
    at_each_step = [replace(question, subject=replace(question.subject, label=label)) for label in sorted(Sensitivity)]
    for lower, higher in pairwise(at_each_step):
        never_more(higher, than=lower)


@given(any_question)
def test_concerning_one_person_more_never_shows_more(question: Question) -> None:
    subject = replace(question.subject, concerned=question.subject.concerned | {OTHER})
    never_more(replace(question, subject=subject), than=question)


@given(any_question, st.randoms(use_true_random=False))
def test_the_order_of_consents_does_not_matter_to_a_word_of_the_decision(question: Question, random: Random) -> None:
    shuffled = list(question.consents)
    random.shuffle(shuffled)
    assert decided(replace(question, consents=tuple(shuffled))) == decided(question)
    by_hand: dict[UUID, list[Consent]] = {}
    for consent in shuffled:
        by_hand.setdefault(consent.person, []).append(consent)
    assert decide(question.subject, question.reader, question.policy, by_hand, question.at) == decided(question)


@given(consents, st.integers(1, 3), any_question)
def test_only_the_newest_version_of_a_consent_counts(consent: Consent, versions: int, question: Question) -> None:
    newest = replace(saying_no(consent), version=versions + 1)
    older = tuple(replace(consent, version=version) for version in range(1, versions + 1))
    with_history = replace(question, consents=(*question.consents, newest, *older))
    assert decided(with_history) == decided(replace(question, consents=(*question.consents, newest)))


@given(any_question)
def test_a_decision_says_what_it_rests_on(question: Question) -> None:
    decision = decided(question)
    assert decision.rule_ids
    assert decision.obligations
    assert bool(decision.hidden) == (decision.outcome is Outcome.REDACT)
    assert decision.sentence.da != decision.sentence.en
    if decision.outcome is Outcome.DENY:
        assert decision.valid_until is None


@given(any_question)
def test_a_permit_holds_until_it_says_unless_someone_says_no(question: Question) -> None:
    decision = decided(question)
    if decision.permits and decision.valid_until:
        assert decision.valid_until > question.at
        noes = [consent for consent in question.consents if consent.effect is Effect.DENY]
        prohibitions = [rule for rule in question.policy.rules if rule.effect is RuleEffect.PROHIBIT]
        if not noes and not prohibitions:
            just_before = replace(question, at=decision.valid_until - timedelta(microseconds=1))
            assert parts_of(decided(just_before)) >= parts_of(decision)


@given(any_question)
def test_a_permit_that_names_no_end_has_none_unless_someone_says_no(question: Question) -> None:
    decision = decided(question)
    noes = [consent for consent in question.consents if consent.effect is Effect.DENY]
    prohibitions = [rule for rule in question.policy.rules if rule.effect is RuleEffect.PROHIBIT]
    if decision.permits and decision.valid_until is None and not noes and not prohibitions:
        assert parts_of(decided(replace(question, at=MOMENTS[-1] + timedelta(days=1)))) >= parts_of(decision)


@given(any_question)
def test_nothing_is_decided_otherwise_before_the_next_change(question: Question) -> None:
    people, emergency = question.subject.concerned, question.reader.emergency
    change = next_change(people, question.policy, question.grouped(), question.at, emergency)
    tick = timedelta(microseconds=1)
    probes = [moment + step for moment in MOMENTS for step in (-tick, timedelta(0), tick)]
    for probe in probes:
        if question.at <= probe and (change is None or probe < change):
            assert decided(replace(question, at=probe)) == decided(question)


@given(any_question)
def test_people_given_once_only_are_all_asked_for_the_next_change(question: Question) -> None:
    people = sorted(question.subject.concerned)
    once = next_change(iter(people), question.policy, question.grouped(), question.at)
    assert once == next_change(people, question.policy, question.grouped(), question.at)


# --- the view -----------------------------------------------------------------------------------------------------


def spelled_out(view: View) -> list[tuple[bytes, Decision]]:
    return [(canonical(seen.element), seen.decision) for seen in view.seen]


@st.composite
def views(draw: st.DrawFn) -> tuple[Plan, Reader, Policy, list[Consent]]:
    if draw(st.booleans()):
        return draw(plans()), draw(readers), draw(policies), list(with_one_plan(draw(consent_sets)))
    question = draw(askable())
    return draw(plans()), question.reader, question.policy, list(question.consents)


@given(views(), st.sampled_from(MOMENTS), st.data())
def test_two_plans_that_differ_in_withheld_content_alone_give_equal_views(
    asked: tuple[Plan, Reader, Policy, list[Consent]], at: datetime, data: st.DataObject
) -> None:
    plan, reader, policy, given_consents = asked
    view = view_for(plan, reader, policy, by_person(given_consents), at)
    otherwise = dict(plan.elements)
    for hidden in plan.elements.keys() - {seen.element.id for seen in view.seen}:
        fate = data.draw(st.sampled_from(("gone", "changed", "concerns another", "replaced")))
        element = otherwise.pop(hidden)
        if fate == "changed":
            otherwise[hidden] = replace(element, title="another", text="another", part_of=None, details=element.details)
        elif fate == "concerns another":
            otherwise[hidden] = replace(element, concerns=element.concerns | {OTHER})
        elif fate == "replaced":
            new = data.draw(elements(hidden))
            if not decide(subject_of(plan, new), reader, policy, by_person(given_consents), at).permits:
                otherwise[hidden] = new
    twin = view_for(replace(plan, elements=otherwise), reader, policy, by_person(given_consents), at)
    assert twin == view
    assert repr(twin) == repr(view)
    assert spelled_out(twin) == spelled_out(view)


@given(views(), st.sampled_from(MOMENTS))
def test_a_view_holds_what_is_permitted_and_nothing_else(
    asked: tuple[Plan, Reader, Policy, list[Consent]], at: datetime
) -> None:
    plan, reader, policy, given_consents = asked
    view = view_for(plan, reader, policy, by_person(given_consents), at)
    for element in plan.elements.values():
        decision = decide(subject_of(plan, element), reader, policy, by_person(given_consents), at)
        seen = view.element(element.id)
        assert (seen is not None) is decision.permits
        assert seen is None or seen.decision == decision
        for part in decision.hidden:
            assert seen is not None
            assert not getattr(seen.element, part)
    assert all(seen.element.part_of is None or view.element(seen.element.part_of) for seen in view.seen)


@given(views(), st.sampled_from(MOMENTS), plans())
def test_the_marker_of_a_partial_view_does_not_depend_on_what_is_there(
    asked: tuple[Plan, Reader, Policy, list[Consent]], at: datetime, other: Plan
) -> None:
    plan, reader, policy, given_consents = asked
    grouped, other = by_person(given_consents), replace(other, restricted=plan.restricted)
    here, there = (view_for(one, reader, policy, grouped, at).may_be_partial for one in (plan, other))
    assert here is there


@given(views(), st.sampled_from(MOMENTS))
def test_a_citizens_no_never_hides_an_element_from_the_authority_that_wrote_it(
    asked: tuple[Plan, Reader, Policy, list[Consent]], at: datetime
) -> None:
    plan, reader, policy, given_consents = asked
    noes = [saying_no(consent) for consent in given_consents]
    for element in plan.elements.values():
        if reader.purpose in policy.purposes and plan.id in reader.memberships:
            own = replace(reader, organisation=element.authority, role=Role.AUTHORITY_SYSTEM)
            assert view_for(plan, own, policy, by_person(noes), at).element(element.id)


@given(any_question)
def test_without_a_consent_to_one_plan_only_the_law_the_author_and_an_emergency_show_anything(
    question: Question,
) -> None:
    sharing = tuple(
        consent for consent in question.consents if consent.kind is ConsentKind.SHARING or consent.person != PERSON
    )
    decision = decided(replace(question, consents=sharing))
    assert not decision.permits or decision.reason in {"own", "duty", "emergency"}
