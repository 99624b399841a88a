"""What differs between two policies: all of it, and nothing else."""

from __future__ import annotations

from dataclasses import MISSING, fields, replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.consent.ages import Ages, Custodians
from hub.consent.consent import by_person
from hub.consent.decide import decide
from hub.consent.decision import Reason
from hub.consent.policy import BreakGlass, Condition, Hidden, Meetings, Policy, Rule, RuleEffect
from hub.consent.policy_diff import MOST_CELLS, PolicyDiff, diff, ground_of
from hub.consent.policy_written import written_fields
from hub.consent.reader import Exchange, Reader
from hub.consent.subject import Subject
from hub.plan.element import Period, Sensitivity
from hub.plan.person import Role
from hub.testing.builders import THEN, a_consent, a_consent_to_one_plan, a_rule, the_danish_policy
from tests.unit.consent import strategies
from tests.unit.consent.strategies import MOMENTS, PERSON, PLAN

#: A value of each field that no rule of ``a_rule`` has.
OTHERWISE: dict[str, Any] = {
    "effect": RuleEffect.PROHIBIT,
    "citation": "Another law",
    "da": "En anden regel.",
    "en": "Another rule.",
    "sources": frozenset({"somewhere"}),
    "recipients": frozenset({"somebody"}),
    "roles": frozenset({Role.PARTNER}),
    "purposes": frozenset({"ssd"}),
    "categories": frozenset({"economy"}),
    "label": Sensitivity.IKKE_FORTROLIGE_DATA,
    "conditions": frozenset({Condition.OWN_PLAN}),
    "without": frozenset({Hidden.TITLE}),
    "valid": Period(THEN, THEN + timedelta(days=30)),
    "directions": frozenset({Exchange.DISCLOSE}),
    "informs": True,
}
SETTINGS: dict[str, Any] = {
    "purposes": frozenset({"one-plan"}),
    "categories": frozenset({"goals"}),
    "ages": Ages(1, 2, 3, Custodians.ONE, "Another law"),
    "meetings": (Meetings("ssd", 2, 2, 2, "Another law"),),
    "break_glass": BreakGlass(frozenset({Role.COORDINATOR}), 5, 50, 5, "Another law"),
}
policies = strategies.policies.map(
    lambda policy: replace(policy, rules=tuple({rule.id: rule for rule in policy.rules}.values()))
)


def a_policy(*rules: Rule, **facts: Any) -> Policy:
    known = {"purposes": frozenset({"one-plan", "ssd"}), "categories": frozenset({"goals", "health"}), **facts}
    return Policy(1, rules=rules, **known)


def about(effect: RuleEffect, source: str, recipient: str, category: str) -> Rule:
    roles = frozenset({Role.CASEWORKER})
    whole = a_rule("R1", effect, sources=frozenset({source}), recipients=frozenset({recipient}), roles=roles)
    return replace(whole, categories=frozenset({category}))


def cells(found: PolicyDiff) -> list[tuple[str, str, str, str | None, str | None, tuple[str, ...]]]:
    assert found.cells is not None
    return [(one.source, one.recipient, one.role, one.before, one.after, one.categories) for one in found.cells]


@pytest.mark.parametrize("name", [field.name for field in fields(Rule) if field.name != "id"])
def test_each_field_of_a_rule_that_changes_is_told_with_what_it_was_and_is(name: str) -> None:
    rule = a_rule("R1", RuleEffect.CONSENT)
    changed = replace(rule, **{name: OTHERWISE[name]})
    found = diff(a_policy(rule), a_policy(changed))
    (change,) = found.rules_changed
    assert change.id == "R1"
    assert {one.field for one in change.fields} <= ({f"{name}_from", f"{name}_to"} if name == "valid" else {name})
    for one in change.fields:
        assert (one.before, one.after) == (written_fields(rule)[one.field], written_fields(changed)[one.field])
        assert one.before != one.after


@pytest.mark.parametrize("name", [field.name for field in fields(Policy) if field.name not in ("version", "rules")])
def test_each_setting_that_changes_is_told(name: str) -> None:
    before = the_danish_policy()
    found = diff(before, replace(before, **{name: SETTINGS[name]}))
    assert found
    assert {one.field.partition(".")[0] for one in found.settings} == {name}
    assert not any((found.rules_added, found.rules_removed, found.rules_changed))


def test_a_list_tells_what_it_has_got_and_lost() -> None:
    before, after = a_policy(), a_policy(categories=frozenset({"goals", "housing"}))
    (change,) = diff(before, after).settings
    assert (change.field, change.added, change.removed) == ("categories", ["housing"], ["health"])


def test_emergency_access_that_is_taken_away_is_told() -> None:
    before = the_danish_policy()
    (*_, change) = diff(before, replace(before, break_glass=None)).settings
    assert change.field.startswith("break_glass")


def test_another_version_number_alone_is_no_difference() -> None:
    assert not diff(the_danish_policy(1), the_danish_policy(2))


def test_another_order_of_the_same_rules_is_told() -> None:
    one, another = a_rule("R1", RuleEffect.CONSENT), a_rule("R2", RuleEffect.CONSENT)
    assert diff(a_policy(one, another), a_policy(another, one)).is_reordered
    assert not diff(a_policy(one, another), a_policy(a_rule("R0", RuleEffect.CONSENT), one, another)).is_reordered


