"""Two parents say the same for a child, and neither is told when, or until when, the other has."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from hub.api.choice_answers import simulated_answer
from hub.api.consent_answers import revised_answer
from hub.clock import now
from hub.consent.consent import ConsentStatus
from hub.consent.reader import Reader
from hub.consent.standing import Lack
from hub.fhir.consent_out import consent_resource
from hub.flow.choices import Choice, show_own_words
from hub.flow.choose import AsShown, confirm
from hub.flow.offers import show_offers
from hub.flow.revise import Revised, give, withdraw
from hub.flow.simulate import simulate_choice
from hub.flow.simulated import ToGive, ToNarrow
from hub.testing.builders import a_consent, own_word
from hub.testing.clock import frozen
from hub.ui.choice_form import Answered
from hub.ui.consent_cards import consents_page
from hub.ui.consent_check import check_page
from hub.ui.consent_receipt import receipt_page
from tests.integration.flow.test_who_speaks import (
    ALMA,
    AT,
    FATHER,
    MOTHER,
    a_parent,
    by_the_clock,
    choices,
    custody,
    dated,
    has_a_home,
    opens,
    says,
)
from tests.integration.world import COORDINATOR, SOMEBODY, World

pytestmark = pytest.mark.integration
__all__ = ["by_the_clock"]
#: Alma's twin in all but the number.
EVA = "0505159991"
DAY = timedelta(days=1)
SAID: dict[str, Any] = {"actor": "test", "correlation_id": "c"}
#: When somebody has spoken, and until when: the two of a pair are to look the same to the other parent.
PAIR = ((AT, AT + 30 * DAY), (AT + timedelta(hours=5), AT + 700 * DAY))


def of_two(world: World, child: str) -> UUID:
    """Return the plan of a child of whom both hold custody."""
    plan = opens(world, child, *custody(MOTHER, FATHER)).plan
    has_a_home(world, child, MOTHER, FATHER)
    return plan


def agrees(world: World, plan: UUID, cpr: str, at: datetime, until: datetime) -> Revised:
    """Let a parent say yes to social, until some day, with their own voice."""
    with frozen(at):
        return says(world, plan, reader=a_parent(world, cpr), until=until)


def own_words(world: World, plan: UUID, reader: Reader) -> list[Choice]:
    return list(show_own_words(plan, reader, world.store, **SAID))


def own_yes(world: World, plan: UUID, reader: Reader) -> Choice:
    return next(one for one in own_words(world, plan, reader) if one.consent.scope.recipients)


def pages(world: World, plan: UUID, reader: Reader) -> list[str]:
    """Return the cards and the receipt that a parent reads, but for the ids of plan and consent."""
    offers = show_offers(plan, reader, world.store, world.authorities, "coordination", **SAID)
    found = own_words(world, plan, reader)
    cards = consents_page(offers, None, found, (), "en")
    told = [str(asdict(cards)), *(str(asdict(receipt_page(offers, one, (), "en"))) for one in found)]
    for id in (plan, *(one.consent.id for one in found)):
        told = [page.replace(str(id), "") for page in told]
    return sorted(told)


def tried(world: World, plan: UUID, reader: Reader, until: datetime) -> list[str]:
    """Return what a parent reads of a yes before it is said: on the page that checks, and over the API."""
    wanted = ToGive(dated(a_consent(SOMEBODY).to("social").until(until)), plan)
    found = simulate_choice(wanted, reader, world.store, world.authorities, world.settings, **SAID)
    offers = show_offers(plan, reader, world.store, world.authorities, "coordination", **SAID)
    page = replace(check_page(offers, Answered("give", "social"), found, None, None, "en"), plan="", fields=())
    answer = {**simulated_answer(found), "plan": "", "consent": ""}
    told = [str(asdict(page)), orjson.dumps(answer).decode()]
    return [one.replace(str(found.consent.id if found.consent else ""), "") for one in told]


def answered(revised: Revised) -> list[str]:
    """Return what a parent is answered over REST and FHIR, but for the ids of plan and consent."""
    told = [orjson.dumps(one).decode() for one in (revised_answer(revised), consent_resource(revised.told))]
    ids = (revised.plan, revised.consent.id, revised.consent.person)
    for id in (*ids, *([revised.revocation] if revised.revocation else [])):
        told = [one.replace(str(id), "") for one in told]
    return told


def test_the_pages_of_one_parent_do_not_tell_when_and_until_when_the_other_has_said_the_same(world: World) -> None:
    told = []
    for child, (at, until) in zip((ALMA, EVA), PAIR, strict=True):
        plan = of_two(world, child)
        mother = a_parent(world, MOTHER)
        agrees(world, plan, MOTHER, AT, AT + 365 * DAY)
        agrees(world, plan, FATHER, at + 2 * DAY, until)
        with frozen(AT + 3 * DAY):
            told.append(pages(world, plan, mother))
            own = own_yes(world, plan, mother)
        assert (own.consent.given_at, own.consent.period.end) == (AT, AT + 365 * DAY)
        assert own.lacking == frozenset(), "that the other has agreed is told, by what is not missing"
    assert told[0] == told[1]


def test_what_one_parent_is_answered_does_not_tell_when_and_until_when_the_other_has_said_the_same(
    world: World,
) -> None:
    before, after = [], []
    for child, (at, until) in zip((ALMA, EVA), PAIR, strict=True):
        plan = of_two(world, child)
        agrees(world, plan, MOTHER, at, until)
        with frozen(AT + DAY):
            before.append(tried(world, plan, a_parent(world, FATHER), AT + 365 * DAY))
        given = agrees(world, plan, FATHER, AT + 2 * DAY, AT + 365 * DAY)
        assert (given.told.given_at, given.told.period.end) == (AT + 2 * DAY, AT + 365 * DAY)
        after.append(answered(given))
        with frozen(AT + 3 * DAY):
            after[-1] += answered(withdraw(given.consent.id, a_parent(world, FATHER), world.store, **SAID))
            after[-1] += answered(withdraw(given.consent.id, a_parent(world, FATHER), world.store, **SAID))
    assert before[0] == before[1]
    assert after[0] == after[1]


def test_the_coordinator_goes_on_seeing_how_long_the_words_hold_together(world: World) -> None:
    plan = of_two(world, ALMA)
    agrees(world, plan, MOTHER, AT, AT + 30 * DAY)
    given = agrees(world, plan, FATHER, AT + 2 * DAY, AT + 365 * DAY)
    assert given.consent.period.end == AT + 30 * DAY, "what is decided by is what both have said"
    with frozen(AT + 3 * DAY):
        (seen,) = (one for one in choices(world, plan) if one.consent.id == given.consent.id)
    assert (seen.consent.given_at, seen.consent.period.end) == (AT + 2 * DAY, AT + 30 * DAY)
    assert len(seen.consent.grants) == 2


def test_once_the_others_time_is_over_the_others_word_is_missing_again(world: World) -> None:
    plan = of_two(world, ALMA)
    agrees(world, plan, MOTHER, AT, AT + 30 * DAY)
    agrees(world, plan, FATHER, AT, AT + 365 * DAY)
    later, father = AT + 31 * DAY, a_parent(world, FATHER)
    with frozen(later):
        own = own_yes(world, plan, father)
        assert own.consent.is_in_force(now())
        assert own.lacking == {Lack.CUSTODY}
        wanted = ToGive(dated(a_consent(SOMEBODY).to("social").until(later + DAY)), plan)
        found = simulate_choice(wanted, father, world.store, world.authorities, world.settings, **SAID)
        assert found.lacking == {Lack.CUSTODY}
        assert found.shifts == ()
    again = agrees(world, plan, FATHER, later, later + DAY)
    assert again.lacking == {Lack.CUSTODY}, "it does not count, and the answer does not say that it does"
    assert agrees(world, plan, MOTHER, later, later + DAY).lacking == frozenset()


def test_a_parent_cuts_the_own_word_and_learns_nothing_of_the_others_by_it(world: World) -> None:
    plan, mother = of_two(world, ALMA), a_parent(world, MOTHER)
    agrees(world, plan, FATHER, AT, AT + 30 * DAY)
    agrees(world, plan, MOTHER, AT, AT + 365 * DAY)

    def cuts(end: datetime | None, *categories: str) -> Revised:
        own = own_yes(world, plan, mother).consent
        kept = frozenset(categories) or own.scope.categories
        wanted = ToNarrow(own.id, own.version, kept, end, own_word(SOMEBODY, now())[0])
        found = simulate_choice(wanted, mother, world.store, world.authorities, world.settings, **SAID)
        return confirm(wanted, AsShown(found.at, found.mark), mother, world.store, **SAID)

    sooner = cuts(AT + 90 * DAY)
    assert (sooner.told.period.end, sooner.consent.period.end) == (AT + 90 * DAY, AT + 30 * DAY)
    less = cuts(None, "goals")
    assert (less.told.period.end, less.consent.period.end) == (AT + 90 * DAY, AT + 30 * DAY)
    assert own_yes(world, plan, mother).consent.period.end == AT + 90 * DAY
    assert cuts(AT + 10 * DAY, "goals").consent.period.end == AT + 10 * DAY


def test_of_a_no_that_both_have_said_whoever_takes_the_own_word_back_is_told_of_the_own_alone(world: World) -> None:
    told = []
    for child, (_, until) in zip((ALMA, EVA), PAIR, strict=True):
        plan = of_two(world, child)
        no = dated(a_consent(SOMEBODY).to("social").denying())
        both = give(plan, no, COORDINATOR, world.store, **SAID, givers=custody(MOTHER, FATHER)).consent
        with world.store.begin() as unit:
            mothers, fathers = both.grants
            longer = replace(fathers, period=replace(fathers.period, end=until))
            unit.consents.add(replace(both, version=2, period=longer.period, grants=(mothers, longer)), now())
        back = withdraw(both.id, a_parent(world, MOTHER), world.store, **SAID)
        assert back.consent.status is ConsentStatus.ACTIVE
        assert [one.by for one in back.told.grants] == [a_parent(world, MOTHER).person]
        told.append(answered(back))
    assert told[0] == told[1]
