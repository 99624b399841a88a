"""More cases: exemptions, times, directions, meetings, holds, emergencies. Each says where its rule comes from."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from hub.consent.consent import Consent, ConsentStatus, Scope
from hub.consent.decision import Obligation, Outcome, Reason
from hub.consent.meeting import Turn, turn_after
from hub.consent.policy import Condition, Hidden, Policy, RuleEffect
from hub.consent.reader import Emergency, Exchange, Reader
from hub.plan.element import Category, Kind, Period, Sensitivity
from hub.plan.person import Role
from hub.testing.builders import a_consent, a_consent_to_one_plan, a_plan, a_policy, a_reader, a_rule
from tests.unit.consent.test_decisions import (
    CITIZEN,
    COORDINATOR,
    DANISH,
    DAY,
    EVERYTHING,
    NOW,
    ONE_PLAN,
    PARTNER,
    PERSON,
    PLAN,
    PLAN_OF_ALL,
    SCHOOL,
    SOCIAL,
    SSD,
    SYSTEM,
    YOUTH,
    Case,
    no,
    started,
    yes,
)

HELD = replace(PLAN_OF_ALL, is_held=True)
MEETS = frozenset({PLAN})
HOUR = Period(NOW - timedelta(minutes=30), NOW + timedelta(minutes=30))
EVERY = frozenset({"*"})
ALL_OF_IT = Scope(EVERY, EVERY, EVERY, EVERY, Sensitivity.VIP_SAGER)
LOWEST = Sensitivity.IKKE_FORTROLIGE_DATA
HANDICAP = a_reader("handicap", PLAN_OF_ALL)
LAST_YEAR = Period(NOW - 365 * DAY, NOW)
OF_TIMES = (
    a_plan(PERSON, PLAN)
    .with_goal("children", source_id="within", valid=Period(NOW - 100 * DAY, NOW - 50 * DAY))
    .with_goal("children", source_id="just fits", valid=LAST_YEAR)
    .with_goal("children", source_id="too long", valid=Period(NOW - 100 * DAY, NOW + DAY))
    .with_goal("children", source_id="too early", valid=Period(NOW - 400 * DAY, NOW - 50 * DAY))
    .with_goal("children", source_id="unending", valid=Period(NOW - 100 * DAY, None))
    .with_goal("children", source_id="unbegun", valid=Period(None, NOW - 50 * DAY))
    .with_goal("children", source_id="before", valid=Period(None, NOW - 365 * DAY))
    .with_goal("children", source_id="after", valid=Period(NOW, None))
    .build()
)


def at_work_with(opened: Period, plan: UUID = PLAN, role: Role = Role.CASEWORKER) -> Reader:
    """Return a reader of the employment authority to whom an emergency is open."""
    return replace(SYSTEM, role=role, emergency=Emergency(UUID(int=5), plan, opened))


def only_when(*directions: Exchange) -> Policy:
    return a_policy(a_rule("C", RuleEffect.CONSENT, directions=frozenset(directions)))


def of_last_year(*, is_no: bool = False) -> tuple[Consent, ...]:
    word = started().of_the_time(LAST_YEAR)
    return (ONE_PLAN, EVERYTHING, word.denying().build()) if is_no else (ONE_PLAN, word.build())


SSD_LAW = "Barnets lov, SSD-samarbejdet"
HONOUR = "Barnets lov § 18 stk. 3: the risk is assessed before parents or network are involved"
VITAL = "Databeskyttelsesforordningen art. 6 stk. 1 litra d, art. 9 stk. 2 litra c: vital interests"
NESTED = "FHIR R4 Consent.provision.provision: an exception to the provision it stands in"
DATA_TIME = "FHIR R4 Consent.provision.dataPeriod: of which time the data are"

CASES = [
    # a hold, for a conflict about honour is feared
    no("a plan that is held back is shown to no citizen", HONOUR, Reason.PROHIBITED, reader=CITIZEN, plan=HELD),
    no("nor to a partner, whatever was agreed to", HONOUR, Reason.PROHIBITED, element="meeting", reader=SCHOOL,
       plan=HELD),
    yes("authorities go on seeing what was agreed to", HONOUR, Reason.CONSENT, plan=HELD),
    yes("the coordinator too, who assesses the risk", HONOUR, Reason.STATUTE, reader=COORDINATOR, plan=HELD,
        consents=(ONE_PLAN,)),
    # SSD: one meeting at a time, and never employment
    yes("what was agreed to is shown in a meeting", SSD_LAW, Reason.CONSENT,
        reader=replace(SOCIAL, purpose="ssd", meetings=MEETS), consents=(ONE_PLAN, SSD)),
    no("and not outside of a meeting", SSD_LAW, Reason.NO_GROUND,
       reader=replace(SOCIAL, purpose="ssd"), consents=(ONE_PLAN, SSD)),
    no("nor in a meeting about somebody else", SSD_LAW, Reason.NO_GROUND,
       reader=replace(SOCIAL, purpose="ssd", meetings=frozenset({UUID(int=77)})), consents=(ONE_PLAN, SSD)),
    no("a meeting is no consent", SSD_LAW, Reason.NO_CONSENT,
       reader=replace(SOCIAL, purpose="ssd", meetings=MEETS), consents=(ONE_PLAN, EVERYTHING)),
    no("employment is shown nothing in a meeting either", SSD_LAW, Reason.PROHIBITED,
       reader=replace(SYSTEM, purpose="ssd", meetings=MEETS), consents=(ONE_PLAN, SSD)),
    no("nor are the youth services, who work for it", SSD_LAW, Reason.PROHIBITED,
       reader=replace(YOUTH, purpose="ssd", meetings=MEETS), consents=(ONE_PLAN, SSD)),
    no("what employment wrote is no matter of a meeting", SSD_LAW, Reason.NO_GROUND, element="own",
       authority="employment", reader=replace(PARTNER, meetings=MEETS), consents=(ONE_PLAN, SSD)),
    # emergencies
    yes("an emergency shows what nobody agreed to share", VITAL, Reason.EMERGENCY,
        reader=at_work_with(HOUR), consents=(ONE_PLAN,)),
    yes("and what the citizen said no to", VITAL, Reason.EMERGENCY,
        reader=at_work_with(HOUR), consents=(ONE_PLAN, started().denying().build())),
    yes("and of a citizen who has no plan any more", VITAL, Reason.EMERGENCY, reader=at_work_with(HOUR), consents=()),
    yes("and what no rule grants", VITAL, Reason.EMERGENCY, element="health", reader=at_work_with(HOUR)),
    yes("and what nobody labelled", VITAL, Reason.EMERGENCY, element="unlabelled", reader=at_work_with(HOUR)),
    no("it lifts no prohibition", VITAL, Reason.PROHIBITED, reader=at_work_with(HOUR),
       policy=a_policy(a_rule("P", RuleEffect.PROHIBIT))),
    no("nor does it open the plan of somebody else", VITAL, Reason.NO_CONSENT,
       reader=at_work_with(HOUR, UUID(int=77)), consents=(ONE_PLAN,)),
    no("nor does it open a plan that the reader is no part of", VITAL, Reason.NOT_A_MEMBER,
       reader=replace(at_work_with(HOUR), memberships=frozenset())),
    no("nor for a purpose that nobody knows", VITAL, Reason.UNKNOWN_PURPOSE,
       reader=replace(at_work_with(HOUR), purpose="curiosity")),
    no("it is over at the end of its hour", VITAL, Reason.NO_CONSENT,
       reader=at_work_with(Period(NOW - timedelta(hours=1), NOW)), consents=(ONE_PLAN,)),
    no("a system breaks no glass", VITAL, Reason.NO_CONSENT,
       reader=at_work_with(HOUR, role=Role.AUTHORITY_SYSTEM), consents=(ONE_PLAN,)),
    no("nor does a partner", VITAL, Reason.NO_CONSENT, element="meeting",
       reader=replace(SCHOOL, emergency=Emergency(UUID(int=5), PLAN, HOUR)), consents=(ONE_PLAN,)),
    no("nor anybody where the policy has no glass to break", VITAL, Reason.NO_CONSENT,
       reader=at_work_with(HOUR), consents=(ONE_PLAN,), policy=replace(DANISH, break_glass=None)),
    yes("what is shown anyway needs no emergency", VITAL, Reason.CONSENT, reader=at_work_with(HOUR)),
    # directions
    no("what may be disclosed may not be fetched", "Forvaltningsloven § 29 (indhentning) is not § 28 (videregivelse)",
       Reason.NO_GROUND, policy=only_when(Exchange.DISCLOSE)),
    yes("what may be fetched is fetched", "Forvaltningsloven § 29", Reason.CONSENT, policy=only_when(Exchange.COLLECT)),
    no("what may be fetched may not be sent", "Forvaltningsloven § 28 (videregivelse) is not § 29 (indhentning)",
       Reason.NO_GROUND, reader=replace(SYSTEM, exchange=Exchange.DISCLOSE), policy=only_when(Exchange.COLLECT)),
    yes("what may be disclosed is sent", "Forvaltningsloven § 28", Reason.CONSENT,
        reader=replace(SYSTEM, exchange=Exchange.DISCLOSE), policy=only_when(Exchange.DISCLOSE)),
    # exemptions
    no("a yes with an exemption is a no to that part", NESTED, Reason.DENIED,
       consents=(ONE_PLAN, started().except_(replace(ALL_OF_IT, label=LOWEST)).build())),
    yes("and a yes to the rest", NESTED, Reason.CONSENT,
        consents=(ONE_PLAN, started().except_(replace(ALL_OF_IT, categories=frozenset({"health"}))).build())),
    yes("a no with an exemption is a yes to that part", NESTED, Reason.CONSENT,
        consents=(ONE_PLAN, started().denying().except_(ALL_OF_IT).build())),
    no("and a no to the rest", NESTED, Reason.DENIED,
       consents=(ONE_PLAN, started().denying().except_(replace(ALL_OF_IT, categories=frozenset({"health"}))).build())),
    no("an exemption that is over exempts nothing", "FHIR R4 Consent.provision.period: when the rule applies",
       Reason.DENIED, consents=(ONE_PLAN, started().denying().except_(ALL_OF_IT, Period(None, NOW)).build())),
    yes("an exemption for another recipient exempts nothing here", "FHIR R4 Consent.provision.actor", Reason.CONSENT,
        consents=(ONE_PLAN, started().except_(
            replace(ALL_OF_IT, label=LOWEST, recipients=frozenset({"social"}))).build())),
    yes("an exemption for another purpose exempts nothing here", "FHIR R4 Consent.provision.purpose", Reason.CONSENT,
        consents=(ONE_PLAN, started().except_(replace(ALL_OF_IT, label=LOWEST, purposes=frozenset({"ssd"}))).build())),
    no("of several exemptions one is enough", "FHIR R4 Consent: repeated values are or'ed", Reason.DENIED,
       consents=(ONE_PLAN, started()
                 .except_(replace(ALL_OF_IT, categories=frozenset({"health"})))
                 .except_(replace(ALL_OF_IT, label=LOWEST)).build())),
    no("within one exemption all must fit", "FHIR R4 Consent: different elements are and'ed", Reason.DENIED,
       consents=(ONE_PLAN, started().denying().except_(
           replace(ALL_OF_IT, categories=frozenset({"goals"}), sources=frozenset({"social"}))).build())),
    yes("a yes exempt from its very label up is a yes below it", "FHIR R4 Consent.provision.securityLabel: or lower",
        Reason.CONSENT, consents=(ONE_PLAN, started().except_(
            replace(ALL_OF_IT, label=Sensitivity.FOELSOMME_PERSONOPLYSNINGER)).build())),
    no("the no of one consent beats what another exempts", "IHE PCF is silent on several consents; the hub denies",
       Reason.DENIED, consents=(ONE_PLAN, started().denying().build(), started().denying().except_(ALL_OF_IT).build())),
    no("only an active consent counts", "IHE PCF: revocation is an update to inactive", Reason.WITHDRAWN,
       consents=(ONE_PLAN, replace(EVERYTHING, status=ConsentStatus.WITHDRAWN))),
    no("a consent of somebody who cannot speak any more counts no longer", "Barnets lov § 110 stk. 3",
       Reason.NOT_APPLICABLE, consents=(ONE_PLAN, replace(EVERYTHING, status=ConsentStatus.NOT_APPLICABLE))),
    no("as little as a no to one plan by somebody else makes one", "LAB § 40 stk. 3: with the person's consent",
       Reason.NO_ONE_PLAN,
       consents=(replace(ONE_PLAN, status=ConsentStatus.NOT_APPLICABLE), EVERYTHING)),
    # of which time
    *(yes(f"a yes to what is of a time covers what is {name}", DATA_TIME, Reason.CONSENT, element=name, plan=OF_TIMES,
          consents=of_last_year()) for name in ("within", "just fits")),
    *(no(f"a yes to what is of a time does not cover what is {name}", DATA_TIME, Reason.NO_CONSENT, element=name,
         plan=OF_TIMES, consents=of_last_year())
      for name in ("too long", "too early", "unending", "unbegun", "before", "after")),
    *(no(f"a no to what is of a time covers what is {name}, for it may be of it", DATA_TIME, Reason.DENIED,
         element=name, plan=OF_TIMES, consents=of_last_year(is_no=True))
      for name in ("within", "just fits", "too long", "too early", "unending", "unbegun")),
    *(yes(f"a no to what is of a time does not cover what is {name}", DATA_TIME, Reason.CONSENT, element=name,
          plan=OF_TIMES, consents=of_last_year(is_no=True)) for name in ("before", "after")),
    # who may see what, by the shipped rules
    yes("social services see assessments, if the citizen agreed", "Serviceloven § 141 stk. 7", Reason.CONSENT,
        element="health", reader=replace(SOCIAL, role=Role.CASEWORKER)),
    yes("children and family services see goals of employment, if the citizen agreed", "Barnets lov § 110",
        Reason.CONSENT, element="own", authority="employment", reader=a_reader("children", PLAN_OF_ALL)),
    yes("another authority sees goals, if the citizen agreed", "Forvaltningsloven §§ 28-29", Reason.CONSENT,
        reader=HANDICAP),
    no("but nothing of health", "Databeskyttelsesforordningen art. 9 stk. 1", Reason.NO_GROUND, element="health",
       reader=HANDICAP),
    no("nobody but the author is shown what is of the highest step", "Sags- og Dokumentindeks, Foelsomhed",
       Reason.NO_GROUND, element="vip", reader=COORDINATOR),
    no("no partner is shown assessments", "Databeskyttelsesforordningen art. 5 stk. 1 litra c", Reason.PROHIBITED,
       element="assessment", reader=SCHOOL,
       plan=a_plan(PERSON, PLAN).with_element("children", Kind.NOTE, source_id="assessment").build()),
    no("a consent that has run out is none, as the municipality has set it",
       "Forvaltningsloven § 28 no longer sets a year; expiry is the municipality's policy", Reason.NO_ONE_PLAN,
       consents=(a_consent_to_one_plan(PERSON).until(NOW).build(), EVERYTHING)),
    no("without a consent a refusal blocks the exchange and nothing else", "Retssikkerhedsloven § 11 b",
       Reason.NO_CONSENT, element="health", reader=SOCIAL, consents=(ONE_PLAN,)),
    yes("a consent may be for one authority alone", "Forvaltningsloven § 28 stk. 3: specific", Reason.CONSENT,
        consents=(ONE_PLAN,
                  a_consent(PERSON).to("employment").from_("children").for_categories(Category.GOALS).build())),
]  # fmt: skip


#: How many meetings there may be about one child, by the shipped rules: one, and a follow-up.
TURNS = [
    ("ssd", 0, Turn.FIRST, f"{SSD_LAW}: one meeting about a concrete case"),
    ("ssd", 1, Turn.FOLLOW_UP, f"{SSD_LAW}: a follow-up in special cases"),
    ("ssd", 2, Turn.NONE_LEFT, f"{SSD_LAW}: and no more"),
]


@pytest.mark.parametrize(("purpose", "held", "turn", "source"), TURNS)
def test_there_are_as_many_meetings_as_the_law_has(purpose: str, held: int, turn: Turn, source: str) -> None:
    meetings = DANISH.meetings_for(purpose)
    assert meetings is not None
    assert turn_after(held, meetings) is turn, source


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_a_case_is_decided_as_its_source_says(case: Case) -> None:
    decision = case.decide()
    assert (decision.reason, decision.permits) == (case.answer, case.permits), case.source


def test_an_emergency_obliges_to_tell_the_citizen_and_to_have_it_looked_at() -> None:
    decision = yes("", "", Reason.EMERGENCY, reader=at_work_with(HOUR), consents=(ONE_PLAN,)).decide()
    assert decision.outcome is Outcome.PERMIT
    assert decision.obligations == (
        Obligation.AUDIT,
        Obligation.PURPOSE_BOUND,
        Obligation.INFORM_CITIZEN,
        Obligation.REVIEW,
    )
    assert decision.rule_ids == ("CON-LAB40", "CON-FVL28", "SYS-DEFAULT", "SYS-EMERGENCY")
    assert decision.valid_until == HOUR.end
    assert not decision.hidden


def test_an_emergency_shows_whole_what_a_rule_shows_in_part() -> None:
    policy = a_policy(a_rule("O", RuleEffect.PERMIT, without=(Hidden.TEXT,)))
    decision = yes("", "", Reason.EMERGENCY, reader=at_work_with(HOUR), policy=policy).decide()
    assert (decision.outcome, decision.reason, decision.hidden) == (Outcome.PERMIT, Reason.EMERGENCY, frozenset())
    assert {version.id for version in decision.consents} == {ONE_PLAN.id}


def test_what_is_shown_in_a_meeting_is_told_to_the_citizen() -> None:
    case = yes("", "", Reason.CONSENT, reader=replace(PARTNER, meetings=MEETS), consents=(ONE_PLAN, SSD))
    assert case.decide().obligations == (Obligation.AUDIT, Obligation.PURPOSE_BOUND, Obligation.INFORM_CITIZEN)


def test_a_duty_and_a_choice_together_end_with_the_first_of_them_and_oblige_to_what_both_do() -> None:
    tomorrow, later = NOW + DAY, NOW + 2 * DAY
    duty = a_rule("D", RuleEffect.DUTY, without=(Hidden.TEXT, Hidden.CODES), valid=Period(None, later))
    consent = a_rule("C", RuleEffect.CONSENT, without=(Hidden.TEXT,), informs=True)
    agreed = started().until(tomorrow).build()
    decision = yes("", "", Reason.DUTY, policy=a_policy(duty, consent), consents=(ONE_PLAN, agreed)).decide()
    assert (decision.outcome, decision.hidden) == (Outcome.REDACT, frozenset({"text"}))
    assert (decision.rule_ids, decision.valid_until) == (("D", "C"), tomorrow)
    assert {version.id for version in decision.consents} == {ONE_PLAN.id, agreed.id}
    assert decision.obligations == (Obligation.AUDIT, Obligation.PURPOSE_BOUND, Obligation.INFORM_CITIZEN)


@pytest.mark.parametrize(
    ("edges", "ends"),
    [
        (Period(None, NOW + DAY), NOW + DAY),
        (Period(NOW - DAY, NOW + DAY), NOW + DAY),
        (Period(NOW + DAY, None), NOW + DAY),
        (Period(NOW - DAY, None), None),
        (Period(None, NOW), None),
    ],
)
def test_a_permit_ends_no_later_than_an_exemption_begins_or_ends(edges: Period, ends: datetime | None) -> None:
    elsewhere = replace(ALL_OF_IT, categories=frozenset({"health"}))
    decision = yes("", "", Reason.CONSENT, consents=(ONE_PLAN, started().except_(elsewhere, edges).build())).decide()
    assert decision.permits
    assert decision.valid_until == ends


def test_a_condition_that_does_not_hold_keeps_a_rule_silent() -> None:
    for condition in (Condition.OWN_PLAN, Condition.IN_MEETING, Condition.PROTECTED_ADDRESS, Condition.HELD):
        policy = a_policy(a_rule("C", RuleEffect.CONSENT, condition))
        assert no("", "", Reason.NO_GROUND, policy=policy).decide().reason is Reason.NO_GROUND
    alone = a_policy(a_rule("C", RuleEffect.CONSENT, Condition.NO_THIRD_PARTY))
    assert yes("", "", Reason.CONSENT, policy=alone).decide().permits