@given(policies, policies)
def test_the_first_policy_with_the_differences_is_the_second(before: Policy, after: Policy) -> None:
    found = diff(before, after)
    rules = {rule.id: written_fields(rule) for rule in before.rules}
    for removed in found.rules_removed:
        del rules[removed.id]
    for changed in found.rules_changed:
        for one in changed.fields:
            assert rules[changed.id][one.field] == one.before
            rules[changed.id][one.field] = one.after
    for added in found.rules_added:
        assert added.id not in rules
        rules[added.id] = written_fields(added)
    assert rules == {rule.id: written_fields(rule) for rule in after.rules}
    assert bool(found) is (replace(before, version=after.version) != after)


@given(policies, policies)
def test_the_other_way_round_is_the_same_seen_from_the_other_side(before: Policy, after: Policy) -> None:
    there, back = diff(before, after), diff(after, before)
    assert (there.rules_added, there.rules_removed) == (back.rules_removed, back.rules_added)
    assert [(one.field, one.before, one.after) for one in there.settings] == [
        (one.field, one.after, one.before) for one in back.settings
    ]
    assert sorted(cells(there), key=str) == sorted(
        ((source, recipient, role, now, was, about) for source, recipient, role, was, now, about in cells(back)),
        key=str,
    )


def test_a_rule_that_is_added_opens_its_cells_and_taken_away_closes_them() -> None:
    rule = about(RuleEffect.CONSENT, "children", "school", "goals")
    opened = [("children", "school", "caseworker", None, "consent", ("goals",))]
    assert cells(diff(a_policy(), a_policy(rule))) == opened
    assert cells(diff(a_policy(rule), a_policy())) == [
        ("children", "school", "caseworker", "consent", None, ("goals",))
    ]


def test_a_ground_that_asks_nobody_any_more_is_told_by_cell() -> None:
    asked = about(RuleEffect.CONSENT, "children", "social", "*")
    found = diff(a_policy(asked), a_policy(replace(asked, effect=RuleEffect.PERMIT)))
    assert cells(found) == [("children", "social", "caseworker", "consent", "permit", ("goals", "health"))]


def test_a_prohibition_closes_what_it_always_covers_whole_and_nothing_else() -> None:
    opening = a_rule("R1", RuleEffect.CONSENT, recipients=frozenset(["social"]), categories=frozenset(["health"]))
    shut = a_rule("R2", RuleEffect.PROHIBIT, recipients=frozenset(["social"]), label=Sensitivity.IKKE_FORTROLIGE_DATA)
    assert ground_of(a_policy(opening, shut), "children", "social", Role.CASEWORKER, "health") is None
    for only_sometimes in (
        replace(shut, label=Sensitivity.VIP_SAGER),
        replace(shut, conditions=frozenset({Condition.HELD})),
        replace(shut, valid=Period(THEN)),
        replace(shut, roles=frozenset({Role.PARTNER})),
        replace(shut, directions=frozenset({Exchange.COLLECT})),
        replace(shut, purposes=frozenset({"ssd"})),
    ):
        ground = ground_of(a_policy(opening, only_sometimes), "children", "social", Role.CASEWORKER, "health")
        assert ground is RuleEffect.CONSENT


def test_health_never_reaches_employment_and_reaches_social_services_by_consent_under_the_shipped_rules() -> None:
    def ground(recipient: str) -> RuleEffect | None:
        return ground_of(the_danish_policy(), "children", recipient, Role.CASEWORKER, "health")

    assert ground("employment") is None
    assert ground("social") is RuleEffect.CONSENT


@given(
    policies,
    st.sampled_from(strategies.AUTHORITIES),
    st.sampled_from(strategies.AUTHORITIES),
    st.sampled_from(Role),
    st.sampled_from(strategies.CATEGORIES),
)
def test_where_a_cell_has_no_ground_nothing_is_shown_even_of_the_least_to_whom_everything_was_agreed_to(
    policy: Policy, source: str, recipient: str, role: Role, category: str
) -> None:
    subject = Subject(PLAN, PERSON, source, category, min(Sensitivity), frozenset({PERSON}))
    yes = a_consent(PERSON).to("*").for_purposes("*").build()
    consents = by_person((yes, a_consent_to_one_plan(PERSON).build()))
    known: dict[str, Any] = {"person": PERSON, "memberships": frozenset({PLAN}), "meetings": frozenset({PLAN})}
    reasons = {
        decide(subject, Reader(recipient, role, purpose, exchange=way, **known), policy, consents, at).reason
        for purpose, way, at in product(policy.purposes, Exchange, MOMENTS)
    }
    if reasons & {Reason.DUTY, Reason.CONSENT, Reason.STATUTE}:
        assert ground_of(policy, source, recipient, role, category)


def test_policies_of_very_many_cells_are_compared_without_them() -> None:
    many = [f"s{number}" for number in range(MOST_CELLS)]
    found = diff(
        a_policy(), a_policy(a_rule("R1", RuleEffect.CONSENT, sources=frozenset(many), recipients=frozenset(["x"])))
    )
    assert found.cells is None
    assert found.rules_added


def test_no_field_of_a_rule_is_left_out_of_these_tests() -> None:
    assert {field.name for field in fields(Rule)} == OTHERWISE.keys() | {"id"}
    optional = {field.name for field in fields(Policy) if field.default is not MISSING}
    assert optional | {"purposes", "categories"} == SETTINGS.keys()
