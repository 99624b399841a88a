"""A parent is told of the own word and its time; whoever may know all, of the whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from hub.consent.ages import Ages
from hub.consent.consent import Capacity, Consent, Effect, Grant
from hub.consent.reader import Reader
from hub.consent.standing import Circumstances, Lack, Representative
from hub.consent.told import as_counted_by, common, own_time, told_to, told_with_lacks
from hub.plan.element import Period
from hub.plan.person import Role
from hub.testing.builders import THEN, a_consent

CHILD, MOTHER, FATHER = UUID(int=1), UUID(int=2), UUID(int=3)
DAY = timedelta(days=1)
MONTH, YEAR = Period(THEN, THEN + 30 * DAY), Period(THEN + DAY, THEN + 365 * DAY)
MOTHERS = Grant(MOTHER, Capacity.CUSTODY, THEN, MONTH)
FATHERS = Grant(FATHER, Capacity.CUSTODY, THEN + DAY, YEAR)
TOGETHER = Period(YEAR.start, MONTH.end)


def said(*grants: Grant, period: Period = TOGETHER, effect: Effect = Effect.PERMIT) -> Consent:
    yes = a_consent(CHILD).to("social").given_by(*grants).build()
    return replace(yes, id=UUID(int=7), period=period, effect=effect)


def citizen(person: UUID | None) -> Reader:
    return Reader("citizen", Role.CITIZEN, person=person)


BOTH = said(MOTHERS, FATHERS)
HOLD_BOTH, MOTHER_HOLDS, FATHER_HOLDS = (
    Circumstances((THEN - 3000 * DAY).date(), tuple(Representative(one) for one in holders))
    for holders in ((MOTHER, FATHER), (MOTHER,), (FATHER,))
)


def counted(person: UUID | None, consent: Consent, at: datetime, known: Circumstances = HOLD_BOTH) -> Consent:
    return as_counted_by(person, consent, known, Ages(), at)


def lacking(person: UUID, consent: Consent, at: datetime, known: Circumstances = HOLD_BOTH) -> frozenset[Lack]:
    told, lacks = told_with_lacks(citizen(person), consent, known, Ages(), at)
    assert told.period == counted(person, consent, at, known).period
    return lacks


def test_each_parent_is_told_of_the_own_word_and_its_time() -> None:
    hers, his = told_to(citizen(MOTHER), BOTH), told_to(citizen(FATHER), BOTH)
    assert (hers.grants, hers.period, hers.given_at) == ((MOTHERS,), MONTH, THEN)
    assert (his.grants, his.period, his.given_at) == ((FATHERS,), YEAR, THEN + DAY)


@pytest.mark.parametrize("reader", [citizen(CHILD), Reader("coordination", Role.COORDINATOR)])
def test_the_person_and_the_coordinator_are_told_of_the_whole(reader: Reader) -> None:
    assert told_to(reader, BOTH) == BOTH
    assert told_to(reader, said(FATHERS), BOTH) == said(FATHERS)


@pytest.mark.parametrize("person", [UUID(int=9), None])
def test_whoever_has_no_word_in_it_is_told_nothing(person: UUID | None) -> None:
    with pytest.raises(ValueError, match="given by somebody"):
        told_to(citizen(person), BOTH)


def test_what_nobody_else_has_said_is_told_as_it_stands() -> None:
    alone = said(MOTHERS, period=Period(THEN, THEN + DAY))
    assert told_to(citizen(MOTHER), alone) == alone
    assert counted(MOTHER, alone, THEN + 99 * DAY) == alone


def test_whoever_has_just_taken_the_own_word_out_is_told_of_that_word() -> None:
    left = replace(said(FATHERS, effect=Effect.DENY), version=2)
    told = told_to(citizen(MOTHER), left, replace(BOTH, effect=Effect.DENY))
    assert (told.version, told.grants, told.period) == (2, (MOTHERS,), MONTH)
    assert told_to(citizen(FATHER), BOTH, said(MOTHERS)).grants == (FATHERS,), "a word that stands is told as it stands"


def test_a_yes_runs_for_a_parent_as_long_as_they_say_it_and_lacks_the_word_whose_time_is_over() -> None:
    end = THEN + 30 * DAY
    assert counted(FATHER, BOTH, end - DAY) == replace(BOTH, period=YEAR)
    assert counted(FATHER, BOTH, end) == said(FATHERS, period=YEAR)
    assert lacking(FATHER, BOTH, end - DAY) == frozenset()
    assert lacking(FATHER, BOTH, end) == {Lack.CUSTODY}
    assert counted(MOTHER, BOTH, end) == replace(BOTH, period=MONTH), "the own word is never left out"
    endless = replace(MOTHERS, period=Period())
    assert counted(FATHER, said(endless, FATHERS), end).grants == (endless, FATHERS)


def test_a_word_whose_time_has_not_begun_is_missing() -> None:
    assert counted(MOTHER, BOTH, THEN) == said(MOTHERS, period=MONTH)
    assert lacking(MOTHER, BOTH, THEN) == {Lack.CUSTODY}
    assert lacking(MOTHER, BOTH, THEN + DAY) == frozenset()
    ahead = replace(MOTHERS, period=Period(THEN + 2 * DAY, MONTH.end))
    assert lacking(MOTHER, said(ahead, FATHERS), THEN) == frozenset(), "it has, once the own word begins"


def test_what_is_over_though_nobodys_word_is_missing_is_told_as_over_and_not_since_when() -> None:
    for at in (THEN + 30 * DAY, THEN + 99 * DAY):
        told = counted(FATHER, BOTH, at, FATHER_HOLDS)
        assert (told.grants, told.period) == ((FATHERS,), Period(YEAR.start, at))
        assert lacking(FATHER, BOTH, at, FATHER_HOLDS) == frozenset()
    ended = THEN + 400 * DAY
    assert counted(FATHER, BOTH, ended, FATHER_HOLDS) == said(FATHERS, period=YEAR), "the own time is over too"


def test_what_opens_by_itself_later_is_told_with_its_beginning() -> None:
    assert counted(MOTHER, BOTH, THEN, MOTHER_HOLDS) == said(MOTHERS, period=TOGETHER)
    assert lacking(MOTHER, BOTH, THEN, MOTHER_HOLDS) == frozenset()


def test_of_a_no_everybodys_word_stands_and_it_is_over_when_it_is() -> None:
    no, end = replace(BOTH, effect=Effect.DENY), THEN + 30 * DAY
    assert counted(FATHER, no, end - DAY) == replace(no, period=YEAR)
    assert counted(FATHER, no, end) == replace(no, period=Period(YEAR.start, end))


@pytest.mark.parametrize("person", [CHILD, UUID(int=9), None])
def test_for_whoever_is_no_parent_with_a_word_in_it_it_counts_as_it_is(person: UUID | None) -> None:
    whole = said(Grant(CHILD, Capacity.SELF, THEN, YEAR), MOTHERS)
    assert counted(person, whole, THEN + 99 * DAY) == whole


def test_the_own_time_of_one_who_has_spoken_twice_is_when_both_run() -> None:
    guardians = Grant(MOTHER, Capacity.GUARDIAN, THEN, YEAR)
    assert own_time(MOTHER, said(MOTHERS, guardians, FATHERS)) == TOGETHER
    assert own_time(UUID(int=9), BOTH) == TOGETHER


def test_a_common_time_of_what_never_runs_together_covers_nothing() -> None:
    assert common(()) == Period()
    assert common((Period(THEN, None), Period(None, THEN + DAY))) == Period(THEN, THEN + DAY)
    assert common((Period(THEN + DAY, None), Period(None, THEN))) == Period(THEN + DAY, THEN + DAY)
