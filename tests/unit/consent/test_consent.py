"""What one consent may be, and what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from hub.consent.consent import (
    Consent,
    ConsentKind,
    ConsentStatus,
    Effect,
    Exemption,
    Scope,
    by_person,
    has_one_plan,
    names,
    one_plan_of,
)
from hub.consent.subject import Subject
from hub.plan.element import Period, Sensitivity
from hub.testing.builders import THEN, a_consent, a_consent_to_one_plan, a_reader, own_word

PERSON, OTHER = UUID(int=2), UUID(int=3)
DAY = timedelta(days=1)
YES = a_consent(PERSON).to("*").build()
NO = a_consent(PERSON).to("*").denying().build()
READER = a_reader("social")
SUBJECT = Subject(
    UUID(int=1), PERSON, "children", "goals", Sensitivity.FORTROLIGE_PERSONOPLYSNINGER, frozenset({PERSON})
)
EXEMPT = Exemption(Scope())


def test_a_consent_is_given_by_somebody() -> None:
    with pytest.raises(ValueError, match=r"^A consent is given by somebody\.$"):
        replace(YES, grants=())


@pytest.mark.parametrize("label", [label for label in Sensitivity if label > min(Sensitivity)])
def test_a_no_with_exemptions_is_a_no_from_the_lowest_step_up(label: Sensitivity) -> None:
    raised = replace(NO.scope, label=label)
    with pytest.raises(ValueError, match=r"^A no with exemptions is a no from the lowest step up\.$"):
        replace(NO, scope=raised, exemptions=(EXEMPT,))
    assert replace(NO, scope=raised).exemptions == ()
    assert replace(YES, scope=raised, exemptions=(EXEMPT,)).exemptions == (EXEMPT,)


def test_a_no_with_exemptions_from_the_lowest_step_is_one() -> None:
    assert replace(NO, exemptions=(EXEMPT,)).scope.label is Sensitivity.IKKE_FORTROLIGE_DATA


def test_a_consent_is_given_when_the_last_word_that_it_needed_was() -> None:
    first, last = own_word(PERSON, THEN), own_word(OTHER, THEN + DAY)
    assert replace(YES, grants=(*first, *last)).given_at == THEN + DAY
    assert replace(YES, grants=(*last, *first)).given_at == THEN + DAY


def test_only_an_active_consent_is_in_force_and_only_in_its_time() -> None:
    timed = replace(YES, period=Period(THEN, THEN + DAY))
    in_force = [timed.is_in_force(at) for at in (THEN - DAY, THEN, THEN + DAY)]
    assert in_force == [False, True, False]
    for status in (ConsentStatus.WITHDRAWN, ConsentStatus.NOT_APPLICABLE):
        assert not replace(timed, status=status).is_in_force(THEN)


@pytest.mark.parametrize(
    ("consent", "subject", "reader", "says"),
    [
        (YES, SUBJECT, READER, Effect.PERMIT),
        (NO, SUBJECT, READER, Effect.DENY),
        (YES, replace(SUBJECT, concerned=frozenset({OTHER})), READER, None),
        (replace(YES, kind=ConsentKind.ONE_PLAN), SUBJECT, READER, None),
        (YES, SUBJECT, replace(READER, purpose="ssd"), None),
        (a_consent(PERSON).to("employment").build(), SUBJECT, READER, None),
        (a_consent(PERSON).to("*").from_("social").build(), SUBJECT, READER, None),
        (YES, replace(SUBJECT, category=None), READER, None),
        (NO, replace(SUBJECT, category=None), READER, Effect.DENY),
        (a_consent(PERSON).to("*").for_categories("goals").denying().build(), replace(SUBJECT, category=None), READER,
         None),
        (a_consent(PERSON).to("*").for_categories("").build(), replace(SUBJECT, category=None), READER, None),
    ],
)  # fmt: skip
def test_a_consent_says_yes_or_no_or_nothing(
    consent: Consent, subject: Subject, reader: object, says: Effect | None
) -> None:
    assert consent.says(subject, reader, THEN) is says  # type: ignore[arg-type]


def test_an_exemption_speaks_to_its_own_readers_and_in_its_own_time() -> None:
    lowest = Sensitivity.IKKE_FORTROLIGE_DATA
    to_social = replace(YES.scope, recipients=frozenset({"social"}), label=lowest)
    exempt = replace(YES, exemptions=(Exemption(to_social, Period(THEN, THEN + DAY)),))
    assert exempt.says(SUBJECT, READER, THEN) is Effect.DENY
    assert exempt.says(SUBJECT, READER, THEN + DAY) is Effect.PERMIT
    assert exempt.says(SUBJECT, a_reader("children"), THEN) is Effect.PERMIT


def test_a_consent_changes_at_the_edges_of_its_time_and_of_its_exemptions() -> None:
    exempt = (Exemption(Scope(), Period(THEN + DAY, None)), Exemption(Scope(), Period(None, THEN + 2 * DAY)))
    timed = replace(YES, period=Period(THEN, THEN + 3 * DAY), exemptions=exempt)
    assert list(timed.edges()) == [THEN, THEN + 3 * DAY, THEN + DAY, THEN + 2 * DAY]
    assert list(YES.edges()) == []


@pytest.mark.parametrize(
    ("scope", "apart"),
    [
        (Scope(), False),
        (Scope(elements=frozenset({UUID(int=9)})), True),
        (Scope(data_period=Period(THEN, None)), True),
    ],
)
def test_single_elements_and_times_tell_elements_apart_in_a_consent_and_in_an_exemption(
    scope: Scope, apart: bool
) -> None:
    assert replace(YES, scope=scope).tells_elements_apart() is apart
    assert replace(YES, exemptions=(EXEMPT, Exemption(scope))).tells_elements_apart() is apart


def test_a_list_names_by_name_or_names_all() -> None:
    assert names(frozenset({"social"}), "social")
    assert names(frozenset({"*"}), "social")
    assert not names(frozenset({"children"}), "social")
    assert not names(frozenset(), "social")


def test_consents_are_grouped_by_person_in_their_newest_version_whatever_their_order() -> None:
    low, high = (replace(YES, id=UUID(int=number)) for number in (10, 11))
    newer, others = replace(low, version=2), replace(YES, id=UUID(int=12), person=OTHER)
    for given in ([low, newer, high, others], [others, high, newer, low]):
        assert by_person(given) == {PERSON: [newer, high], OTHER: [others]}
    same = replace(low, about="again")
    assert by_person([low, same]) == {PERSON: [low]}  # of one version there is one text


ONE_PLAN = a_consent_to_one_plan(PERSON).build()


@pytest.mark.parametrize(
    ("given", "counts"),
    [
        ([], False),
        ([ONE_PLAN], True),
        ([YES], False),
        ([a_consent_to_one_plan(PERSON).until(THEN).build()], False),
        ([a_consent_to_one_plan(PERSON).withdrawn().build()], False),
        ([a_consent_to_one_plan(PERSON).denying().build()], False),
        ([ONE_PLAN, a_consent_to_one_plan(PERSON).denying().build()], False),
        ([ONE_PLAN, a_consent_to_one_plan(PERSON).denying().until(THEN).build()], True),
        ([a_consent_to_one_plan(OTHER).build()], False),
    ],
)
def test_a_person_has_one_plan_while_a_yes_to_it_is_in_force_and_no_no(given: list[Consent], counts: bool) -> None:
    assert has_one_plan(PERSON, by_person(given), THEN) is counts


def test_the_consents_that_a_plan_rests_on_are_all_that_say_yes_to_it_now() -> None:
    again, over = a_consent_to_one_plan(PERSON).build(), a_consent_to_one_plan(PERSON).until(THEN).build()
    found = one_plan_of(PERSON, by_person([ONE_PLAN, again, over, YES]), THEN)
    assert {consent.id for consent in found} == {ONE_PLAN.id, again.id}


@pytest.mark.parametrize(
    ("start", "end", "wanted_start", "wanted_end", "lies_in", "may_lie_in"),
    [
        (None, None, None, None, True, True),
        (0, 1, 0, 1, True, True),
        (0, 1, 0, 2, True, True),
        (0, 3, 0, 2, False, True),
        (0, 2, 1, 2, False, True),
        (0, 1, 1, 2, False, False),
        (2, 3, 1, 2, False, False),
        (1, 2, 0, 3, True, True),
        (None, 1, 0, 2, False, True),
        (None, 1, None, 2, True, True),
        (1, None, 0, 2, False, True),
        (1, None, 0, None, True, True),
        (2, None, 0, 2, False, False),
        (None, 0, 0, 2, False, False),
    ],
)
def test_a_yes_covers_what_is_surely_of_its_time_and_a_no_what_may_be(
    start: int | None,
    end: int | None,
    wanted_start: int | None,
    wanted_end: int | None,
    lies_in: bool,
    may_lie_in: bool,
) -> None:
    def period(first: int | None, last: int | None) -> Period:
        return Period(_day(first), _day(last))

    subject = replace(SUBJECT, valid=period(start, end))
    of_the_time = a_consent(PERSON).to("*").of_the_time(period(wanted_start, wanted_end))
    assert of_the_time.build().says(subject, READER, THEN) is (Effect.PERMIT if lies_in else None)
    assert of_the_time.denying().build().says(subject, READER, THEN) is (Effect.DENY if may_lie_in else None)


def _day(number: int | None) -> datetime | None:
    return None if number is None else THEN + number * DAY
