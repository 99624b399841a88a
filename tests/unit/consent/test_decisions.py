"""Who may see what under the Danish rules, one case at a time; each says where its rule comes from.

``consent.md`` and ``the-house.md`` are pages of docs/explanation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest

from hub.consent.consent import Consent, by_person
from hub.consent.decide import decide
from hub.consent.decision import Decision, Obligation, Outcome, Reason
from hub.consent.policy import Hidden, Policy, RuleEffect
from hub.consent.reader import Reader
from hub.consent.subject import subject_of
from hub.consent.view import view_for
from hub.plan.element import Category, Kind, Sensitivity
from hub.plan.person import Role
from hub.plan.plan import Plan
from hub.testing.builders import (
    THEN,
    ConsentBuilder,
    a_citizen,
    a_consent,
    a_consent_to_one_plan,
    a_plan,
    a_policy,
    a_reader,
    a_rule,
    an_id,
    own_word,
    the_danish_policy,
)

PLAN, PERSON, SIBLING = UUID(int=1), UUID(int=2), UUID(int=3)
DANISH = the_danish_policy()
NOW = THEN + timedelta(days=30)
DAY = timedelta(days=1)
ALL_LABELS = tuple(Sensitivity)


def started() -> ConsentBuilder:
    """Start a yes of the plan's person to share with everyone; what it may be about is left to the case."""
    return a_consent(PERSON).to("*")


PLAN_OF_ALL = (
    a_plan(PERSON, PLAN)
    .with_goal("children", source_id="goal")
    .with_element("children", Kind.NOTE, Category.HEALTH, Sensitivity.FOELSOMME_PERSONOPLYSNINGER, source_id="health")
    .with_element("children", Kind.GOAL, label=None, source_id="unlabelled")
    .with_uncategorised("children", source_id="uncategorised")
    .with_goal("children", source_id="with sibling", concerns=(SIBLING,))
    .with_household_member("children", PERSON, source_id="address", details={"protected-address": "yes"})
    .with_appointment("children", source_id="visit", details={"protected-address": "yes", "place": "home"})
    .with_element("children", Kind.NOTE, Category.ECONOMY, source_id="economy")
    .with_goal("children", source_id="vip", label=Sensitivity.VIP_SAGER)
    .with_goal("employment", source_id="own")
    .with_appointment("children", source_id="meeting", text="secret", details={"place": "clinic"})
    .with_element("children", Kind.CONTACT_PERSON, source_id="contact", text="secret", details={"phone": "1"})
    .build()
)
SYSTEM = a_reader("employment", PLAN_OF_ALL)
ONE_PLAN = a_consent_to_one_plan(PERSON).build()
EVERYTHING = started().build()
NO = started().denying().build()


@dataclass(frozen=True)
class Case:
    """One question and its answer."""

    name: str
    source: str
    answer: Reason
    element: str = "goal"
    authority: str = "children"
    reader: Reader = SYSTEM
    consents: tuple[Consent, ...] = (ONE_PLAN, EVERYTHING)
    policy: Policy = DANISH
    permits: bool = False
    plan: Plan = PLAN_OF_ALL

    def decide(self) -> Decision:
        element = self.plan.elements[an_id(self.authority, self.element)]
        return decide(subject_of(self.plan, element), self.reader, self.policy, by_person(self.consents), NOW)


def yes(name: str, source: str, answer: Reason, **facts: object) -> Case:
    return Case(name, source, answer, permits=True, **facts)  # type: ignore[arg-type]


no = Case
ORDER = "the order of decision (docs/explanation/consent.md)"
SOCIAL = a_reader("social", PLAN_OF_ALL)
COORDINATOR = a_reader("family-house", PLAN_OF_ALL, role=Role.COORDINATOR)
PARTNER = a_reader("school", PLAN_OF_ALL, role=Role.PARTNER, purpose="ssd")
SCHOOL = replace(PARTNER, purpose="one-plan")
YOUTH = a_reader("youth", PLAN_OF_ALL)
CITIZEN = a_citizen(PERSON)
SSD = a_consent(PERSON).to("*").for_purposes("ssd").build()
SIBLINGS = a_consent(SIBLING).to("*")


