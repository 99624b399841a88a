"""Small worlds of rules, consents, readers and plans, in which everything often meets everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from hub.consent.consent import (
    Consent,
    ConsentKind,
    ConsentsByPerson,
    ConsentStatus,
    Effect,
    Exemption,
    Scope,
    by_person,
)
from hub.consent.policy import BreakGlass, Condition, Hidden, Policy, Rule, RuleEffect
from hub.consent.reader import Emergency, Exchange, Reader
from hub.consent.subject import Subject
from hub.plan.element import Code, Element, Kind, OrderKey, Period, Provenance, Sensitivity, Status
from hub.plan.person import Role
from hub.plan.plan import Plan
from hub.testing.builders import THEN, a_consent, a_rule, own_word

PLAN, PERSON, OTHER = UUID(int=1), UUID(int=2), UUID(int=3)
ELEMENTS = tuple(UUID(int=100 + number) for number in range(4))
AUTHORITIES = ("employment", "social")
PURPOSES = ("one-plan", "ssd")
CATEGORIES = ("goals", "health")
MOMENTS = tuple(THEN + timedelta(days=day) for day in range(4))

moments = st.sampled_from(MOMENTS)
labels = st.sampled_from(Sensitivity)
# Open periods and "*" come often, so that most rules and consents speak of most questions.
periods = st.just(Period()) | st.builds(Period, st.none() | moments, st.none() | moments)


def names(*known: str) -> st.SearchStrategy[frozenset[str]]:
    """Draw a list of names: mostly "*" or something, now and then nobody."""
    return st.just(frozenset({"*"})) | st.frozensets(st.sampled_from(known))


rules = st.builds(
    Rule,
    id=st.integers(1, 999).map(lambda number: f"R{number}"),
    effect=st.sampled_from(RuleEffect),
    citation=st.just("A law"),
    da=st.just("En regel."),
    en=st.just("A rule."),
    sources=names(*AUTHORITIES),
    recipients=names(*AUTHORITIES),
    roles=st.just(frozenset(Role)) | st.frozensets(st.sampled_from(Role)),
    purposes=names(*PURPOSES),
    categories=names(*CATEGORIES),
    label=labels,
    conditions=st.just(frozenset[Condition]()) | st.frozensets(st.sampled_from(Condition), max_size=2),
    without=st.just(frozenset[Hidden]()) | st.frozensets(st.sampled_from(Hidden)),
    valid=periods,
    directions=st.just(frozenset(Exchange)) | st.frozensets(st.sampled_from(Exchange), min_size=1),
    informs=st.booleans(),
).filter(
    lambda rule: (
        Condition.NO_THIRD_PARTY not in rule.conditions
        if rule.effect is RuleEffect.PROHIBIT
        else Condition.HELD not in rule.conditions
    )
)
GLASS = BreakGlass(frozenset({Role.COORDINATOR, Role.CASEWORKER}), 60, 20, 24, "A law")
policies = st.builds(
    Policy,
    version=st.just(1),
    purposes=st.just(frozenset(PURPOSES)),
    categories=st.just(frozenset(CATEGORIES)),
    rules=st.lists(rules, max_size=4).map(tuple),
    break_glass=st.sampled_from((None, None, GLASS)),
)
scopes = st.builds(
    Scope,
    sources=names(*AUTHORITIES),
    recipients=names(*AUTHORITIES),
    purposes=names(*PURPOSES),
    categories=names(*CATEGORIES),
    label=labels,
    elements=st.just(frozenset[UUID]()) | st.frozensets(st.sampled_from(ELEMENTS), max_size=2),
    data_period=st.just(Period()) | periods,
)
exemptions = st.just(()) | st.lists(st.builds(Exemption, scopes, periods), max_size=2).map(tuple)


def saying_no(consent: Consent) -> Consent:
    """Turn a consent into a plain no to the same."""
    return replace(consent, effect=Effect.DENY, exemptions=())


def _consent(effect: Effect, scope: Scope, exempt: tuple[Exemption, ...], **facts: Any) -> Consent:
    """Let a no with exemptions be a no from the lowest step up, as each must."""
    is_broad = effect is Effect.DENY and bool(exempt)
    whole = replace(scope, label=min(Sensitivity)) if is_broad else scope
    return Consent(effect=effect, scope=whole, exemptions=exempt, **facts)


consents = st.builds(
    _consent,
    id=st.uuids(version=4),
    version=st.integers(1, 3),
    kind=st.sampled_from(ConsentKind),
    person=st.sampled_from((PERSON, OTHER)),
    grants=moments.map(lambda at: own_word(PERSON, at)),
    period=periods,
    status=st.sampled_from((ConsentStatus.ACTIVE, ConsentStatus.ACTIVE, ConsentStatus.WITHDRAWN)),
    effect=st.sampled_from((Effect.PERMIT, Effect.PERMIT, Effect.DENY)),
    scope=scopes,
    exempt=exemptions,
)
plans_at_stake = st.sampled_from((PLAN, PLAN, UUID(int=77)))
readers = st.builds(
    Reader,
    organisation=st.sampled_from((*AUTHORITIES, "citizen")),
    role=st.sampled_from(Role),
    purpose=st.sampled_from((*PURPOSES, *PURPOSES, "gossip")),
    person=st.sampled_from((None, PERSON, OTHER)),
    memberships=st.sampled_from((frozenset({PLAN}), frozenset({PLAN}), frozenset[UUID]())),
    exchange=st.sampled_from(Exchange),
    meetings=st.sampled_from((frozenset({PLAN}), frozenset[UUID]())),
    emergency=st.sampled_from((None, None, None)) | st.builds(Emergency, st.just(UUID(int=5)), plans_at_stake, periods),
)
concerned = st.sampled_from((frozenset[UUID](), frozenset[UUID](), frozenset({PERSON}), frozenset({OTHER})))


@st.composite
def elements(draw: st.DrawFn, element: UUID) -> Element:
    """Draw an element that may be part of another, and may tell of a protected address."""
    return Element(
        id=element,
        kind=draw(st.sampled_from((Kind.GOAL, Kind.NOTE))),
        category=draw(st.sampled_from((*CATEGORIES, *CATEGORIES, None))),
        label=draw(st.none() | labels),
        status=Status.ACTIVE,
        title=draw(st.sampled_from(("one", "two"))),
        text="a text",
        valid=draw(periods),
        codes=(Code("kle", "27.24.00", "a code"),),
        part_of=draw(st.none() | st.sampled_from(ELEMENTS)),
        concerns=draw(concerned),
        details=draw(st.sampled_from(({}, {"place": "here"}, {"protected-address": "yes"}))),
        provenance=Provenance(draw(st.sampled_from(AUTHORITIES)), "system", "C1", "m1", "v1"),
        order=OrderKey(1, THEN, "m1"),
        registered_at=THEN,
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Draw a plan of up to four elements."""
    wanted = draw(st.lists(st.sampled_from(ELEMENTS), unique=True))
    restricted = draw(st.just(frozenset()) | st.frozensets(st.none() | st.sampled_from(ELEMENTS), max_size=2))
    return Plan(PLAN, PERSON, elements={element: draw(elements(element)) for element in wanted}, restricted=restricted)


