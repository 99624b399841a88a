"""Every decision has one plain sentence in Danish and in English, and no sentence names anyone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given

from hub.consent import explain
from hub.consent.decide import decide
from hub.consent.decision import Reason, Sentence
from hub.consent.policy import RuleEffect
from hub.testing.builders import a_consent, a_rule, the_danish_policy
from tests.unit.consent.strategies import Question, askable, questions

WITHHELD = [
    Reason.UNKNOWN_PURPOSE, Reason.NOT_A_MEMBER, Reason.NO_ONE_PLAN, Reason.DENIED, Reason.WITHDRAWN, Reason.EXPIRED,
    Reason.NO_CONSENT, Reason.NO_GROUND, Reason.NOT_LABELLED, Reason.NOT_APPLICABLE, Reason.RESTRICTED,
]  # fmt: skip
RULE = a_rule("R", RuleEffect.PERMIT, da="Reglen siger det.", en="The rule says so.")
YES = a_consent(UUID(int=2)).build()
SAID = {
    Reason.OWN: explain.OWN,
    Reason.EMERGENCY: explain.EMERGENCY,
    Reason.DUTY: explain.by_law(RULE),
    Reason.STATUTE: explain.by_law(RULE),
    Reason.PROHIBITED: explain.prohibited(RULE),
    Reason.CONSENT: explain.by_consent([YES], until=None),
    **{reason: explain.withheld(reason) for reason in WITHHELD},
}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_sentence_in_both_languages(reason: Reason) -> None:
    sentence = SAID[reason]
    for text in (sentence.da, sentence.en):
        assert re.fullmatch(r"[A-ZÆØÅ].+\.", text)
    assert sentence.da != sentence.en


def test_no_two_reasons_for_withholding_share_a_sentence() -> None:
    assert len({SAID[reason] for reason in WITHHELD}) == len(WITHHELD)


@given(questions | askable())
def test_whatever_is_decided_its_sentence_names_no_person_and_no_number(question: Question) -> None:
    sentence = decide(question.subject, question.reader, question.policy, question.grouped(), question.at).sentence
    for text in (sentence.da, sentence.en):
        assert text.endswith(".")
        assert not re.search(r"\d{6}-?\d{4}", text)
        for person in question.subject.concerned:
            assert str(person) not in text


def test_the_sentences_of_the_danish_rules_are_plain_and_without_paragraphs() -> None:
    for rule in the_danish_policy().rules:
        for text in (rule.da, rule.en):
            assert re.fullmatch(r"[A-ZÆØÅ][^§()\d]+\.", text), rule.id


def test_a_reader_of_another_language_gets_danish() -> None:
    sentence = Sentence("dansk", "English")
    assert [sentence.in_language(code) for code in ("da", "en", "de", "")] == ["dansk", "English", "dansk", "dansk"]


@pytest.mark.parametrize(
    ("instant", "da", "en"),
    [
        (datetime(2026, 1, 31, 23, 0, tzinfo=UTC), "1. februar 2026 kl. 00.00", "1 February 2026 at 00:00"),
        # Summer time begins: 01.59 is followed by 03.00.
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "29. marts 2026 kl. 01.59", "29 March 2026 at 01:59"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "29. marts 2026 kl. 03.00", "29 March 2026 at 03:00"),
        # Summer time ends: the hour from 02.00 comes twice.
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "25. oktober 2026 kl. 02.30", "25 October 2026 at 02:30"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "25. oktober 2026 kl. 02.30", "25 October 2026 at 02:30"),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "1. januar 2027 kl. 00.00", "1 January 2027 at 00:00"),
        (datetime(2026, 6, 30, 22, 0, tzinfo=UTC), "1. juli 2026 kl. 00.00", "1 July 2026 at 00:00"),
    ],
)
def test_times_are_told_in_danish_local_time(instant: datetime, da: str, en: str) -> None:
    sentence = explain.by_consent([YES], until=instant)
    assert sentence.da.endswith(f"Det gælder til {da}.")
    assert sentence.en.endswith(f"It applies until {en}.")


def test_a_yes_without_an_end_speaks_of_none() -> None:
    assert explain.by_consent([YES], until=None) == Sentence(
        "Du kan se det, fordi borgeren har sagt ja den 1. januar 2026 kl. 09.00.",
        "You can see it because the citizen agreed on 1 January 2026 at 09:00.",
    )


def test_a_prohibition_says_what_the_law_says() -> None:
    assert explain.prohibited(RULE) == Sentence("Ikke delt: reglen siger det.", "Not shared: the rule says so.")


def test_a_view_says_whether_something_may_be_missing() -> None:
    assert explain.completeness(may_be_partial=True) == Sentence(
        "Du kan muligvis ikke se alle oplysninger i planen.", "You may not be able to see everything in this plan."
    )
    assert explain.completeness(may_be_partial=False) == Sentence(
        "Du kan se alle slags oplysninger i planen.", "You can see every kind of information in this plan."
    )


def test_a_law_that_shows_something_is_told_in_its_own_words() -> None:
    assert explain.by_law(RULE) == Sentence("Du kan se det. Reglen siger det.", "You can see it. The rule says so.")