def with_rules(*effects: RuleEffect) -> Policy:
    return a_policy(*(a_rule(f"R-{effect}", effect) for effect in effects))


CASES = [
    # an invalid request
    no("nobody may ask for a purpose that the policy does not know", f"{ORDER}: invalid request → deny",
       Reason.UNKNOWN_PURPOSE, reader=replace(SYSTEM, purpose="curiosity")),
    no("an authority that is not in the plan sees nothing", f"{ORDER}: invalid request → deny",
       Reason.NOT_A_MEMBER, reader=a_reader("employment")),
    no("a coordinator of another plan sees nothing", "docs/vocabulary.md, membership",
       Reason.NOT_A_MEMBER, reader=replace(COORDINATOR, memberships=frozenset({UUID(int=77)}))),
    # the reader's own authority
    yes("an authority sees what it wrote although the citizen says no",
        "consent.md: a citizen's denial never hides an element from the authority that wrote it",
        Reason.OWN, element="own", authority="employment", consents=(ONE_PLAN, NO)),
    yes("an authority sees what it wrote although there is no plan any more",
        "consent.md: withdrawn → back to sector plans, which stay their authors' own",
        Reason.OWN, element="own", authority="employment", consents=()),
    yes("a caseworker sees what the own authority wrote", "as the case above",
        Reason.OWN, element="own", authority="employment", reader=replace(SYSTEM, role=Role.CASEWORKER)),
    # statutory prohibition
    no("a prohibition beats a duty", f"{ORDER}: statutory prohibition → deny, nothing lifts it",
       Reason.PROHIBITED, policy=with_rules(RuleEffect.DUTY, RuleEffect.PROHIBIT)),
    no("a prohibition beats every consent", f"{ORDER}: statutory prohibition → deny, nothing lifts it",
       Reason.PROHIBITED, policy=with_rules(RuleEffect.CONSENT, RuleEffect.PERMIT, RuleEffect.PROHIBIT)),
    no("employment is never part of the SSD cooperation", "consent.md: SSD cooperation (never employment)",
       Reason.PROHIBITED, reader=replace(SYSTEM, purpose="ssd"), consents=(ONE_PLAN, SSD)),
    no("nor as a partner", "consent.md: SSD cooperation (never employment)",
       Reason.PROHIBITED, reader=replace(PARTNER, organisation="employment"), consents=(ONE_PLAN, SSD)),
    no("the youth services are no part of it either", "LAW-P-SSD-YOUTH: they work for employment too",
       Reason.PROHIBITED, reader=replace(YOUTH, purpose="ssd"), consents=(ONE_PLAN, SSD)),
    # partners, who are no authorities
    yes("a partner sees what happens when, if the citizen said yes", "CON-PARTNER-TIMES",
        Reason.CONSENT, element="meeting", reader=SCHOOL),
    yes("a partner sees whom to contact, if the citizen said yes", "CON-PARTNER-CONTACTS",
        Reason.CONSENT, element="contact", reader=SCHOOL),
    no("a partner sees nothing without the citizen's yes", "CON-PARTNER-TIMES rests on consent alone",
       Reason.NO_CONSENT, element="meeting", reader=SCHOOL, consents=(ONE_PLAN,)),
    no("a yes to the school is none to the volunteers", "consent.md: to recipient",
       Reason.NO_CONSENT, element="meeting", reader=replace(SCHOOL, organisation="volunteers"),
       consents=(ONE_PLAN, a_consent(PERSON).to("school").build())),
    no("a partner sees no goal", "CON-PARTNER-TIMES: titles and times of what happens",
       Reason.NO_GROUND, reader=SCHOOL),
    no("a partner sees nothing of health, whatever the citizen says", "LAW-P-PARTNER",
       Reason.PROHIBITED, element="health", reader=SCHOOL),
    no("a partner sees nothing of economy, whatever the citizen says", "LAW-P-PARTNER",
       Reason.PROHIBITED, element="economy", reader=SCHOOL),
    no("a partner does not see a visit to a protected address", "CPR-loven § 28",
       Reason.PROHIBITED, element="visit", reader=SCHOOL),
    no("a partner that calls itself an author owns nothing", "SYS-OWN is of authorities alone",
       Reason.NO_CONSENT, element="meeting", reader=replace(SCHOOL, organisation="children"), consents=(ONE_PLAN,)),
    # the youth services
    yes("the youth services see a goal, if the citizen said yes", "CON-YOUTH", Reason.CONSENT, reader=YOUTH),
    no("the youth services see nothing of health", "CON-YOUTH names no health", Reason.NO_GROUND,
       element="health", reader=YOUTH),
    no("the youth services see nothing without a yes", "CON-YOUTH", Reason.NO_CONSENT,
       reader=YOUTH, consents=(ONE_PLAN,)),
    no("a protected address is never shown to a citizen", "CPR-loven § 28",
       Reason.PROHIBITED, element="address", reader=CITIZEN),
    no("a protected address is never shown to a partner", "CPR-loven § 28",
       Reason.PROHIBITED, element="address", reader=PARTNER, consents=(ONE_PLAN, SSD)),
    no("nor is a visit that tells of a protected address", "CPR-loven § 28",
       Reason.PROHIBITED, element="visit", reader=PARTNER, consents=(ONE_PLAN, SSD)),
    # mandatory duty
    yes("a duty beats a no", f"{ORDER}: mandatory statutory duty → permit exactly those categories",
        Reason.DUTY, consents=(ONE_PLAN, NO), policy=with_rules(RuleEffect.DUTY, RuleEffect.CONSENT)),
    yes("a duty needs no consent to one plan", f"{ORDER}: mandatory statutory duty",
        Reason.DUTY, consents=(), policy=with_rules(RuleEffect.DUTY)),
    no("a duty permits its own categories and no other", f"{ORDER}: … exactly those categories",
       Reason.DENIED, consents=(ONE_PLAN, NO),
       policy=a_policy(a_rule("D", RuleEffect.DUTY, categories=frozenset({Category.CASES})))),
    yes("a citizen sees the own plan", "GDPR art. 15", Reason.DUTY, reader=CITIZEN, consents=()),
    yes("a citizen sees the most sensitive of the own plan too", "GDPR art. 15",
        Reason.DUTY, element="vip", reader=CITIZEN, consents=()),
    no("a citizen does not see what names somebody else", "GDPR art. 15 stk. 4",
       Reason.NO_GROUND, element="with sibling", reader=CITIZEN),
    no("a citizen does not see another's plan", "GDPR art. 15: the person's own data",
       Reason.NO_GROUND, reader=a_citizen(SIBLING)),
    no("a citizen who reads under another purpose than access sees nothing", "GDPR art. 5 stk. 1 litra b",
       Reason.NO_GROUND, reader=a_citizen(PERSON, "one-plan")),
    # consent to one plan
    no("without a consent to one plan nothing is shared",
       "LAB § 40 stk. 3, serviceloven § 141 stk. 7, barnets lov § 110",
       Reason.NO_ONE_PLAN, consents=(EVERYTHING,)),
    no("without a consent to one plan the coordinator sees nothing", "LAB § 40 stk. 3",
       Reason.NO_ONE_PLAN, reader=COORDINATOR, consents=(EVERYTHING,)),
    no("a withdrawn consent to one plan is none", "consent.md: withdrawn → back to sector plans",
       Reason.NO_ONE_PLAN, consents=(a_consent_to_one_plan(PERSON).withdrawn().build(), EVERYTHING)),
    no("a no to one plan beats a yes to it", f"{ORDER}: among different consents in force deny overrides",
       Reason.NO_ONE_PLAN, consents=(ONE_PLAN, a_consent_to_one_plan(PERSON).denying().build(), EVERYTHING)),
    no("a sibling's consent to one plan is not the person's", "the-house.md: one plan per person",
       Reason.NO_ONE_PLAN, consents=(a_consent_to_one_plan(SIBLING).build(), EVERYTHING)),
    # a no beats a yes
    no("a no beats the yes of another consent", f"{ORDER}: any consent in force that denies → deny",
       Reason.DENIED, consents=(ONE_PLAN, NO, EVERYTHING)),
    no("a no beats a newer yes", "consent.md: deny overrides, never 'newest wins'",
       Reason.DENIED, consents=(ONE_PLAN, NO, replace(EVERYTHING, grants=own_word(PERSON, NOW - DAY)))),
    no("a no beats an optional statutory permission", f"{ORDER}: any consent in force that denies → deny",
       Reason.DENIED, reader=COORDINATOR, consents=(ONE_PLAN, NO)),
    no("a no of a third party whom the element names counts", "consent.md: consents of every person whom it concerns",
       Reason.DENIED, element="with sibling",
       consents=(ONE_PLAN, EVERYTHING, SIBLINGS.build(), a_consent(SIBLING).to("*").denying().build())),
    yes("a withdrawn no counts no more", "Forvaltningsloven § 28 stk. 4: what was said may be taken back",
        Reason.CONSENT, consents=(ONE_PLAN, EVERYTHING, started().denying().withdrawn().build())),
    yes("a no to others is none to this reader", "consent.md: permission to share names its recipient",
        Reason.CONSENT, consents=(ONE_PLAN, EVERYTHING, a_consent(PERSON).to("social").denying().build())),
    no("a no to everything covers what has no category", "consent.md: what the engine cannot judge is withheld",
       Reason.DENIED, element="uncategorised", consents=(ONE_PLAN, EVERYTHING, NO)),
    # a yes
    yes("a yes shows what it names", f"{ORDER}: any consent that permits → permit", Reason.CONSENT),
    no("without any consent to share nothing is shared", f"{ORDER}: else deny",
       Reason.NO_CONSENT, consents=(ONE_PLAN,)),
    no("a withdrawn yes shows nothing", "Forvaltningsloven § 28 stk. 4",
       Reason.WITHDRAWN, consents=(ONE_PLAN, started().withdrawn().build())),
    no("a yes that has ended shows nothing", "consent.md: expiry is municipal policy, and holds",
       Reason.EXPIRED, consents=(ONE_PLAN, started().until(NOW).build())),
    yes("a yes holds up to the instant before it ends", "the-house.md: half-open periods",
        Reason.CONSENT, consents=(ONE_PLAN, started().until(NOW + timedelta(microseconds=1)).build())),
    no("a yes that has not started shows nothing", "docs/vocabulary.md, period",
       Reason.EXPIRED, consents=(ONE_PLAN, started().since(NOW + DAY).build())),
    yes("a yes holds from its very start", "the-house.md: half-open periods",
        Reason.CONSENT, consents=(ONE_PLAN, started().since(NOW).build())),
    no("a yes to another recipient is none to this one", "GDPR art. 4 nr. 11: specific",
       Reason.NO_CONSENT, consents=(ONE_PLAN, a_consent(PERSON).to("social").build())),
    no("a yes to other categories is none to this one", "GDPR art. 4 nr. 11: specific",
       Reason.NO_CONSENT, consents=(ONE_PLAN, started().for_categories("activities").build())),
    no("a yes for another purpose is none for this one", "GDPR art. 5 stk. 1 litra b",
       Reason.NO_CONSENT, consents=(ONE_PLAN, SSD)),
    no("a yes to share another authority's elements is none for this one's", "consent.md: from authority",
       Reason.NO_CONSENT, consents=(ONE_PLAN, started().from_("social").build())),
    no("a yes that lists no recipient names nobody", "hub.consent.consent: what is missing never widens sharing",
       Reason.NO_CONSENT, consents=(ONE_PLAN, a_consent(PERSON).build())),
    no("a yes that lists no category names none", "hub.consent.consent: what is missing never widens sharing",
       Reason.NO_CONSENT, consents=(ONE_PLAN, started().for_categories().build())),
    no("a yes covers its own step of the ladder and below", "Sags- og Dokumentindeks, Foelsomhed",
       Reason.NO_CONSENT, consents=(ONE_PLAN, started().at_label(Sensitivity.IKKE_FORTROLIGE_DATA).build())),
    yes("a yes to a single element shows that one", "consent.md: most specific permission, named by the citizen",
        Reason.CONSENT, consents=(ONE_PLAN, started().for_elements(an_id("children", "goal")).build())),
    no("a yes to a single element shows no other", "as the case above",
       Reason.NO_CONSENT, consents=(ONE_PLAN, started().for_elements(an_id("children", "health")).build())),
    no("a no to a single element hides it in spite of a yes to all", f"{ORDER}: deny overrides",
       Reason.DENIED,
       consents=(ONE_PLAN, EVERYTHING, started().denying().for_elements(an_id("children", "goal")).build())),
    # a yes needs a ground of law
    no("health never reaches employment, whatever the citizen says", "Danish rules: no rule grants it (GDPR art. 9)",
       Reason.NO_GROUND, element="health"),
    yes("health reaches social services when the citizen says yes", "Retssikkerhedsloven § 11 a stk. 1",
        Reason.CONSENT, element="health", reader=SOCIAL),
    no("economy does not reach employment", "Danish rules: no rule grants it (forvaltningsloven § 32)",
       Reason.NO_GROUND, element="economy"),
    no("with a policy of no rules nothing is shared", f"{ORDER}: else deny", Reason.NO_GROUND, policy=a_policy()),
    # what the engine cannot judge
    no("what has no label counts as the most sensitive", "consent.md: unlabelled elements count as restricted",
       Reason.NOT_LABELLED, element="unlabelled"),
    no("what has no category is shown to nobody else", "consent.md: uncategorised elements count as restricted",
       Reason.NOT_LABELLED, element="uncategorised"),
    no("the coordinator does not see what has no label either", "as the case above",
       Reason.NOT_LABELLED, element="unlabelled", reader=COORDINATOR),
    # others whom an element names
    no("what names a sibling needs the sibling's yes too", "consent.md: consents of every person whom it concerns",
       Reason.NO_CONSENT, element="with sibling"),
    yes("with the sibling's yes it is shown", "as the case above",
        Reason.CONSENT, element="with sibling", consents=(ONE_PLAN, EVERYTHING, SIBLINGS.build())),
    no("with the sibling's yes alone it is not", "as the case above",
       Reason.NO_CONSENT, element="with sibling", consents=(ONE_PLAN, SIBLINGS.build())),
    # optional statutory permission
    yes("the coordinator sees confidential matters under the plan that the citizen agreed to", "LAB § 40 stk. 3",
        Reason.STATUTE, reader=COORDINATOR, consents=(ONE_PLAN,)),
    no("the coordinator sees health only when the citizen agreed to that", "GDPR art. 9 stk. 2 litra a",
       Reason.NO_CONSENT, element="health", reader=COORDINATOR, consents=(ONE_PLAN,)),
    yes("the coordinator sees health when the citizen agreed to that", "GDPR art. 9 stk. 2 litra a",
        Reason.CONSENT, element="health", reader=COORDINATOR),
    # readers without a part in any plan
    no("an operator sees nothing of a plan", "the-house.md: operators watch queues",
       Reason.NO_GROUND, reader=a_reader("operations", role=Role.OPERATOR)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_a_case_is_decided_as_its_source_says(case: Case) -> None:
    decision = case.decide()
    assert (decision.reason, decision.permits) == (case.answer, case.permits), case.source


def test_a_sharing_partner_is_shown_what_the_parents_agreed_to_share() -> None:
    meets = replace(PARTNER, meetings=frozenset({PLAN}))
    decision = no("", "", Reason.CONSENT, reader=meets, consents=(ONE_PLAN, SSD)).decide()
    assert decision.rule_ids == ("CON-SSD",)


@pytest.mark.parametrize("label", ALL_LABELS)
def test_the_labels_are_a_ladder_on_which_a_yes_covers_its_step_and_those_below(label: Sensitivity) -> None:
    for step in Sensitivity:
        plan = a_plan(PERSON, PLAN).with_goal("children", source_id="goal", label=step).build()
        decision = decide(
            subject_of(plan, plan.elements[an_id("children", "goal")]),
            SYSTEM,
            with_rules(RuleEffect.CONSENT),
            by_person([ONE_PLAN, started().at_label(label).build()]),
            NOW,
        )
        assert decision.permits is (step <= label)


def _shown(*without: frozenset[Hidden], effect: RuleEffect = RuleEffect.CONSENT) -> Decision:
    rules = (a_rule(f"R{place}", effect, without=parts) for place, parts in enumerate(without))
    return no("", "", Reason.CONSENT, policy=a_policy(*rules)).decide()


def test_when_two_rules_permit_only_what_both_leave_out_is_hidden() -> None:
    decision = _shown(frozenset({Hidden.TEXT, Hidden.TITLE}), frozenset({Hidden.TEXT, Hidden.CODES}))
    assert (decision.outcome, decision.hidden) == (Outcome.REDACT, frozenset({Hidden.TEXT}))


def test_when_one_of_two_rules_shows_all_nothing_is_hidden() -> None:
    decision = _shown(frozenset({Hidden.TEXT}), frozenset())
    assert (decision.outcome, decision.hidden) == (Outcome.PERMIT, frozenset())


def test_a_part_that_a_duty_leaves_out_is_seen_where_the_citizen_said_yes_and_not_where_no() -> None:
    duty = a_rule("D", RuleEffect.DUTY, without=(Hidden.TEXT,))
    policy = a_policy(duty, a_rule("C", RuleEffect.CONSENT))
    agreed = no("", "", Reason.DUTY, policy=policy).decide()
    denied = no("", "", Reason.DUTY, policy=policy, consents=(ONE_PLAN, EVERYTHING, NO)).decide()
    assert (agreed.hidden, agreed.rule_ids) == (frozenset(), ("D", "C"))
    assert (denied.hidden, denied.rule_ids) == (frozenset({Hidden.TEXT}), ("D",))


def test_a_permit_binds_the_reader_to_the_purpose_and_every_decision_is_audited() -> None:
    assert no("", "", Reason.CONSENT).decide().obligations == (Obligation.AUDIT, Obligation.PURPOSE_BOUND)
    assert no("", "", Reason.DENIED, consents=(ONE_PLAN, NO)).decide().obligations == (Obligation.AUDIT,)


def test_a_decision_names_the_consents_it_rests_on_and_the_first_of_their_ends() -> None:
    one_plan = a_consent_to_one_plan(PERSON).until(NOW + DAY).build()
    sharing = started().until(NOW + 9 * DAY).build()
    decision = no("", "", Reason.CONSENT, consents=(one_plan, sharing)).decide()
    assert {version.id for version in decision.consents} == {one_plan.id, sharing.id}
    assert decision.valid_until == NOW + DAY


def test_a_no_is_named_by_its_version() -> None:
    decision = no("", "", Reason.DENIED, consents=(ONE_PLAN, EVERYTHING, NO)).decide()
    assert [(version.id, version.version) for version in decision.consents] == [(NO.id, NO.version)]


def test_a_decision_names_the_version_of_the_policy() -> None:
    assert no("", "", Reason.CONSENT, policy=the_danish_policy(version=7)).decide().policy_version == 7


def test_a_view_is_in_the_order_of_its_own_ids() -> None:
    view = view_for(PLAN_OF_ALL, COORDINATOR, DANISH, by_person([ONE_PLAN]), NOW)
    ids = [seen.element.id for seen in view.seen]
    assert len(ids) > 1
    assert ids == sorted(ids)


def test_a_link_to_what_the_reader_does_not_see_is_left_out() -> None:
    plan = (
        a_plan(PERSON, PLAN)
        .with_goal("children", source_id="secret", label=Sensitivity.VIP_SAGER)
        .with_element("children", Kind.SUB_GOAL, source_id="open", part_of="secret")
        .build()
    )
    view = view_for(plan, SYSTEM, DANISH, by_person([ONE_PLAN, EVERYTHING]), NOW)
    assert [(seen.element.id, seen.element.part_of) for seen in view.seen] == [(an_id("children", "open"), None)]


def test_a_reader_whom_the_law_shows_everything_is_not_told_that_something_may_be_missing() -> None:
    assert not view_for(PLAN_OF_ALL, CITIZEN, DANISH, {}, NOW).may_be_partial
    assert view_for(PLAN_OF_ALL, SYSTEM, DANISH, by_person([ONE_PLAN, EVERYTHING]), NOW).may_be_partial


def test_a_consent_to_one_element_says_nothing_of_its_twins() -> None:
    plan = a_plan(PERSON, PLAN).with_goal("children", source_id="told").with_goal("children", source_id="kept").build()
    yes_to_one = started().for_elements(an_id("children", "told")).build()
    view = view_for(plan, SYSTEM, DANISH, by_person([ONE_PLAN, yes_to_one]), NOW)
    assert [seen.element.id for seen in view.seen] == [an_id("children", "told")]
