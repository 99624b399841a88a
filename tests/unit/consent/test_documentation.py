"""The table that a municipality's lawyer reads is the policy that the hub ships."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.consent.decision import Reason
from hub.consent.policy import Condition, Rule, RuleEffect
from hub.consent.reader import Exchange
from hub.testing.builders import the_danish_policy

pytestmark = pytest.mark.files

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "consent.md"
HEADING = "| rule | effect | from | to | roles | purpose | categories | label | only if | source | verified |"


def row(rule: Rule) -> str:
    """Spell a rule out as a row of the table."""
    bound = "from" if rule.effect is RuleEffect.PROHIBIT else "up to"
    cells = (
        f"`{rule.id}`",
        rule.effect.value + (", the citizen is told" if rule.informs else ""),
        listed(rule.sources),
        listed(rule.recipients),
        listed(rule.roles),
        listed(rule.purposes),
        listed(rule.categories) + (f"; without {listed(rule.without)}" if rule.without else ""),
        f"{bound} {rule.label.name}",
        ", ".join(only) if (only := only_if(rule)) else "–",
        rule.citation,
        "no" if "not verified" in rule.citation else "yes",
    )
    return "| " + " | ".join(cells) + " |"


def only_if(rule: Rule) -> list[str]:
    ways = rule.directions if rule.directions != frozenset(Exchange) else frozenset[Exchange]()
    return [*map(str, sorted(rule.conditions)), *map(str, sorted(ways))]


def listed(names: frozenset[str]) -> str:
    return "all" if "*" in names else ", ".join(sorted(names))


def test_the_table_of_rules_is_the_policy_that_the_hub_ships() -> None:
    lines = PAGE.read_text("utf-8").splitlines()
    start = lines.index(HEADING) + 2
    written = [line for line in lines[start : start + len(the_danish_policy().rules) + 1] if line.startswith("|")]
    assert written == [row(rule) for rule in the_danish_policy().rules]


def test_every_reason_and_condition_is_explained_on_the_page() -> None:
    text = PAGE.read_text("utf-8")
    missing = [value for value in (*Reason, *Condition) if f"`{value}`" not in text]
    assert not missing


def test_every_rule_that_the_page_speaks_of_exists() -> None:
    spoken_of = set(re.findall(r"`((?:LAW|CON)-[A-Z0-9-]+)`", PAGE.read_text("utf-8")))
    assert spoken_of == {rule.id for rule in the_danish_policy().rules}
