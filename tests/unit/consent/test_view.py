"""What a view holds: each part that a rule leaves out, and nothing more; what it tells of itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.consent.consent import by_person
from hub.consent.decision import Reason
from hub.consent.policy import Condition, Hidden, Policy, RuleEffect
from hub.consent.reader import Emergency, Reader
from hub.consent.view import View, view_for
from hub.plan.element import Code, Kind, Period, Sensitivity
from hub.plan.person import Role
from hub.plan.plan import Plan
from hub.testing.builders import (
    THEN,
    a_citizen,
    a_consent,
    a_consent_to_one_plan,
    a_plan,
    a_policy,
    a_reader,
    a_rule,
    an_id,
    the_danish_policy,
)

PLAN, PERSON, SIBLING = UUID(int=1), UUID(int=2), UUID(int=3)
NOW = THEN + timedelta(days=30)
CODES = (Code("kle", "27.24.00", "a code"),)
WHOLE = (
    a_plan(PERSON, PLAN)
    .with_goal("children", title="a title", text="a text", codes=CODES, details={"place": "here"}, source_id="goal")
    .build()
)
GOAL = an_id("children", "goal")
READER = a_reader("social", WHOLE)
YES = a_consent(PERSON).to("*").at_label(Sensitivity.VIP_SAGER).build()
ONE_PLAN = a_consent_to_one_plan(PERSON).build()
EMPTY: dict[str, Any] = {Hidden.TITLE: "", Hidden.TEXT: "", Hidden.CODES: (), Hidden.DETAILS: {}}


def seen(plan: Plan, policy: Policy, reader: Reader = READER) -> View:
    return view_for(plan, reader, policy, by_person([ONE_PLAN, YES]), NOW)


def consenting(*without: Hidden) -> Policy:
    return a_policy(a_rule("C", RuleEffect.CONSENT, without=without))


@pytest.mark.parametrize("left_out", Hidden)
def test_a_part_that_a_rule_leaves_out_is_left_out_and_no_other(left_out: Hidden) -> None:
    (shown,) = seen(WHOLE, consenting(left_out)).seen
    whole = WHOLE.elements[GOAL]
    assert shown.element == replace(whole, **{left_out.value: EMPTY[left_out]})
    assert getattr(whole, left_out) != EMPTY[left_out]


def test_what_is_shown_whole_is_the_element_itself() -> None:
    (shown,) = seen(WHOLE, consenting()).seen
    assert shown.element is WHOLE.elements[GOAL]


def test_since_when_an_element_reads_so_is_told_of_a_whole_one_alone() -> None:
    assert [one.registered_at for one in seen(WHOLE, consenting()).seen] == [THEN]
    assert [one.registered_at for one in seen(WHOLE, consenting(Hidden.TEXT)).seen] == [None]


def test_details_are_seen_where_no_rule_leaves_them_out() -> None:
    assert [element.id for element in seen(WHOLE, consenting(Hidden.TEXT)).in_detail()] == [GOAL]
    assert list(seen(WHOLE, consenting(Hidden.DETAILS)).in_detail()) == []


def test_an_element_is_found_by_its_id_and_what_is_not_shown_is_not_there() -> None:
    two = a_plan(PERSON, PLAN).with_goal("children", source_id="goal").with_goal("social", source_id="other").build()
    view = seen(two, consenting())
    found = view.element(GOAL)
    assert found is not None
    assert found.element.id == GOAL
    assert view.element(UUID(int=99)) is None
    assert seen(two, a_policy()).element(GOAL) is None


def test_case_numbers_are_for_the_authority_itself_and_the_coordinator() -> None:
    assert seen(WHOLE, consenting()).tells_case_of("social")
    assert not seen(WHOLE, consenting()).tells_case_of("children")
    coordinator = a_reader("family-house", WHOLE, role=Role.COORDINATOR)
    assert seen(WHOLE, consenting(), coordinator).tells_case_of("children")


def test_a_link_stays_where_its_end_is_shown_and_goes_where_it_is_not() -> None:
    linked = (
        a_plan(PERSON, PLAN)
        .with_goal("children", source_id="goal")
        .with_element("children", Kind.SUB_GOAL, source_id="part", part_of="goal")
        .with_goal("children", source_id="alone", label=Sensitivity.IKKE_FORTROLIGE_DATA)
        .build()
    )
    policy = a_policy(a_rule("C", RuleEffect.CONSENT, label=Sensitivity.FORTROLIGE_PERSONOPLYSNINGER))
    part = seen(linked, policy).element(an_id("children", "part"))
    assert part is not None
    assert part.element.part_of == GOAL
    secret = replace(linked.elements[GOAL], label=Sensitivity.VIP_SAGER)
    hidden = replace(linked, elements={**linked.elements, GOAL: secret})
    cut = seen(hidden, policy).element(an_id("children", "part"))
    assert cut is not None
    assert cut.element == replace(linked.elements[an_id("children", "part")], part_of=None)


def test_a_view_is_of_its_plan_and_its_reader() -> None:
    view = seen(WHOLE, consenting())
    assert (view.plan, view.reader) == (PLAN, READER)


@pytest.mark.parametrize(
    ("policy", "reader", "is_held", "partial"),
    [
        (consenting(), READER, False, False),
        (a_policy(), READER, False, True),
        (consenting(Hidden.TEXT), READER, False, False),  # of every category something is seen
        (a_policy(a_rule("C", RuleEffect.CONSENT, categories=frozenset({"goals"}))), READER, False, True),
        (
            a_policy(a_rule("C", RuleEffect.CONSENT, label=Sensitivity.FOELSOMME_PERSONOPLYSNINGER)),
            READER,
            False,
            True,
        ),
        (the_danish_policy(), a_citizen(PERSON), False, False),
        (the_danish_policy(), a_citizen(PERSON), True, True),
        (a_policy(a_rule("C", RuleEffect.CONSENT), a_rule("P", RuleEffect.PROHIBIT, Condition.HELD)), READER, False,
         False),
        (a_policy(a_rule("C", RuleEffect.CONSENT), a_rule("P", RuleEffect.PROHIBIT, Condition.HELD)), READER, True,
         True),
    ],
)  # fmt: skip
def test_the_marker_says_whether_of_some_category_not_everything_would_be_seen(
    policy: Policy, reader: Reader, is_held: bool, partial: bool
) -> None:
    assert seen(replace(WHOLE, is_held=is_held), policy, reader).may_be_partial is partial
    assert seen(replace(WHOLE, is_held=is_held, elements={}), policy, reader).may_be_partial is partial


def test_the_marker_does_not_know_what_the_reader_wrote_itself() -> None:
    """Were the reader's own elements asked about, the marker would say that all is seen."""
    writer = a_reader("children", WHOLE)
    assert seen(WHOLE, a_policy(), writer).seen[0].decision.reason is Reason.OWN
    assert seen(WHOLE, a_policy(), writer).may_be_partial


