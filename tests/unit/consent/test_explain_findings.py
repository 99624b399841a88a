"""Every finding has its sentence, in both languages, and none of them names anybody."""

from __future__ import annotations

from datetime import date, timedelta
from typing import get_args
from uuid import UUID

import pytest

from hub.consent.explain_findings import finding, finding_to_citizen, rule_of
from hub.plan.deadlines import RULES, FollowUpDue
from hub.plan.findings import KINDS, AskedTwice, BusyDay, Finding, OppositeDemands, OverlappingDemands

BOTH = (UUID(int=1), UUID(int=2))
DAY = date(2026, 12, 7)
SENTENCES: list[tuple[Finding, str, str]] = [
    (
        OverlappingDemands(BOTH, is_at_once=True),
        "To myndigheder beder om borgerens tid på samme tid.",
        "Two authorities ask for the citizen's time at once.",
    ),
    (
        OverlappingDemands(BOTH, is_at_once=False),
        "To aftaler hos to myndigheder ligger så tæt, at borgeren næppe når fra den ene til den anden.",
        "Two authorities' appointments are so close that the citizen can hardly get from one to the other.",
    ),
    (
        BusyDay(BOTH, DAY),
        "Flere myndigheder beder borgeren om at møde op samme dag, den 7. december 2026.",
        "Several authorities ask the citizen to come on the same day, 7 December 2026.",
    ),
    (
        OppositeDemands(BOTH, 52),
        "Myndighederne beder tilsammen om 52 timer om ugen. En fuld uge er 37 timer.",
        "Together the authorities ask for 52 hours a week. A full week is 37 hours.",
    ),
    (
        OppositeDemands(BOTH, None),
        "En myndighed beder om fuld tid, mens en anden giver behandling. Begge dele kan næppe lade sig gøre.",
        "One authority asks for full time while another gives treatment. Both can hardly be done.",
    ),
    (
        AskedTwice(BOTH),
        "To myndigheder vurderer det samme inden for et halvt år. Spørg, om den ene kan bruge den andens.",
        "Two authorities assess the same within half a year. Ask whether one can use the other's.",
    ),
    (
        FollowUpDue((BOTH[0],), DAY, RULES[0], is_over=False),
        "Indsatsen skal følges op senest den 7. december 2026 (Barnets lov § 95). Du kan ikke se en aftale om det.",
        "The measure must be followed up by 7 December 2026 at the latest (Barnets lov § 95). "
        "You can see no appointment for it.",
    ),
    (
        FollowUpDue((BOTH[0],), DAY, RULES[0], is_over=True),
        "Indsatsen skulle følges op senest den 7. december 2026 (Barnets lov § 95). Du kan ikke se en opfølgning.",
        "The measure had to be followed up by 7 December 2026 at the latest (Barnets lov § 95). "
        "You can see no follow-up.",
    ),
]


@pytest.mark.parametrize(("found", "da", "en"), SENTENCES)
def test_a_finding_is_told_in_one_sentence(found: Finding, da: str, en: str) -> None:
    assert (finding(found).da, finding(found).en) == (da, en)


@pytest.mark.parametrize("found", [found for found, _, _ in SENTENCES], ids=str)
def test_the_rule_behind_it_is_told_in_plain_words_and_the_citizen_is_spoken_to(found: Finding) -> None:
    rule, told = rule_of(found, timedelta(minutes=45)), finding_to_citizen(found)
    for said in (rule.da, rule.en, told.da, told.en):
        assert said.endswith(".")
        assert len(said.split(". ")) <= 2, "short sentences"
    assert "borgeren" not in told.da
    assert "the citizen" not in told.en
    assert ("45" in rule.da) is isinstance(found, OverlappingDemands)


def test_each_kind_of_finding_has_a_sentence_and_a_name() -> None:
    assert {type(found) for found, _, _ in SENTENCES} == set(get_args(Finding)) == KINDS.keys()
