"""The cases cite the law and the specifications they come from, and leave no source of the shipped policy untouched."""

from __future__ import annotations

import re

import pytest

from hub.consent.decision import Reason
from tests.unit.consent.test_cases_of_law import CASES as MORE_DECISIONS
from tests.unit.consent.test_cases_of_law import TURNS
from tests.unit.consent.test_decisions import CASES as DECISIONS
from tests.unit.consent.test_decisions import DANISH, Case
from tests.unit.consent.test_standing import AGES, Word
from tests.unit.consent.test_standing import CASES as WORDS

ALL: tuple[Case | Word, ...] = (*DECISIONS, *MORE_DECISIONS, *WORDS)
#: What a case may come from: a paragraph, an article, a national field, or a specification of FHIR or IHE.
LAW = re.compile(r"§|\bart\. |Sags- og Dokumentindeks|SSD-samarbejdet|FHIR R4|IHE PCF")


def test_every_case_names_its_source() -> None:
    assert not [case.name for case in ALL if not case.source.strip()]


def test_more_than_forty_cases_cite_a_rule_of_law_or_a_specification() -> None:
    cited = [case.source for case in ALL if LAW.search(case.source)]
    assert len(cited) >= 40
    assert len(set(cited)) >= 25  # and not one rule over and over


def test_every_rule_of_the_shipped_policy_is_spoken_of_by_a_case() -> None:
    spoken = {
        rule for case in (*DECISIONS, *MORE_DECISIONS) if case.policy is DANISH for rule in case.decide().rule_ids
    }
    assert {rule.id for rule in DANISH.rules} - spoken == set()


def test_every_citation_of_the_shipped_policy_is_touched_by_a_case() -> None:
    decided = [(case, case.decide()) for case in (*DECISIONS, *MORE_DECISIONS) if case.policy is DANISH]
    touched = {rule.citation for rule in DANISH.rules if any(rule.id in found.rule_ids for _, found in decided)}
    if any(found.reason is Reason.EMERGENCY for _, found in decided) and DANISH.break_glass:
        touched.add(DANISH.break_glass.citation)
    if any(word.ages is AGES for word in WORDS):
        touched.add(DANISH.ages.citation)
    touched |= {meetings.citation for meetings in DANISH.meetings if meetings.purpose in {turn[0] for turn in TURNS}}
    cited = [rule.citation for rule in DANISH.rules] + [meetings.citation for meetings in DANISH.meetings]
    cited += [DANISH.ages.citation, DANISH.break_glass.citation if DANISH.break_glass else ""]
    assert set(cited) - touched == set()


@pytest.mark.parametrize("law", ["Barnets lov § 3", "§ 110 stk. 3", "§ 18 stk. 3", "LAB § 40 stk. 3",
    "erviceloven § 141 stk. 7", "Forvaltningsloven § 28", "Forvaltningsloven § 29", "etssikkerhedsloven § 11 a",
    "art. 5 stk. 1 litra c", "art. 6 stk. 1 litra d", "art. 7 stk. 3", "art. 9 stk. 2 litra a", "art. 15",
    "CPR-loven § 28", "SSD-samarbejdet", "IHE PCF", "Consent.provision.provision", "dataPeriod", "securityLabel",
    "Foelsomhed"])  # fmt: skip
def test_each_law_that_the_hub_rests_on_has_a_case(law: str) -> None:
    assert any(law in case.source for case in ALL)