def test_a_view_is_to_be_checked_again_when_anything_that_it_rests_on_begins_or_ends() -> None:
    days = [NOW + timedelta(days=number) for number in range(1, 6)]
    rule = a_rule("C", RuleEffect.CONSENT, valid=Period(None, days[3]))
    later = a_rule("L", RuleEffect.PERMIT, valid=Period(days[2], None))
    opened = replace(READER, emergency=Emergency(UUID(int=5), PLAN, Period(NOW, days[1])))
    siblings = a_consent(SIBLING).to("*").since(days[0]).build()
    concerning = a_plan(PERSON, PLAN).with_goal("children", concerns=(SIBLING,)).build()

    def checked(plan: Plan, policy: Policy, reader: Reader) -> object:
        return view_for(plan, reader, policy, by_person([ONE_PLAN, YES, siblings]), NOW).recheck_at

    assert checked(WHOLE, consenting(), READER) is None
    assert checked(WHOLE, a_policy(rule), READER) == days[3]
    assert checked(WHOLE, a_policy(rule, later), READER) == days[2]
    assert checked(WHOLE, a_policy(rule, later), opened) == days[1]
    assert checked(concerning, a_policy(rule, later), opened) == days[0]


def test_what_has_begun_or_ended_or_was_withdrawn_is_no_change_to_come() -> None:
    over = a_consent(PERSON).to("*").since(NOW - timedelta(days=2)).until(NOW).build()
    gone = a_consent(PERSON).to("*").until(NOW + timedelta(days=2)).withdrawn().build()
    rule = a_rule("C", RuleEffect.CONSENT, valid=Period(NOW, None))
    assert view_for(WHOLE, READER, a_policy(rule), by_person([ONE_PLAN, over, gone]), NOW).recheck_at is None