@dataclass(frozen=True, slots=True)
class Question:
    """Everything a decision may depend on."""

    subject: Subject
    reader: Reader
    policy: Policy
    consents: tuple[Consent, ...]
    at: datetime

    def grouped(self) -> ConsentsByPerson:
        """Return the consents as ``decide`` wants them."""
        return by_person(self.consents)


subjects = st.builds(
    Subject,
    plan=st.just(PLAN),
    person=st.just(PERSON),
    authority=st.sampled_from(AUTHORITIES),
    category=st.sampled_from((*CATEGORIES, *CATEGORIES, None)),
    label=labels,
    concerned=concerned.map(lambda others: others | {PERSON}),
    element=st.sampled_from(ELEMENTS),
    has_protected_address=st.booleans(),
    valid=st.just(Period()) | periods,
    is_held=st.booleans(),
    is_restricted=st.sampled_from((False, False, False, True)),
)


def with_one_plan(given: Sequence[Consent]) -> tuple[Consent, ...]:
    """Add a plain yes to one plan, without which little else is ever asked."""
    yes = Consent(UUID(int=9), 1, ConsentKind.ONE_PLAN, PERSON, own_word(PERSON), Period())
    return (*(consent for consent in given if consent.id != yes.id), yes)


consent_sets = st.lists(consents, max_size=5, unique_by=lambda consent: consent.id)
questions = st.builds(
    Question, subjects, readers, policies, consent_sets.map(tuple) | consent_sets.map(with_one_plan), moments
)


broad_rules = st.builds(
    a_rule,
    st.integers(1, 999).map(lambda number: f"B{number}"),
    st.sampled_from((RuleEffect.CONSENT, RuleEffect.CONSENT, RuleEffect.PERMIT, RuleEffect.DUTY)),
    without=st.just(frozenset[Hidden]()) | st.frozensets(st.sampled_from(Hidden)),
    label=labels,
    valid=periods,
)


@st.composite
def broad_consents(draw: st.DrawFn) -> list[Consent]:
    """Draw yeses of each person to nearly everything, and now and then a no; one may have lapsed, or cover less."""
    yes = a_consent(PERSON).to("*").at_label(Sensitivity.VIP_SAGER).build()
    no = replace(yes, effect=Effect.DENY, scope=replace(yes.scope, label=draw(labels)))
    templates = (yes, yes, yes, no) if draw(st.integers(0, 3)) == 0 else (yes, yes, yes)
    return [
        replace(
            template,
            id=UUID(int=20 + place),
            person=person,
            period=draw(periods),
            scope=replace(template.scope, categories=draw(st.just(template.scope.categories) | names(*CATEGORIES))),
            status=draw(st.sampled_from((*[ConsentStatus.ACTIVE] * 4, ConsentStatus.WITHDRAWN))),
        )
        for place, (template, person) in enumerate(zip(templates, (PERSON, PERSON, OTHER, PERSON), strict=False))
    ]


@st.composite
def askable(draw: st.DrawFn) -> Question:
    """Draw a question that gets past the door and often ends in a yes.

    A member asks for another authority's element, one plan is in force, and some broad rules and yeses stand beside
    the arbitrary ones.
    """
    question = draw(questions)
    reader = replace(question.reader, purpose="one-plan", memberships=frozenset({PLAN}), organisation="employment")
    subject = replace(question.subject, authority="social", category=draw(st.sampled_from(CATEGORIES)))
    rules_ = (*question.policy.rules[:2], *draw(st.lists(broad_rules, min_size=1, max_size=3)))
    policy = replace(question.policy, rules=rules_)
    given = (*question.consents[: draw(st.integers(0, 2))], *draw(broad_consents()))
    *others, one_plan = with_one_plan(given)
    one_plan = replace(one_plan, period=Period(None, draw(st.none() | moments)))
    return replace(question, reader=reader, subject=subject, policy=policy, consents=(*others, one_plan))
