"""What is written at the hub stands beside what authorities send, and is nobody else's to change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from hub.plan.canonical import canonical
from hub.plan.element import Kind, Period, Sensitivity, Status
from hub.plan.merge import merge
from hub.plan.own import CITIZEN, OwnWords, ended, is_own, reworded, with_own, written
from hub.testing.builders import THEN, a_contribution, a_plan

PLAN, SOURCE, MESSAGE = UUID(int=1), UUID(int=2), UUID(int=3)
LATER = THEN + timedelta(days=1)
WORDS = OwnWords(Kind.GOAL, "Ro om aftenen", until=LATER)


def test_an_authoritys_snapshot_leaves_what_its_coordinator_wrote() -> None:
    joint = written(PLAN, "children", SOURCE, WORDS, THEN)
    plan = with_own(a_plan().build(), joint)
    sent = a_contribution("children").snapshot().with_draft("g1", title="Svømning").build()
    merged = merge(plan, sent, {}, LATER)
    assert merged.elements[joint.id] == joint
    assert len(merged.elements) == 2
    assert [is_own(one) for one in merged.elements.values()].count(True) == 1


def test_the_same_source_in_another_plan_or_of_another_author_is_another_element() -> None:
    ids = {written(plan, who, SOURCE, WORDS, THEN).id for plan in (PLAN, SOURCE) for who in (CITIZEN, "coordination")}
    assert len(ids) == 4


def test_each_version_is_the_next_and_keeps_since_when_it_is_and_of_what_kind() -> None:
    first = written(PLAN, CITIZEN, SOURCE, WORDS, THEN)
    second = reworded(first, replace(WORDS, title="Ro hele dagen", until=None, is_sensitive=True), LATER, MESSAGE)
    last = ended(second, Status.COMPLETED, LATER, MESSAGE)
    assert [one.order.version for one in (first, second, last)] == [1, 2, 3]
    assert first.order < second.order < last.order
    assert (second.valid, second.label) == (Period(THEN, None), Sensitivity.FOELSOMME_PERSONOPLYSNINGER)
    assert (last.kind, last.id, last.title, last.status) == (Kind.GOAL, first.id, "Ro hele dagen", Status.COMPLETED)
    assert len({canonical(one) for one in (first, second, last)}) == 3, "whoever holds one is told of the next"


def test_no_words_are_in_a_repr() -> None:
    element = written(PLAN, CITIZEN, SOURCE, replace(WORDS, text="Lars er syg"), THEN)
    assert "Ro om aftenen" not in repr(WORDS) + repr(element)
    assert "Lars" not in repr(element)
