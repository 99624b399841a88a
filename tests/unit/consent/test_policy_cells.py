"""How the cells of two policies are told apart: which there are, in what order, and what leaves one open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.consent import policy_diff
from hub.consent.policy import Policy, Rule, RuleEffect
from hub.consent.policy_diff import diff, ground_of, written_diff
from hub.consent.reader import Exchange
from hub.plan.element import Sensitivity
from hub.plan.person import Role
from hub.testing.builders import a_rule

Told = tuple[str, str, str, str | None, str | None, tuple[str, ...]]


def a_policy(*rules: Rule, **facts: Any) -> Policy:
    known = {"purposes": frozenset({"one-plan", "ssd"}), "categories": frozenset({"goals", "health"}), **facts}
    return Policy(1, rules=rules, **known)


def opening(id: str, effect: RuleEffect = RuleEffect.CONSENT, **facts: Any) -> Rule:
    """Return a rule for caseworkers, from and to whomever it is told, of goals unless told otherwise."""
    narrow: dict[str, Any] = {"roles": frozenset({Role.CASEWORKER}), "categories": frozenset({"goals"})}
    return replace(a_rule(id, effect), **{**narrow, **facts})


def from_to(source: str, recipient: str) -> dict[str, Any]:
    return {"sources": frozenset({source}), "recipients": frozenset({recipient})}


def shutting(**facts: Any) -> Rule:
    narrow: dict[str, Any] = {"roles": frozenset({Role.CASEWORKER}), "categories": frozenset({"goals"})}
    return replace(a_rule("P", RuleEffect.PROHIBIT, label=min(Sensitivity)), **{**narrow, **facts})


def cells(before: Policy, after: Policy) -> list[Told]:
    found = diff(before, after).cells
    assert found is not None
    return [(one.source, one.recipient, one.role, one.before, one.after, one.categories) for one in found]


def test_a_rule_for_everybody_opens_one_cell_that_stands_for_everybody() -> None:
    assert cells(a_policy(), a_policy(opening("R", **from_to("*", "*")))) == [
        ("*", "*", "caseworker", None, "consent", ("goals",))
    ]


def test_whoever_a_rule_names_has_a_cell_beside_the_one_for_all_others() -> None:
    named, all_others = opening("R", **from_to("children", "social")), opening("S", **from_to("*", "*"))
    told = cells(a_policy(named), a_policy(all_others))
    assert [one[:2] for one in told] == [("*", "*"), ("*", "social"), ("children", "*")]


def test_cells_come_in_the_order_of_source_recipient_role_and_grounds() -> None:
    everybody = frozenset({Role.CASEWORKER, Role.AUTHORITY_SYSTEM})
    before = a_policy(
        opening("R1", **from_to("youth", "social"), roles=everybody),
        opening(
            "R2", RuleEffect.PERMIT, **from_to("youth", "social"), roles=everybody, categories=frozenset({"health"})
        ),
        opening("R3", **from_to("children", "social")),
        opening("R4", **from_to("children", "employment")),
    )
    after = a_policy(opening("R5", RuleEffect.DUTY, **from_to("youth", "social"), categories=frozenset({"*"})))
    told = cells(before, after)
    assert [one[:5] for one in told] == [
        ("children", "employment", "caseworker", "consent", None),
        ("children", "social", "caseworker", "consent", None),
        ("youth", "social", "authority-system", "consent", None),
        ("youth", "social", "authority-system", "permit", None),
        ("youth", "social", "caseworker", "consent", "duty"),
        ("youth", "social", "caseworker", "permit", "duty"),
    ]
    assert [one[5] for one in told[-2:]] == [("goals",), ("health",)]


def test_what_opens_comes_before_what_had_another_ground() -> None:
    before = a_policy(opening("R1", **from_to("children", "social")))
    after = a_policy(
        opening("R2", RuleEffect.PERMIT, **from_to("children", "social"), categories=frozenset({"goals", "health"}))
    )
    told = cells(before, after)
    assert [one[3:] for one in told] == [(None, "permit", ("health",)), ("consent", "permit", ("goals",))]


def test_where_the_ground_was_the_same_what_closes_comes_before_what_gets_another() -> None:
    before = a_policy(opening("R1", **from_to("children", "social"), categories=frozenset({"goals", "health"})))
    after = a_policy(opening("R2", RuleEffect.PERMIT, **from_to("children", "social")))
    assert [one[3:] for one in cells(before, after)] == [
        ("consent", None, ("health",)),
        ("consent", "permit", ("goals",)),
    ]


def test_categories_that_fare_alike_are_told_together_in_order() -> None:
    three = frozenset({"health", "activities", "goals"})
    before, after = a_policy(categories=three), a_policy(opening("R", categories=three), categories=three)
    (told,) = [one for one in cells(before, after) if one[:2] == ("*", "*")]
    assert told[5] == ("activities", "goals", "health")


def test_a_category_that_only_one_of_them_knows_is_told_of() -> None:
    rule = opening("R", categories=frozenset({"*"}), **from_to("children", "social"))
    known, more = a_policy(categories=frozenset({"goals"})), a_policy(rule, categories=frozenset({"economy"}))
    assert [one[5] for one in cells(known, more)] == [("economy", "goals")]
    assert [one[5] for one in cells(more, known)] == [("economy", "goals")]


@pytest.mark.parametrize(("most", "is_told"), [(8, True), (7, False)])
def test_cells_are_told_up_to_and_with_the_most(monkeypatch: pytest.MonkeyPatch, most: int, is_told: bool) -> None:
    # Two sources, two recipients, two roles and one category: eight cells.
    monkeypatch.setattr(policy_diff, "MOST_CELLS", most)
    rule = opening("R", **from_to("children", "social"), roles=frozenset({Role.CASEWORKER, Role.PARTNER}))
    found = diff(a_policy(categories=frozenset({"goals"})), a_policy(rule, categories=frozenset({"goals"})))
    assert (found.cells is not None) is is_told
    assert written_diff(found)["cells"] == (
        [
            {
                "source": "children",
                "recipient": "social",
                "role": role,
                "before": None,
                "after": "consent",
                "categories": ["goals"],
            }
            for role in ("caseworker", "partner")
        ]
        if is_told
        else None
    )


def test_the_ground_that_asks_the_least_of_the_citizen_is_the_one_that_is_told() -> None:
    rules = [opening(str(effect), effect) for effect in (RuleEffect.CONSENT, RuleEffect.PERMIT, RuleEffect.DUTY)]
    for number, least in ((1, RuleEffect.CONSENT), (2, RuleEffect.PERMIT), (3, RuleEffect.DUTY)):
        assert ground_of(a_policy(*rules[:number]), "children", "social", Role.CASEWORKER, "goals") is least


def test_a_ground_that_is_shut_leaves_the_next_one_that_is_not() -> None:
    duty = opening("D", RuleEffect.DUTY, purposes=frozenset({"ssd"}))
    consent = opening("C", purposes=frozenset({"one-plan"}))
    shut = shutting(purposes=frozenset({"ssd"}))
    policy = a_policy(duty, consent, shut)
    assert ground_of(policy, "children", "social", Role.CASEWORKER, "goals") is RuleEffect.CONSENT


def test_two_prohibitions_shut_together_what_neither_shuts_alone() -> None:
    one_way, other_way = (shutting(directions=frozenset({way})) for way in Exchange)
    rule = opening("R")
    for shut, ground in (([one_way], True), ([other_way], True), ([one_way, other_way], False)):
        found = ground_of(a_policy(rule, *shut), "children", "social", Role.CASEWORKER, "goals")
        assert (found is not None) is ground
    one, other = (shutting(purposes=frozenset({purpose})) for purpose in ("one-plan", "ssd"))
    everything = replace(rule, purposes=frozenset({"*"}))
    for shut, ground in (([one], True), ([other], True), ([one, other], False)):
        found = ground_of(a_policy(everything, *shut), "children", "social", Role.CASEWORKER, "goals")
        assert (found is not None) is ground


def test_a_rule_for_a_purpose_that_the_policy_does_not_know_opens_nothing() -> None:
    rule = opening("R", purposes=frozenset({"research"}))
    assert ground_of(a_policy(rule), "children", "social", Role.CASEWORKER, "goals") is None


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"roles": frozenset({Role.PARTNER})},
        {"sources": frozenset({"youth"})},
        {"recipients": frozenset({"employment"})},
        {"categories": frozenset({"health"})},
    ],
)
def test_a_rule_or_a_prohibition_of_something_else_has_nothing_to_do_with_a_cell(elsewhere: dict[str, Any]) -> None:
    asked = ("children", "social", Role.CASEWORKER, "goals")
    assert ground_of(a_policy(opening("R", **elsewhere)), *asked) is None
    assert ground_of(a_policy(opening("R"), shutting(**elsewhere)), *asked) is RuleEffect.CONSENT
    assert ground_of(a_policy(opening("R"), shutting()), *asked) is None
