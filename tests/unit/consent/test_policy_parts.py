"""Small parts of a policy, and of what differs between two, that the broad tests pass over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hub.consent import policy_diff
from hub.consent.meeting import kept_out_by
from hub.consent.policy import Policy, RuleEffect
from hub.consent.policy_diff import FieldChange, diff, ground_of, written_diff
from hub.consent.policy_written import read_toml, written_fields
from hub.errors import InvalidRequest
from hub.plan.person import Role
from hub.testing.builders import THEN, a_rule, the_danish_policy

DANISH = the_danish_policy()
NOBODY: frozenset[str] = frozenset()


def a_policy(*rules: Any, categories: frozenset[str] = frozenset({"goals", "health"})) -> Policy:
    return Policy(1, frozenset({"one-plan", "ssd"}), categories, rules)


def to(recipient: str, effect: RuleEffect, category: str = "goals", **facts: Any) -> Any:
    whole = {"recipients": frozenset({recipient}), "categories": frozenset({category}), "sources": frozenset({"a"})}
    return a_rule(f"{recipient}-{effect}", effect, **{**whole, "roles": frozenset({Role.CASEWORKER}), **facts})


def test_for_what_nobody_meets_there_are_no_meetings() -> None:
    assert DANISH.meetings_for("one-plan") is None
    assert a_policy().meetings_for("ssd") is None


def test_glass_is_broken_by_whom_the_policy_names_and_where_it_has_any() -> None:
    opens = {role for role in Role if DANISH.opens_in_emergency_to(role)}
    assert opens == {Role.COORDINATOR, Role.CASEWORKER}
    assert not any(replace(DANISH, break_glass=None).opens_in_emergency_to(role) for role in Role)


def test_who_asks_as_nothing_is_kept_out_by_nothing() -> None:
    assert kept_out_by(a_policy(a_rule("P", RuleEffect.PROHIBIT)), "employment", (), "ssd", THEN) is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"a = '\xff'", "The TOML is not in UTF-8."),
        (b"a = " + b"[" * 50_000, "The TOML is nested too deep."),
        (b"purposes = [", "The TOML is not valid; reading stopped at its end."),
        (b"a = 1\nb = x", "The TOML is not valid; reading stopped at line 2, column 5."),
    ],
)
def test_what_is_no_toml_is_refused_in_these_words(text: bytes, sentence: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_toml(text)
    assert caught.value.sentence == sentence


# --- what differs


def test_policies_differ_when_rules_or_their_order_or_settings_do() -> None:
    one, two = a_rule("R1", RuleEffect.CONSENT), a_rule("R2", RuleEffect.CONSENT)
    changed = replace(one, citation="Another law")
    assert not diff(a_policy(one, two), a_policy(one, two))
    assert diff(a_policy(one), a_policy(one, two))
    assert diff(a_policy(one, two), a_policy(one))
    assert diff(a_policy(one, two), a_policy(changed, two))
    assert diff(a_policy(one, two), a_policy(two, one))
    assert diff(a_policy(one), a_policy(one, categories=frozenset({"goals"})))
    assert bool(diff(a_policy(one), a_policy(changed))) is True


def test_what_differs_is_written_in_the_words_of_a_document() -> None:
    gone, came = to("school", RuleEffect.CONSENT), to("social", RuleEffect.PERMIT)
    kept = a_rule("K", RuleEffect.DUTY, roles=frozenset({Role.CITIZEN}))
    before, after = (
        a_policy(gone, kept),
        a_policy(came, replace(kept, citation="Another law"), categories=frozenset({"goals"})),
    )
    told = written_diff(diff(before, after))
    assert told == {
        "rules_added": [written_fields(came)],
        "rules_removed": [written_fields(gone)],
        "rules_changed": [
            {
                "id": "K",
                "fields": [
                    {"field": "citation", "before": "Law of K", "after": "Another law", "added": (), "removed": ()}
                ],
            }
        ],
        "settings": [
            {
                "field": "categories",
                "before": ["goals", "health"],
                "after": ["goals"],
                "added": [],
                "removed": ["health"],
            }
        ],
        "is_reordered": False,
        "cells": told["cells"],
    }
    assert {
        "source": "a",
        "recipient": "school",
        "role": "caseworker",
        "before": "consent",
        "after": None,
        "categories": ["goals"],
    } in told["cells"]


def test_a_list_that_was_none_has_got_and_lost_nothing() -> None:
    assert FieldChange("f", None, ["a"]).added == ()
    assert FieldChange("f", ["a"], None).removed == ()
    assert FieldChange("f", ["a", "b"], ["b", "c"]).added == ["c"]


def test_what_is_no_rule_is_told_field_by_field_and_rules_are_not_told_twice() -> None:
    changed = replace(DANISH, rules=(), ages=replace(DANISH.ages, own_no=12), version=2)
    (change,) = diff(DANISH, changed).settings
    assert (change.field, change.before, change.after) == ("ages.own_no", 10, 12)


def test_cells_are_told_of_categories_that_only_one_of_them_has() -> None:
    before = a_policy(to("social", RuleEffect.CONSENT, "housing"), categories=frozenset({"housing", "goals"}))
    (cell,) = diff(before, a_policy()).cells or ()
    assert (cell.recipient, cell.categories) == ("social", ("housing",))


def test_cells_are_told_in_the_order_of_who_gets_what_from_nothing_to_something() -> None:
    both = frozenset({"goals", "health"})
    before = a_policy(
        to("social", RuleEffect.CONSENT, "goals"),
        to("social", RuleEffect.PERMIT, "health"),
        categories=both | {"economy", "cases"},
    )
    after = a_policy(
        to("social", RuleEffect.DUTY, "goals"),
        to("social", RuleEffect.CONSENT, "economy"),
        to("social", RuleEffect.PERMIT, "cases"),
        categories=both | {"economy", "cases"},
    )
    cells = diff(before, after).cells or ()
    assert [(one.before, one.after, one.categories) for one in cells] == [
        (None, "consent", ("economy",)),
        (None, "permit", ("cases",)),
        ("consent", "duty", ("goals",)),
        ("permit", None, ("health",)),
    ]
    assert [(one.before, one.after) for one in diff(after, before).cells or ()] == [
        (None, "permit"),
        ("consent", None),
        ("duty", "consent"),
        ("permit", None),
    ]


@pytest.mark.parametrize(("limit", "told"), [(16, True), (15, False)])
def test_policies_are_compared_cell_by_cell_up_to_a_limit(
    limit: int, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two sources, two recipients, two roles and two categories: with ``*``, sixteen cells."""
    monkeypatch.setattr(policy_diff, "MOST_CELLS", limit)
    rule = to("social", RuleEffect.CONSENT, roles=frozenset({Role.CASEWORKER, Role.PARTNER}))
    assert (diff(a_policy(rule), a_policy()).cells is not None) is told


def test_a_prohibition_shuts_the_purposes_that_it_names() -> None:
    opening = to("social", RuleEffect.CONSENT, purposes=frozenset({"ssd"}))
    shut = to("social", RuleEffect.PROHIBIT, purposes=frozenset({"ssd"}))
    elsewhere = replace(shut, purposes=frozenset({"one-plan"}))

    def ground(*rules: Any) -> RuleEffect | None:
        return ground_of(a_policy(*rules), "a", "social", Role.CASEWORKER, "goals")

    assert ground(opening) is RuleEffect.CONSENT
    assert ground(opening, shut) is None
    assert ground(opening, elsewhere) is RuleEffect.CONSENT
    assert ground(opening, replace(shut, purposes=frozenset({"*"}))) is None
    assert ground(replace(opening, purposes=NOBODY)) is None
