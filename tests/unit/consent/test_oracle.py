"""The decision agrees with a second opinion that was written from the design and not from the code."""

from __future__ import annotations

import pytest
from hypothesis import event, given, settings

from hub.consent.decide import decide
from hub.consent.decision import Decision
from hub.consent.policy import Hidden
from tests.unit.consent.oracle import PARTS, visible_parts
from tests.unit.consent.strategies import Question, askable, questions


def parts_of(decision: Decision) -> frozenset[Hidden | None]:
    return frozenset(PARTS) - decision.hidden if decision.permits else frozenset()


def _compare(question: Question) -> None:
    decision = decide(question.subject, question.reader, question.policy, question.grouped(), question.at)
    expected = visible_parts(question.subject, question.reader, question.policy, question.consents, question.at)
    event(decision.reason)
    assert parts_of(decision) == expected


@given(questions)
@settings(max_examples=3 * settings().max_examples)
def test_any_question_is_decided_as_the_second_opinion_decides_it(question: Question) -> None:
    _compare(question)


@pytest.mark.slow
@given(askable())
@settings(max_examples=3 * settings().max_examples)
def test_a_question_past_the_door_is_decided_as_the_second_opinion_decides_it(question: Question) -> None:
    _compare(question)
