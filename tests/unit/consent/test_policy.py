"""The policy that the hub ships can be used, and a broken one says all that is wrong with it at once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from hub.consent.policy import RuleEffect
from hub.consent.policy_document import parse_policy
from hub.errors import InvalidRequest
from hub.plan.person import Role
from hub.testing.builders import the_danish_policy

ROW: dict[str, Any] = {
    "id": "R1",
    "effect": "consent",
    "citation": "A law",
    "da": "En regel.",
    "en": "A rule.",
    "sources": ["*"],
    "recipients": ["employment"],
    "roles": ["caseworker"],
    "purposes": ["one-plan"],
    "categories": ["goals"],
    "label": "FORTROLIGE_PERSONOPLYSNINGER",
}


def a_document(*rows: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return {"purposes": ["one-plan"], "categories": ["goals"], "rule": list(rows), **facts}


def faults_of(document: dict[str, Any]) -> set[str]:
    with pytest.raises(InvalidRequest) as caught:
        parse_policy(document, 1)
    assert all(fault.sentence for fault in caught.value.faults)
    return {fault.field for fault in caught.value.faults}


def test_the_policy_that_the_hub_ships_can_be_used() -> None:
    policy = the_danish_policy(version=3)
    assert policy.version == 3
    assert len(policy.rules) == len({rule.id for rule in policy.rules}) > 0


@pytest.mark.parametrize("rule", the_danish_policy().rules, ids=lambda rule: rule.id)
def test_every_rule_that_the_hub_ships_cites_its_source(rule: Any) -> None:
    assert any(law in rule.citation for law in ("§", "art.", "Barnets lov"))
    assert "http" not in rule.citation


def test_the_first_letters_of_a_rules_id_tell_its_effect() -> None:
    first = {
        RuleEffect.PROHIBIT: "LAW-P-",
        RuleEffect.DUTY: "LAW-D-",
        RuleEffect.PERMIT: "LAW-O-",
        RuleEffect.CONSENT: "CON-",
    }
    assert all(rule.id.startswith(first[rule.effect]) for rule in the_danish_policy().rules)


def test_only_prohibitions_and_the_right_of_access_speak_of_the_citizen_as_reader() -> None:
    spoken_of = {rule.id for rule in the_danish_policy().rules if Role.CITIZEN in rule.roles}
    assert spoken_of == {"LAW-P-HOLD", "LAW-P-CPR28", "LAW-D-GDPR15"}


@pytest.mark.parametrize("field", sorted(ROW))
def test_a_rule_that_misses_a_field_is_named(field: str) -> None:
    row = {key: value for key, value in ROW.items() if key != field}
    assert faults_of(a_document(row)) == {f"rule.{ROW['id'] if field != 'id' else 1}.{field}"}


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("effect", "allow", "effect"),
        ("effect", ["consent"], "effect"),
        ("label", "SECRET", "label"),
        ("label", 2, "label"),
        ("citation", "  ", "citation"),
        ("da", 7, "da"),
        ("roles", ["caseworker", "king"], "roles[1]"),
        ("roles", "caseworker", "roles"),
        ("roles", [["caseworker"]], "roles"),
        ("sources", "children", "sources"),
        ("recipients", [1], "recipients"),
        ("purposes", ["one-paln"], "purposes[0]"),
        ("categories", ["goals", "gaols"], "categories[1]"),
        ("conditions", "own-plan", "conditions"),
        ("conditions", ["full-moon"], "conditions[0]"),
        ("without", ["body"], "without[0]"),
        ("valid_from", "yesterday", "valid_from"),
        ("valid_to", 2026, "valid_to"),
        ("colour", "red", "colour"),
    ],
)
def test_a_field_with_a_wrong_value_is_named_and_the_value_is_not_repeated(field: str, value: Any, named: str) -> None:
    document = a_document({**ROW, field: value})
    assert faults_of(document) == {f"rule.R1.{named}"}
    with pytest.raises(InvalidRequest) as caught:
        parse_policy(document, 1)
    if isinstance(value, str) and field != "conditions":
        assert value.strip() not in caught.value.diagnostics().split() or not value.strip()


def test_all_faults_of_all_rules_are_named_at_once() -> None:
    broken = a_document(
        {**ROW, "effect": "allow", "label": "SECRET", "roles": ["king"]},
        {key: value for key, value in ROW.items() if key not in {"id", "citation"}} | {"colour": "red"},
        {**ROW, "id": "R3", "valid_from": "2026-02-01", "valid_to": "2026-01-01"},
        {**ROW, "id": "R3"},
        purposes=[],
        rules=[],
    )
    assert faults_of(broken) == {
        "rules",
        "purposes",
        "rule.R1.effect", "rule.R1.label", "rule.R1.roles[0]", "rule.R1.purposes[0]",
        "rule.2.id", "rule.2.citation", "rule.2.colour", "rule.2.purposes[0]",
        "rule.R3.valid_to", "rule.R3.purposes[0]",
        "rule.R3",
    }  # fmt: skip


@pytest.mark.parametrize("rows", [{"id": "R1"}, ["R1"], "R1", 1])
def test_rules_that_are_no_list_of_tables_are_refused(rows: Any) -> None:
    assert faults_of(a_document(rule=rows)) == {"rule"}


def test_purposes_written_as_one_text_are_refused_and_not_read_letter_by_letter() -> None:
    assert "purposes" in faults_of(a_document(ROW, purposes="one-plan"))


def test_a_prohibition_that_one_person_more_would_lift_is_refused() -> None:
    row = {**ROW, "effect": "prohibit", "conditions": ["no-third-party"]}
    assert faults_of(a_document(row)) == {"rule.R1.conditions"}


def test_a_policy_of_no_rules_can_be_used_and_permits_nothing() -> None:
    assert parse_policy(a_document(), 1).rules == ()


def test_the_last_day_of_a_rule_counts_whole_in_danish_time() -> None:
    row = {**ROW, "valid_from": "2026-03-01", "valid_to": date(2026, 6, 30)}
    (rule,) = parse_policy(a_document(row), 1).rules
    assert rule.valid.start == datetime(2026, 2, 28, 23, tzinfo=UTC)
    assert rule.valid.end == datetime(2026, 6, 30, 22, tzinfo=UTC)


def test_a_rule_may_hold_for_one_day() -> None:
    (rule,) = parse_policy(a_document({**ROW, "valid_from": "2026-03-01", "valid_to": "2026-03-01"}), 1).rules
    assert rule.valid.covers(datetime(2026, 3, 1, 12, tzinfo=UTC))
