"""The page of a plan as a function of a view: what is told, in which order, and how old it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hub.consent.consent import by_person
from hub.consent.policy import Hidden, Policy, RuleEffect
from hub.consent.view import view_for
from hub.flow.show import Shown
from hub.plan.element import Detail, Kind, Period, Sensitivity, Status
from hub.plan.identifier import cpr_identifier
from hub.plan.own import OwnWords
from hub.plan.person import Person, Role
from hub.plan.plan import PlanStatus
from hub.plan.task import Asked, TaskState
from hub.testing.builders import (
    TEST_CPR,
    PlanBuilder,
    a_consent_to_one_plan,
    a_plan,
    a_policy,
    a_reader,
    a_rule,
    the_danish_policy,
)
from hub.ui.plan_page import PlanPage, plan_page

PERSON = UUID(int=1)
NOON = datetime(2026, 11, 23, 11, tzinfo=UTC)  # 12 o'clock in Denmark
TRAVEL = timedelta(minutes=30)


def page_of(
    plan: PlanBuilder,
    policy: Policy | None = None,
    language: str = "da",
    at: datetime = NOON,
    silent: Mapping[str, datetime] | None = None,
) -> PlanPage:
    built = plan.build()
    reader = a_reader("coordination", built, role=Role.COORDINATOR, language=language)
    consents = by_person([a_consent_to_one_plan(PERSON).build()])
    view = view_for(built, reader, policy or the_danish_policy(), consents, at)
    person = Person(PERSON, (cpr_identifier(TEST_CPR, "hub"),), "Test Testesen")
    return plan_page(Shown(view, person, PlanStatus.ACTIVE, at, silent=silent or {}), TRAVEL, language)


def hiding(*parts: Hidden) -> Policy:
    """Everything is shown, without some of its parts."""
    return a_policy(a_rule("HIDING", RuleEffect.PERMIT, without=parts))


def at_hour(hour: float) -> datetime:
    return NOON + timedelta(days=1, hours=hour - 12)


def test_a_task_is_a_card_that_says_who_is_to_do_it_and_where_it_stands() -> None:
    asked = Asked("children", TaskState.IN_PROGRESS, "Hun er hjemme")
    known = {Detail.IDENTIFIERS: '[["urn:x:y","7",""]]', Detail.ASKED_AT: NOON.isoformat()}
    words = OwnWords(Kind.ACTIVITY, "Find en mentor", details={**asked.details, **known})
    page = page_of(a_plan(PERSON).with_written("coordination", words))
    ((step,),) = page.activities
    assert dict(step.card.facts) == {
        "Skal gøres af": "Børn og familie",
        "Hvor det står": "i gang",
        "Hvorfor": "Hun er hjemme",
    }


def test_two_authorities_that_ask_for_the_same_hour_are_pointed_out() -> None:
    plan = (
        a_plan(PERSON)
        .with_appointment("social", "Møde", at_hour(9), at_hour(10), status=Status.PLANNED)
        .with_appointment("children", "Samtale", at_hour(9.5), at_hour(10.5), status=Status.PLANNED)
    )
    (found,) = page_of(plan).findings
    assert found.sentence == "To myndigheder beder om borgerens tid på samme tid."
    assert [(card.title, card.authority) for card in found.cards] == [
        ("Møde", "Socialområdet"),
        ("Samtale", "Børn og familie"),
    ]


def test_appointments_ahead_come_by_their_time_and_the_others_latest_first() -> None:
    plan = (
        a_plan(PERSON)
        .with_appointment("social", "Sidst", at_hour(14), at_hour(15))
        .with_appointment("social", "Uden tid")
        .with_appointment("social", "Først", at_hour(8), at_hour(9))
        .with_appointment("social", "Aflyst", at_hour(10), at_hour(11), status=Status.CANCELLED)
        .with_appointment("social", "I gang nu", NOON - timedelta(hours=1), NOON + timedelta(hours=1))
        .with_appointment("social", "Forbi", NOON - timedelta(days=2), NOON - timedelta(days=2, hours=-1))
    )
    page = page_of(plan)
    assert [entry.card.title for entry in page.ahead] == ["I gang nu", "Først", "Sidst", "Uden tid"]
    assert [entry.card.title for entry in page.past] == ["Aflyst", "Forbi"]


def test_an_appointment_says_weekday_date_and_hours_and_one_of_all_day_no_hours() -> None:
    plan = a_plan(PERSON).with_appointment("social", "Møde", at_hour(9), at_hour(10))
    assert page_of(plan).ahead[0].card.when == "tirsdag den 24. november 2026 kl. 09.00–10.00"
    assert page_of(plan, language="en").ahead[0].card.when == "Tuesday 24 November 2026, 09:00–10:00"
    midnight = datetime(2026, 11, 23, 23, tzinfo=UTC)
    all_day = {"details": {"all-day": "yes"}}
    plan = a_plan(PERSON).with_appointment("social", "Frist", midnight, midnight + timedelta(days=1), **all_day)
    assert page_of(plan).ahead[0].card.when == "tirsdag den 24. november 2026"
    assert page_of(a_plan(PERSON).with_appointment("social")).ahead[0].card.when == "Tidspunkt ikke oplyst"
    long = a_plan(PERSON).with_appointment("social", "Lejr", at_hour(9), at_hour(33))
    assert page_of(long).ahead[0].card.when == (
        "tirsdag den 24. november 2026 kl. 09.00 – onsdag den 25. november 2026 kl. 09.00"
    )


def test_a_source_is_as_old_as_the_newest_that_is_seen_of_it() -> None:
    plan = replace(a_plan(PERSON), registered_at=NOON - timedelta(days=3)).with_goal("children")
    plan = replace(plan, registered_at=NOON - timedelta(hours=2)).with_goal("social")
    # Nobody may see this one, so it makes its source no younger.
    plan = replace(plan, registered_at=NOON).with_element(
        "children", Kind.NOTE, "health", Sensitivity.VIP_SAGER, title="Hemmeligt"
    )
    told = [(source.authority, source.age) for source in page_of(plan).sources]
    assert told == [("Børn og familie", "for 3 dage siden"), ("Socialområdet", "for 2 timer siden")]


def test_a_source_that_cannot_be_asked_says_since_when_and_its_age_stays_that_of_its_data() -> None:
    plan = replace(a_plan(PERSON), registered_at=NOON - timedelta(hours=2)).with_goal("social", "Mål")
    plan = plan.with_goal("children", "Mål")
    page = page_of(plan, silent={"social": NOON - timedelta(minutes=5), "employment": NOON})
    told = {source.authority: (source.age, source.silent) for source in page.sources}
    assert told == {
        "Børn og familie": ("for 2 timer siden", ""),
        "Socialområdet": ("for 2 timer siden", "23. november 2026 kl. 11.55"),
    }


def test_where_a_part_is_left_out_its_age_is_told_nowhere() -> None:
    plan = a_plan(PERSON).with_goal("social", "Mål", text="Hemmeligt")
    page = page_of(plan, hiding(Hidden.TEXT, Hidden.TITLE))
    ((step,),) = page.goals
    assert (step.card.title, step.card.text) == ("Uden titel", "")
    assert "modtaget" not in step.card.source
    assert ("Udeladt for dig", "tekst, titel") in step.card.why.facts
    assert [source.age for source in page.sources] == [None]


def test_facts_of_closed_lists_are_in_the_readers_language_and_others_as_they_were_written() -> None:
    details = {"relation": "mother", "custody": "yes", "place": "yes", "of-their-own": "x", "all-day": "yes"}
    facts: dict[str, Any] = {"title": "Mor", "details": details}
    plan = a_plan(PERSON).with_element("social", Kind.HOUSEHOLD_MEMBER, **facts)
    household = dict(page_of(plan).sections)["household"]
    assert household[0].facts == (
        ("Sted", "yes"),
        ("Forældremyndighed", "ja"),
        ("of-their-own", "x"),
        ("Relation til borgeren", "mor"),
    )


def test_a_period_names_its_last_day() -> None:
    start, end = datetime(2026, 8, 31, 22, tzinfo=UTC), datetime(2026, 12, 31, 23, tzinfo=UTC)

    def said(start: datetime | None, end: datetime | None) -> str:
        return page_of(a_plan(PERSON).with_goal("social", valid=Period(start, end))).goals[0][0].card.when

    assert said(start, end) == "1. september 2026 – 31. december 2026"
    assert said(start, None) == "fra 1. september 2026"
    assert said(None, end) == "til og med 31. december 2026"
    assert said(start, start + timedelta(days=1)) == "1. september 2026"
    assert said(None, None) == ""


def test_a_number_is_shown_by_its_first_six_digits_alone() -> None:
    assert page_of(a_plan(PERSON)).number == f"{TEST_CPR[:6]}-****"


def test_a_meeting_that_two_authorities_tell_of_stands_once_with_both_sources() -> None:
    plan = (
        a_plan(PERSON)
        .with_appointment("social", "Netværksmøde", at_hour(9), at_hour(10), status=Status.PLANNED)
        .with_appointment("children", "Netværksmøde", at_hour(9.5), at_hour(10.5), status=Status.PLANNED)
        .with_appointment("children", "Samtale", at_hour(13), at_hour(14), status=Status.PLANNED)
    )
    page = page_of(plan)
    meeting, alone = page.ahead
    assert (meeting.card.authority, [one.authority for one in meeting.also]) == ("Socialområdet", ["Børn og familie"])
    assert (meeting.differs, alone.differs, alone.also) == (True, False, ())


def test_contacts_are_counted_by_the_week_and_say_at_least_as_a_function_of_permissions() -> None:
    plan = a_plan(PERSON)
    for number in range(4):
        plan = plan.with_appointment("social", f"{number}", at_hour(9 + number), at_hour(9.5 + number))
    first, second = page_of(plan).load[:2]
    assert (first.counted, first.burden, first.width, first.authorities) == (
        "Mindst 4 kontakter",
        "Meget på en uge",
        33,
        "Socialområdet 4",
    )
    assert (second.counted, second.burden, second.width, second.authorities) == ("Ingen, du kan se", "", 0, "")
