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
from hub.consent.consent import Consent, ConsentStatus
from hub.consent.reader import Reader
from hub.consent.standing import Lack
from hub.errors import Conflict
from hub.fhir.consent_out import consent_resource
from hub.flow.choices import Choice, show_own_words
from hub.flow.choose import AsShown, confirm
from hub.flow.offers import show_offers
from hub.flow.revise import Revised, give, withdraw
from hub.flow.simulate import simulate_choice
from hub.flow.simulated import Simulated, ToGive, ToNarrow
from hub.plan.element import Period
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
    goal,
    has_a_home,
    opens,
    says,
    socials,
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


def writes_down_the_fathers(world: World, plan: UUID, period: Period) -> Revised:
    """Let the coordinator write the father's yes down."""
    yes = replace(dated(a_consent(SOMEBODY).to("social")), period=period)
    return give(plan, yes, COORDINATOR, world.store, **SAID, givers=custody(FATHER))


def cuts(world: World, one: Consent, reader: Reader, end: datetime | None, *categories: str) -> Revised:
    """Let somebody try out a yes that is cut to less, and confirm it."""
    kept = frozenset(categories) or one.scope.categories
    wanted = ToNarrow(one.id, one.version, kept, end, own_word(SOMEBODY, now())[0])
    found = simulate_choice(wanted, reader, world.store, world.authorities, world.settings, **SAID)
    return confirm(wanted, AsShown(found.at, found.mark), reader, world.store, **SAID)


def simulated(world: World, plan: UUID, reader: Reader, until: datetime) -> Simulated:
    """Return what it would do, were the yes said once more."""
    wanted = ToGive(dated(a_consent(SOMEBODY).to("social").until(until)), plan)
    return simulate_choice(wanted, reader, world.store, world.authorities, world.settings, **SAID)


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
    found = simulated(world, plan, reader, until)
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
        found = simulated(world, plan, father, later + DAY)
        assert found.lacking == {Lack.CUSTODY}
        assert found.shifts == ()
    again = agrees(world, plan, FATHER, later, later + DAY)
    assert again.lacking == {Lack.CUSTODY}, "it does not count, and the answer does not say that it does"
    assert agrees(world, plan, MOTHER, later, later + DAY).lacking == frozenset()


def test_a_parent_cuts_the_own_word_and_learns_nothing_of_the_others_by_it(world: World) -> None:
    plan, mother = of_two(world, ALMA), a_parent(world, MOTHER)
    agrees(world, plan, FATHER, AT, AT + 30 * DAY)
    agrees(world, plan, MOTHER, AT, AT + 365 * DAY)

    def again(end: datetime | None, *categories: str) -> Revised:
        return cuts(world, own_yes(world, plan, mother).consent, mother, end, *categories)

    sooner = again(AT + 90 * DAY)
    assert (sooner.told.period.end, sooner.consent.period.end) == (AT + 90 * DAY, AT + 30 * DAY)
    less = again(None, "goals")
    assert (less.told.period.end, less.consent.period.end) == (AT + 90 * DAY, AT + 30 * DAY)
    assert own_yes(world, plan, mother).consent.period.end == AT + 90 * DAY
    assert again(AT + 10 * DAY, "goals").consent.period.end == AT + 10 * DAY


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


def childs_cut(world: World, plan: UUID, end: datetime) -> None:
    """Let the child, who may say no and need not say yes, cut the parents' yes."""
    both = next(one.consent for one in choices(world, plan) if one.consent.scope.recipients)
    cuts(world, both, a_parent(world, ALMA), end)


def test_a_yes_that_is_over_is_told_as_over_where_nobodys_word_is_missing(world: World) -> None:
    told, later = [], AT + 31 * DAY
    for child, days in ((ALMA, 30), (EVA, 10)):
        plan, mother = of_two(world, child), a_parent(world, MOTHER)
        agrees(world, plan, MOTHER, AT, AT + 365 * DAY)
        agrees(world, plan, FATHER, AT, AT + days * DAY)
        assert socials(world, plan) == {goal(child)}
        has_a_home(world, child, MOTHER, version=2)  # the father holds custody no more
        with frozen(later):
            assert socials(world, plan) == set()
            own = own_yes(world, plan, mother)
            assert (own.lacking, own.counts(later), own.consent.period.end) == (frozenset(), False, later)
            told.append(pages(world, plan, mother) + tried(world, plan, mother, later + DAY))
            assert simulated(world, plan, mother, later + DAY).shifts, "said again it opens, as a simulation says"
            with pytest.raises(Conflict):
                cuts(world, own.consent, mother, None, "goals")
        assert revised_answer(agrees(world, plan, MOTHER, later, later + DAY))["applies"]
        with frozen(later):
            assert socials(world, plan) == {goal(child)}
            assert own_yes(world, plan, mother).counts(later)
    assert told[0] == told[1], "and not since when it is over"


def test_a_yes_that_the_child_has_cut_is_told_as_over_once_that_end_has_come(world: World) -> None:
    plan, mother, later = of_two(world, ALMA), a_parent(world, MOTHER), AT + 11 * DAY
    agrees(world, plan, MOTHER, AT, AT + 365 * DAY)
    agrees(world, plan, FATHER, AT, AT + 365 * DAY)
    childs_cut(world, plan, AT + 10 * DAY)
    assert own_yes(world, plan, mother).counts(AT)
    with frozen(later):
        assert socials(world, plan) == set()
        own = own_yes(world, plan, mother)
        assert (own.lacking, own.counts(later)) == (frozenset(), False)
        found = simulated(world, plan, mother, later + DAY)
        assert (found.shifts, simulated_answer(found)["applies"]) == ((), False)
    again = agrees(world, plan, MOTHER, later, later + DAY)
    assert (again.lacking, revised_answer(again)["applies"]) == (frozenset(), False), "the child's end stands"
    assert again.told.period.end == later


def test_before_the_others_time_has_begun_the_others_word_is_missing(world: World) -> None:
    plan, mother, begins = of_two(world, ALMA), a_parent(world, MOTHER), AT + 100 * DAY
    writes_down_the_fathers(world, plan, Period(begins, begins + 365 * DAY))
    found = simulated(world, plan, mother, begins + 50 * DAY)
    assert found.lacking == {Lack.CUSTODY}
    assert found.shifts == ()
    given = agrees(world, plan, MOTHER, AT, begins + 50 * DAY)
    assert given.lacking == {Lack.CUSTODY}
    assert not revised_answer(given)["applies"]
    assert given.told.period.covers(AT), "the own time is told"
    assert own_yes(world, plan, mother).lacking == {Lack.CUSTODY}
    assert socials(world, plan) == set()
    with frozen(begins):
        assert own_yes(world, plan, mother).counts(begins)
        assert socials(world, plan) == {goal(ALMA)}


def test_a_yes_that_opens_by_itself_is_told_with_the_day_on_which_it_does(world: World) -> None:
    plan, mother, begins = of_two(world, ALMA), a_parent(world, MOTHER), AT + 100 * DAY
    has_a_home(world, ALMA, MOTHER, version=2)
    agrees(world, plan, MOTHER, AT, AT + 365 * DAY)
    writes_down_the_fathers(world, plan, Period(begins, begins + 30 * DAY))
    own = own_yes(world, plan, mother)
    assert (own.lacking, own.counts(AT)) == (frozenset(), False)
    assert own.consent.period == Period(begins, AT + 365 * DAY)
    assert simulated(world, plan, mother, AT + DAY).shifts
    with frozen(begins):
        assert own_yes(world, plan, mother).counts(begins)
