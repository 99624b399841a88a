"""A policy that is written out is read as the same policy again, whatever stands in it."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from datetime import datetime, time
from importlib.resources import files

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.consent.ages import Ages, Custodians
from hub.consent.policy import Meetings, Policy, Rule, RuleEffect
from hub.consent.policy_document import parse_policy
from hub.consent.policy_written import read_toml, write_policy, write_toml
from hub.errors import InvalidRequest
from hub.plan.danish_time import LOCAL
from hub.plan.element import Period
from hub.testing.builders import a_rule, the_danish_policy
from tests.unit.consent import strategies

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(
    lambda text: text.strip() and "://" not in text and "www." not in text.lower()  # a citation holds no link
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Draw a policy that a document can say: ids of their own, and times that begin and end at midnight."""
    drawn = draw(strategies.policies)
    rules = {rule.id: rule for rule in drawn.rules}.values()
    own_no, own_yes, of_age = sorted(draw(st.tuples(*[st.integers(0, 30)] * 3)))
    ages = Ages(own_no, own_yes, of_age, draw(st.sampled_from(Custodians)), draw(texts))
    count = st.integers(0, 100)
    meetings = st.builds(Meetings, st.sampled_from(strategies.PURPOSES), count, count, st.integers(1, 72), texts)
    return replace(
        drawn,
        rules=tuple(replace(rule, valid=_at_midnights(rule.valid), da=draw(texts)) for rule in rules),
        ages=draw(st.sampled_from((Ages(), ages))),
        meetings=tuple(draw(st.lists(meetings, max_size=2, unique_by=lambda one: one.purpose))),
    )


def _at_midnights(period: Period) -> Period:
    start, end = _midnight(period.start), _midnight(period.end)
    return Period(start, None if start and end and end <= start else end)


def _midnight(at: datetime | None) -> datetime | None:
    return datetime.combine(at.astimezone(LOCAL).date(), time(), LOCAL) if at else None


@given(policies())
def test_a_policy_written_as_toml_or_json_is_read_as_the_same(policy: Policy) -> None:
    document = write_policy(policy)
    assert parse_policy(read_toml(write_toml(document).encode()), policy.version) == policy
    assert parse_policy(orjson.loads(orjson.dumps(document)), policy.version) == policy


def test_the_policy_that_the_hub_ships_is_written_as_the_same() -> None:
    policy = the_danish_policy()
    again = parse_policy(read_toml(write_toml(write_policy(policy)).encode()), policy.version)
    assert again == policy
    assert write_policy(again) == write_policy(policy)


def test_what_the_shipped_file_leaves_unsaid_is_left_unsaid() -> None:
    shipped = tomllib.loads((files("hub.consent") / "danish_rules.toml").read_text("utf-8"))
    document = write_policy(the_danish_policy())
    assert document.keys() == shipped.keys()
    assert [rule.keys() for rule in document["rule"]] == [rule.keys() for rule in shipped["rule"]]


def test_the_last_day_of_a_rule_is_written_as_its_author_wrote_it() -> None:
    row = write_policy(replace(the_danish_policy(), rules=(a_rule("R1", RuleEffect.CONSENT),)))["rule"][0]
    row |= {"valid_from": "2026-03-01", "valid_to": "2026-10-25"}  # on the last day the clocks go back
    document = {"purposes": ["one-plan"], "categories": ["goals"], "rule": [row]}
    assert write_policy(parse_policy(document, 1))["rule"] == [row]


@pytest.mark.parametrize("field", [field.name for field in fields(Policy)])
def test_every_part_of_a_policy_has_a_place_in_a_document(field: str) -> None:
    names = {"rules": "rule", "meetings": "meeting"}
    assert (names.get(field, field) in write_policy(the_danish_policy())) is (field != "version")


def test_every_field_of_a_rule_can_be_written_and_read() -> None:
    written = write_policy(the_danish_policy())["rule"][0]
    everything = {"without": ["title"], "directions": ["collect"], "informs": True, "conditions": ["held"]}
    row = {**written, **everything, "valid_from": "2026-03-01", "valid_to": "2026-06-30"}
    assert {field.name for field in fields(Rule)} == row.keys() - {"valid_from", "valid_to"} | {"valid"}
    document = {**write_policy(the_danish_policy()), "rule": [row]}
    assert write_policy(parse_policy(document, 1))["rule"] == [row]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"purposes = [", "its end"),
        (b"a = 1\nb = hemmeligt", "line 2, column 5"),
        (b"a = 1\na = 2", "its end"),
        (b"a = '\xff'", "UTF-8"),
        (b"a = " + b"[" * 50_000, "too deep"),
        (b"a = 1\n[a]", "line 2"),
    ],
)
def test_what_is_no_toml_is_refused_with_its_place_and_without_its_words(text: bytes, said: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read_toml(text)
    assert said in caught.value.sentence
    assert "hemmeligt" not in caught.value.diagnostics()
