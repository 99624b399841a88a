"""A reader whose work is limited by subjects of KLE: never more is shown, and nothing withheld tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.consent.consent import Consent, by_person
from hub.consent.policy import Policy
from hub.consent.reader import Reader
from hub.consent.subjects import KLE, lies_within
from hub.consent.view import View, view_for
from hub.plan.element import Code, Element, Kind
from hub.plan.plan import Plan
from tests.unit.consent.strategies import MOMENTS, consent_sets, plans, policies, readers, with_one_plan

CODES = ("27", "27.24.00", "27.24", "32.18.04", "32.18", "85.02.00")
LIMITS = st.frozensets(st.sampled_from(("27", "27.24", "32", "32.18", "85.02.00")), max_size=3)


@st.composite
def coded_plans(draw: st.DrawFn) -> Plan:
    """Draw a plan whose elements carry codes, are of two cases, and are cases themselves."""
    plan = draw(plans())
    return replace(plan, elements={id: draw(coded(element)) for id, element in plan.elements.items()})


def coded(element: Element) -> st.SearchStrategy[Element]:
    codes = st.lists(st.sampled_from(CODES), max_size=2).map(lambda found: tuple(Code(KLE, one) for one in found))
    kinds, cases = st.sampled_from((Kind.CASE, element.kind)), st.sampled_from(("a", "b"))
    return st.builds(
        lambda codes, kind, case: replace(
            element, codes=codes, kind=kind, provenance=replace(element.provenance, case=case)
        ),
        codes,
        kinds,
        cases,
    )


def shown(plan: Plan, reader: Reader, policy: Policy, said: tuple[Consent, ...], at: datetime) -> View:
    return view_for(plan, reader, policy, by_person(with_one_plan(said)), at)


everything = (coded_plans(), readers, policies, consent_sets, st.sampled_from(MOMENTS))


@given(*everything, LIMITS, LIMITS)
def test_a_limit_never_shows_more_and_a_narrower_one_never_more_than_a_wider(
    plan: Plan, reader: Reader, policy: Policy, said: tuple[Consent, ...], at: datetime,
    narrow: frozenset[str], more: frozenset[str],
) -> None:  # fmt: skip
    free, wide, narrower = (
        {seen.element.id for seen in shown(plan, replace(reader, kle=kle), policy, said, at).seen}
        for kle in (None, narrow | more, narrow)
    )
    assert narrower <= wide <= free
    assert not shown(plan, replace(reader, kle=frozenset()), policy, said, at).seen


@given(*everything, LIMITS)
def test_whoever_is_limited_is_told_nothing_by_what_is_withheld(
    plan: Plan, reader: Reader, policy: Policy, said: tuple[Consent, ...], at: datetime, limits: frozenset[str]
) -> None:
    reader = replace(reader, kle=limits)
    before = shown(plan, reader, policy, said, at)
    kept = {seen.element.id for seen in before.seen}
    without = replace(plan, elements={id: one for id, one in plan.elements.items() if id in kept})
    after = shown(without, reader, policy, said, at)
    assert [seen.element for seen in after.seen] == [seen.element for seen in before.seen]
    assert after.may_be_partial == before.may_be_partial


@given(*everything, LIMITS)
def test_all_that_is_shown_lies_within_or_is_of_a_case_that_is_shown_and_does(
    plan: Plan, reader: Reader, policy: Policy, said: tuple[Consent, ...], at: datetime, limits: frozenset[str]
) -> None:
    seen = {one.element.id for one in shown(plan, replace(reader, kle=limits), policy, said, at).seen}
    stored = [element for id, element in plan.elements.items() if id in seen]
    for element in stored:
        own = {code.code for code in element.codes}
        of_its_case = {
            code.code
            for case in stored
            if case.kind is Kind.CASE
            and (case.authority, case.provenance.case) == (element.authority, element.provenance.case)
            for code in case.codes
        }
        assert lies_within(own or of_its_case, limits)


@pytest.mark.parametrize(
    ("code", "limit", "is_within"),
    [
        ("27", "27", True), ("27.24.00", "27", True), ("27.24.00", "27.24", True), ("27.24.00-G01", "27.24.00", True),
        ("27.24.00 G01", "27.24.00", True), ("27.24.00", "27.2", False), ("270.24", "27", False), ("2", "27", False),
        ("32.18", "27", False), ("", "27", False),
    ],
)  # fmt: skip
def test_a_code_is_of_a_group_by_whole_numbers(code: str, limit: str, is_within: bool) -> None:
    assert lies_within({code}, {limit}) is is_within


def test_no_code_lies_nowhere_and_each_of_several_must_lie_within() -> None:
    assert not lies_within((), {"27"})
    assert not lies_within({"27.24", "32.18"}, {"27"})
    assert lies_within({"27.24", "32.18"}, {"27", "32.18"})
