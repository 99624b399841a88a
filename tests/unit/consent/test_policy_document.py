"""Every fault of a policy is named: where it is, what is wrong and what to do; never the value."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import pytest

from hub.consent.ages import Ages, Custodians
from hub.consent.policy import BreakGlass, Condition, Hidden, Meetings, RuleEffect
from hub.consent.policy_document import parse_policy
from hub.consent.reader import Exchange
from hub.errors import InvalidRequest
from hub.plan.element import Period, Sensitivity
from hub.plan.person import Role

RULE: dict[str, Any] = {
    "id": "R1",
    "effect": "consent",
    "citation": "A law",
    "da": "En regel.",
    "en": "A rule.",
    "sources": ["children"],
    "recipients": ["employment"],
    "roles": ["caseworker"],
    "purposes": ["one-plan"],
    "categories": ["goals"],
    "label": "FORTROLIGE_PERSONOPLYSNINGER",
}
AGES: dict[str, Any] = {"own_no": 12, "own_yes": 15, "of_age": 18, "custodians": "one", "citation": "A law"}
MEETING: dict[str, Any] = {"purpose": "one-plan", "first": 2, "follow_ups": 3, "hours": 24, "citation": "A law"}
GLASS: dict[str, Any] = {
    "roles": ["coordinator"], "minutes": 30, "reason_letters": 25, "approval_hours": 12, "citation": "A law",
}  # fmt: skip
TEXT, NAMES, TABLE = "A text is needed.", "A list of texts is needed.", "A table is needed."
VALUE, UNKNOWN = "A value that this field takes is needed.", "This field takes no such value."
NO_FIELD, NO_NAME = "This table has no such field.", "The policy lists no such name."
DAY = ("A day is needed.", "Write it as year-month-day.")
LINK = ("It holds a link.", "Name the law and its paragraph.")
NO_ORGANISATION = ("No organisation can have this name.", "Use a-z, 0-9 and -, or *.")

Told = tuple[str, str, str]
_T = TypeVar("_T")


def a_document(**parts: Any) -> dict[str, Any]:
    return {"purposes": ["one-plan"], "categories": ["goals"], "rule": [RULE], **parts}


def faults_of(document: Mapping[str, Any]) -> list[Told]:
    with pytest.raises(InvalidRequest) as caught:
        parse_policy(document, 1)
    assert caught.value.sentence == "The policy cannot be used."
    return [(fault.field, fault.sentence, fault.next_step) for fault in caught.value.faults]


def some(*names: _T) -> frozenset[_T]:
    return frozenset(names)


def whole(least: int, most: int) -> str:
    return f"A whole number from {least} to {most} is needed."


def test_a_whole_document_is_read_word_for_word() -> None:
    rule = {
        **RULE,
        "conditions": ["own-plan", "in-meeting"],
        "without": ["text"],
        "valid_from": "2026-01-01",
        "valid_to": date(2026, 12, 31),
        "directions": ["collect"],
        "informs": True,
    }
    policy = parse_policy(a_document(rule=[rule], ages=AGES, meeting=[MEETING], break_glass=GLASS), 7)
    assert (policy.version, policy.purposes, policy.categories) == (7, some("one-plan"), some("goals"))
    assert policy.ages == Ages(12, 15, 18, Custodians.ONE, "A law")
    assert policy.meetings == (Meetings("one-plan", 2, 3, 24, "A law"),)
    assert policy.break_glass == BreakGlass(frozenset(some(Role.COORDINATOR)), 30, 25, 12, "A law")
    (read,) = policy.rules
    assert (read.id, read.effect, read.citation) == ("R1", RuleEffect.CONSENT, "A law")
    assert (read.da, read.en) == ("En regel.", "A rule.")
    assert (read.sources, read.recipients, read.roles) == (some("children"), some("employment"), some(Role.CASEWORKER))
    assert (read.purposes, read.categories) == (some("one-plan"), some("goals"))
    assert read.label is Sensitivity.FORTROLIGE_PERSONOPLYSNINGER
    assert (read.conditions, read.without) == (some(Condition.OWN_PLAN, Condition.IN_MEETING), some(Hidden.TEXT))
    assert read.valid == Period(datetime(2025, 12, 31, 23, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC))
    assert (read.directions, read.informs) == (some(Exchange.COLLECT), True)


def test_what_may_be_left_out_has_its_usual_meaning() -> None:
    policy = parse_policy(a_document(), 1)
    assert (policy.ages, policy.meetings, policy.break_glass) == (Ages(), (), None)
    (rule,) = policy.rules
    assert (rule.conditions, rule.without, rule.valid) == (frozenset(), frozenset(), Period())
    assert (rule.directions, rule.informs) == (frozenset(Exchange), False)
    every = parse_policy(a_document(rule=[{**RULE, "purposes": ["*"], "categories": ["*"]}]), 1).rules[0]
    assert (every.purposes, every.categories) == (some("*"), some("*"))


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"purposes": [], "rule": []}, [("purposes", "The policy names none.", "List at least one.")]),
        ({"categories": [], "rule": []}, [("categories", "The policy names none.", "List at least one.")]),
        ({"purposes": "one-plan", "rule": []}, [
            ("purposes", NAMES, ""), ("purposes", "The policy names none.", "List at least one.")]),
        ({"colour": "red"}, [("colour", "No policy has this field.",
            "Use purposes, categories, rule, ages, meeting, break_glass.")]),
        ({"rule": {"id": "R1"}}, [("rule", "A list of tables is needed.", "Write each under [[rule]].")]),
        ({"rule": [RULE, 7]}, [("rule", "A list of tables is needed.", "Write each under [[rule]].")]),
        ({"rule": [RULE, RULE]}, [("rule.R1", "Two rules have this id.", "Give each rule an id of its own.")]),
        ({"meeting": MEETING}, [("meeting", "A list of tables is needed.", "Write each under [[meeting]].")]),
        ({"ages": [AGES]}, [("ages", TABLE, "Write it under [ages].")]),
        ({"break_glass": "yes"}, [("break_glass", TABLE, "Write it under [break_glass].")]),
        ({"break_glass": False}, [("break_glass", TABLE, "Write it under [break_glass].")]),
    ],
)  # fmt: skip
def test_a_fault_of_the_document_is_named(parts: dict[str, Any], told: list[Told]) -> None:
    assert faults_of(a_document(**parts)) == told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"own_no": -1}, ("ages.own_no", whole(0, 30), "")),
        ({"own_no": 31, "own_yes": 30, "of_age": 30}, ("ages.own_no", whole(0, 30), "")),
        ({"own_no": True}, ("ages.own_no", whole(0, 30), "")),
        ({"own_no": "10"}, ("ages.own_no", whole(0, 30), "")),
        ({"of_age": 31}, ("ages.of_age", whole(0, 30), "")),
        ({"custodians": "both"}, ("ages.custodians", VALUE, "Use one of all, one.")),
        ({"citation": " "}, ("ages.citation", TEXT, "")),
        ({"citation": "https://law.example"}, ("ages.citation", *LINK)),
        ({"ownno": 10}, ("ages.ownno", NO_FIELD, "")),
        ({"own_no": 16}, ("ages", "They do not rise: own_no, own_yes, of_age.", "Correct one of them.")),
        ({"own_yes": 19}, ("ages", "They do not rise: own_no, own_yes, of_age.", "Correct one of them.")),
    ],
)
def test_a_fault_of_the_ages_is_named(change: dict[str, Any], told: Told) -> None:
    assert told in faults_of(a_document(ages={**AGES, **change}))


@pytest.mark.parametrize("missing", sorted(AGES))
def test_ages_are_given_whole(missing: str) -> None:
    ages = {key: value for key, value in AGES.items() if key != missing}
    assert f"ages.{missing}" in [field for field, *_ in faults_of(a_document(ages=ages))]


def test_ages_may_be_alike_and_be_at_their_ends() -> None:
    assert parse_policy(a_document(ages={**AGES, "own_no": 18, "own_yes": 18}), 1).ages.own_no == 18
    ends = parse_policy(a_document(ages={**AGES, "own_no": 0, "own_yes": 0, "of_age": 30}), 1).ages
    assert (ends.own_no, ends.own_yes, ends.of_age) == (0, 0, 30)
    later = parse_policy(a_document(ages={**AGES, "own_no": 30, "own_yes": 30, "of_age": 30}), 1).ages
    assert (later.own_no, later.own_yes, later.of_age) == (30, 30, 30)
    assert parse_policy(a_document(ages={**AGES, "custodians": "all"}), 1).ages.custodians is Custodians.ALL


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"purpose": "tea"}, ("meeting.1.purpose", "The policy lists no such purpose.", "Correct it, or list it.")),
        ({"purpose": ""}, ("meeting.1.purpose", TEXT, "")),
        ({"first": -1}, ("meeting.1.first", whole(0, 100), "")),
        ({"first": 101}, ("meeting.1.first", whole(0, 100), "")),
        ({"follow_ups": 101}, ("meeting.1.follow_ups", whole(0, 100), "")),
        ({"follow_ups": -1}, ("meeting.1.follow_ups", whole(0, 100), "")),
        ({"hours": 0}, ("meeting.1.hours", whole(1, 72), "")),
        ({"hours": 73}, ("meeting.1.hours", whole(1, 72), "")),
        ({"hours": 1.5}, ("meeting.1.hours", whole(1, 72), "")),
        ({"citation": None}, ("meeting.1.citation", TEXT, "")),
        ({"citation": "http://law.example"}, ("meeting.1.citation", *LINK)),
        ({"place": "here"}, ("meeting.1.place", "A meeting has no such field.", "")),
    ],
)
def test_a_fault_of_a_meeting_is_named(change: dict[str, Any], told: Told) -> None:
    assert faults_of(a_document(meeting=[{**MEETING, **change}])) == [told]


@pytest.mark.parametrize("missing", sorted(MEETING))
def test_a_meeting_is_given_whole(missing: str) -> None:
    meeting = {key: value for key, value in MEETING.items() if key != missing}
    assert [field for field, *_ in faults_of(a_document(meeting=[meeting]))] == [f"meeting.1.{missing}"]


def test_meetings_are_numbered_and_each_purpose_is_counted_once() -> None:
    two = [MEETING, {**MEETING, "hours": 0}]
    assert faults_of(a_document(meeting=two)) == [
        ("meeting.2.hours", whole(1, 72), ""),
        ("meeting.one-plan", "Two rows count meetings for this purpose.", ""),
    ]
    ends = parse_policy(a_document(meeting=[{**MEETING, "first": 0, "follow_ups": 100, "hours": 72}]), 1).meetings[0]
    assert (ends.first, ends.follow_ups, ends.hours) == (0, 100, 72)
    shortest = parse_policy(a_document(meeting=[{**MEETING, "first": 100, "follow_ups": 0, "hours": 1}]), 1)
    assert (shortest.meetings[0].first, shortest.meetings[0].follow_ups, shortest.meetings[0].hours) == (100, 0, 1)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"roles": ["citizen"]}, ("break_glass.roles[0]", UNKNOWN, "Use coordinator, caseworker.")),
        ({"roles": ["coordinator", "partner"]}, ("break_glass.roles[1]", UNKNOWN, "Use coordinator, caseworker.")),
        ({"roles": "coordinator"}, ("break_glass.roles", NAMES, "")),
        ({"minutes": 0}, ("break_glass.minutes", whole(1, 60), "")),
        ({"minutes": 61}, ("break_glass.minutes", whole(1, 60), "")),
        ({"reason_letters": 19}, ("break_glass.reason_letters", whole(20, 1000), "")),
        ({"reason_letters": 1001}, ("break_glass.reason_letters", whole(20, 1000), "")),
        ({"approval_hours": -1}, ("break_glass.approval_hours", whole(0, 24), "")),
        ({"approval_hours": 25}, ("break_glass.approval_hours", whole(0, 24), "")),
        ({"citation": ""}, ("break_glass.citation", TEXT, "")),
        ({"citation": "http://law.example"}, ("break_glass.citation", *LINK)),
        ({"hours": 1}, ("break_glass.hours", NO_FIELD, "")),
    ],
)
def test_a_fault_of_the_break_glass_is_named(change: dict[str, Any], told: Told) -> None:
    assert faults_of(a_document(break_glass={**GLASS, **change})) == [told]


@pytest.mark.parametrize("missing", sorted(GLASS))
def test_break_glass_is_given_whole(missing: str) -> None:
    glass = {key: value for key, value in GLASS.items() if key != missing}
    assert [field for field, *_ in faults_of(a_document(break_glass=glass))] == [f"break_glass.{missing}"]


def test_break_glass_may_be_at_its_ends() -> None:
    least = {**GLASS, "roles": ["caseworker"], "minutes": 1, "reason_letters": 20, "approval_hours": 0}
    most = {**GLASS, "minutes": 60, "reason_letters": 1000, "approval_hours": 24}
    for glass in (least, most):
        read = parse_policy(a_document(break_glass=glass), 1).break_glass
        assert read is not None
        assert (read.minutes, read.reason_letters, read.approval_hours) == tuple(
            glass[key] for key in ("minutes", "reason_letters", "approval_hours")
        )
        assert [role.value for role in read.roles] == glass["roles"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"effect": "allow"}, ("rule.R1.effect", VALUE, "Use one of prohibit, duty, permit, consent.")),
        ({"label": "SECRET"}, ("rule.R1.label", VALUE, "Use one of IKKE_FORTROLIGE_DATA, FORTROLIGE_PERSONOPLYSNINGER,"
            " FOELSOMME_PERSONOPLYSNINGER, VIP_SAGER.")),
        ({"citation": "  "}, ("rule.R1.citation", TEXT, "")),
        ({"citation": "Barnets lov § 110, HTTPS://law.example/1"}, ("rule.R1.citation", *LINK)),
        ({"citation": "Barnets lov (www.law.example)"}, ("rule.R1.citation", *LINK)),
        ({"sources": ["children", "Social Services"]}, ("rule.R1.sources[1]", *NO_ORGANISATION)),
        ({"sources": [""]}, ("rule.R1.sources[0]", *NO_ORGANISATION)),
        ({"recipients": ["Employment"]}, ("rule.R1.recipients[0]", *NO_ORGANISATION)),
        ({"recipients": ["-x"]}, ("rule.R1.recipients[0]", *NO_ORGANISATION)),
        ({"recipients": ["a" * 64]}, ("rule.R1.recipients[0]", *NO_ORGANISATION)),
        ({"da": 7}, ("rule.R1.da", TEXT, "")),
        ({"en": None}, ("rule.R1.en", TEXT, "")),
        ({"sources": "children"}, ("rule.R1.sources", NAMES, "")),
        ({"recipients": [1]}, ("rule.R1.recipients", NAMES, "")),
        ({"roles": ["king"]}, ("rule.R1.roles[0]", UNKNOWN,
            f"Use {', '.join(Role)}.")),
        ({"purposes": ["one-paln"]}, ("rule.R1.purposes[0]", NO_NAME, "Correct it, or add it to the list.")),
        ({"categories": ["goals", "gaols"]}, ("rule.R1.categories[1]", NO_NAME, "Correct it, or add it to the list.")),
        ({"conditions": ["full-moon"]}, ("rule.R1.conditions[0]", UNKNOWN,
            "Use own-plan, no-third-party, protected-address, held, in-meeting.")),
        ({"without": ["title", "body"]}, ("rule.R1.without[1]", UNKNOWN, "Use title, text, codes, details.")),
        ({"directions": ["sideways"]}, ("rule.R1.directions[0]", UNKNOWN, "Use disclose, collect.")),
        ({"directions": "collect"}, ("rule.R1.directions", NAMES, "")),
        ({"informs": "yes"}, ("rule.R1.informs", "true or false is needed.", "")),
        ({"informs": 1}, ("rule.R1.informs", "true or false is needed.", "")),
        ({"valid_from": "yesterday"}, ("rule.R1.valid_from", *DAY)),
        ({"valid_to": 2026}, ("rule.R1.valid_to", *DAY)),
        ({"valid_to": "9999-12-31"}, ("rule.R1.valid_to", *DAY)),
        ({"colour": "red"}, ("rule.R1.colour", "No rule has this field.", "")),
        ({"valid": "2026"}, ("rule.R1.valid", "No rule has this field.", "")),
        ({"valid_from": "2026-02-01", "valid_to": "2026-01-31"},
            ("rule.R1.valid_to", "The last day lies before the first.", "")),
        ({"effect": "prohibit", "conditions": ["no-third-party"]},
            ("rule.R1.conditions", "It would lift the prohibition where an element names one more.", "")),
        ({"conditions": ["held"]},
            ("rule.R1.conditions", "A hold takes away; it shows nothing.", "Use it in a prohibition.")),
    ],
)  # fmt: skip
def test_a_fault_of_a_rule_is_named(change: dict[str, Any], told: Told) -> None:
    assert faults_of(a_document(rule=[{**RULE, **change}])) == [told]


@pytest.mark.parametrize("missing", sorted(RULE))
def test_a_rule_is_given_whole(missing: str) -> None:
    rule = {key: value for key, value in RULE.items() if key != missing}
    place = "1" if missing == "id" else "R1"
    assert [field for field, *_ in faults_of(a_document(rule=[rule]))] == [f"rule.{place}.{missing}"]


@pytest.mark.parametrize("id", ["", 7])
def test_a_rule_without_a_name_is_named_by_its_place(id: object) -> None:
    assert faults_of(a_document(rule=[RULE, {**RULE, "id": id}])) == [("rule.2.id", TEXT, "")]


def test_a_prohibition_may_be_of_a_hold_and_a_permission_of_no_third_party() -> None:
    held = {**RULE, "effect": "prohibit", "conditions": ["held"]}
    alone = {**RULE, "id": "R2", "conditions": ["no-third-party"]}
    assert [rule.conditions for rule in parse_policy(a_document(rule=[held, alone]), 1).rules] == [
        some(Condition.HELD),
        some(Condition.NO_THIRD_PARTY),
    ]


def test_the_rules_of_a_policy_with_a_fault_elsewhere_are_named_in_their_order() -> None:
    told = faults_of({"rule": [{**RULE, "effect": 1}, {**RULE, "id": "R2", "label": 2}], "ages": 1, "meeting": 1})
    assert [field for field, *_ in told] == [
        "purposes", "categories", "purposes", "categories",
        "rule.R1.effect", "rule.R1.purposes[0]", "rule.R1.categories[0]",
        "rule.R2.label", "rule.R2.purposes[0]", "rule.R2.categories[0]",
        "ages", "meeting",
    ]  # fmt: skip


def test_a_day_may_be_written_as_toml_has_it() -> None:
    text = tomllib.loads("valid_from = 2026-07-01\nvalid_to = 2026-07-01")
    (rule,) = parse_policy(a_document(rule=[{**RULE, **text}]), 1).rules
    assert rule.valid == Period(datetime(2026, 6, 30, 22, tzinfo=UTC), datetime(2026, 7, 1, 22, tzinfo=UTC))
    (last,) = parse_policy(a_document(rule=[{**RULE, "valid_to": "9999-12-30"}]), 1).rules
    assert not last.valid.covers(datetime(9999, 12, 31, tzinfo=UTC))
    assert last.valid.covers(datetime(9999, 12, 30, tzinfo=UTC))
