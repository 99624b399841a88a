"""Meetings about one citizen: how many there may be, and who is kept out of them by the shipped rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from hub.consent.meeting import Turn, kept_out_by, turn_after
from hub.consent.policy import Condition, Meetings, RuleEffect
from hub.plan.element import Period, Sensitivity
from hub.plan.person import Role
from hub.testing.builders import THEN, a_policy, a_rule, the_danish_policy

AUTHORITY = (Role.AUTHORITY_SYSTEM, Role.CASEWORKER)
SHUT = a_rule("SHUT", RuleEffect.PROHIBIT, recipients=frozenset({"employment"}), purposes=frozenset({"ssd"}))


def by_rule(organisation: str, *rules: object, purpose: str = "ssd", at: datetime = THEN) -> str | None:
    found = kept_out_by(a_policy(*rules), organisation, AUTHORITY, purpose, at)  # type: ignore[arg-type]
    return found.id if found else None


@pytest.mark.parametrize(
    ("held", "turn"),
    [(0, Turn.FIRST), (1, Turn.FIRST), (2, Turn.FOLLOW_UP), (3, Turn.NONE_LEFT), (4, Turn.NONE_LEFT)],
)
def test_meetings_are_counted(held: int, turn: Turn) -> None:
    assert turn_after(held, Meetings("ssd", first=2, follow_ups=1, hours=1, citation="A law")) is turn


def test_by_the_shipped_rules_there_is_one_meeting_and_one_follow_up() -> None:
    meetings = the_danish_policy().meetings_for("ssd")
    assert meetings is not None
    assert [turn_after(held, meetings) for held in range(3)] == [Turn.FIRST, Turn.FOLLOW_UP, Turn.NONE_LEFT]


@pytest.mark.parametrize(
    ("organisation", "rule"),
    [("employment", "LAW-P-SSD"), ("youth", "LAW-P-SSD-YOUTH"), ("children", None), ("social", None)],
)
def test_the_ssd_cooperation_is_without_the_employment_authority(organisation: str, rule: str | None) -> None:
    found = kept_out_by(the_danish_policy(), organisation, AUTHORITY, "ssd", THEN)
    assert (found.id if found else None) == rule


@pytest.mark.parametrize("role", [Role.AUTHORITY_SYSTEM, Role.CASEWORKER, Role.COORDINATOR, Role.PARTNER])
def test_in_no_role_is_the_employment_authority_let_in(role: Role) -> None:
    assert kept_out_by(the_danish_policy(), "employment", (role,), "ssd", THEN) is not None


def test_the_employment_authority_is_kept_out_of_the_one_plan_by_nothing() -> None:
    assert kept_out_by(the_danish_policy(), "employment", AUTHORITY, "one-plan", THEN) is None


def test_a_prohibition_of_everything_keeps_out_whom_it_names_for_its_purpose_and_in_its_time() -> None:
    assert by_rule("employment", SHUT) == "SHUT"
    assert by_rule("social", SHUT) is None
    assert by_rule("employment", SHUT, purpose="one-plan") is None
    dated = replace(SHUT, valid=Period(None, THEN))
    assert by_rule("employment", dated) is None
    assert by_rule("employment", dated, at=THEN - timedelta(seconds=1)) == "SHUT"


def test_who_is_let_in_as_something_is_not_kept_out() -> None:
    assert by_rule("employment", replace(SHUT, roles=frozenset({Role.CASEWORKER}))) is None
    assert by_rule("employment", replace(SHUT, roles=frozenset(AUTHORITY))) == "SHUT"


def test_what_leaves_something_to_see_keeps_nobody_out() -> None:
    assert by_rule("employment", replace(SHUT, effect=RuleEffect.CONSENT)) is None
    assert by_rule("employment", replace(SHUT, sources=frozenset({"children"}))) is None
    assert by_rule("employment", replace(SHUT, categories=frozenset({"health"}))) is None
    assert by_rule("employment", replace(SHUT, label=Sensitivity.VIP_SAGER)) is None
    assert by_rule("employment", replace(SHUT, conditions=frozenset({Condition.HELD}))) is None


def test_a_prohibition_that_names_every_category_of_the_policy_keeps_out() -> None:
    every = the_danish_policy().categories
    assert by_rule("employment", replace(SHUT, categories=every)) == "SHUT"
    assert by_rule("employment", replace(SHUT, categories=every - {"health"})) is None


def test_a_rule_that_leaves_something_to_see_does_not_hide_one_that_does_not() -> None:
    first = replace(SHUT, id="FIRST", label=Sensitivity.VIP_SAGER)
    assert by_rule("employment", first, SHUT) == "SHUT"
