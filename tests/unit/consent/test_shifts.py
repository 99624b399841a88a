"""What a shift tells, case by case: whether it is one, which parts open and close, and which cells move."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.consent.consent import Consent, ConsentStatus
from hub.consent.decision import Reason
from hub.consent.matrix import ANY_OTHER, Asked, Reach, Seat
from hub.consent.policy import Hidden, Policy, Rule, RuleEffect
from hub.consent.reader import Exchange, Reader
from hub.consent.simulate import (
    LINK,
    About,
    Change,
    CircleChanged,
    Facts,
    PartsShift,
    Place,
    Published,
    RulesChanged,
    Said,
    Shift,
    Together,
    simulate,
)
from hub.plan.element import Kind, Sensitivity
from hub.plan.person import Role
from hub.testing.builders import THEN, a_consent, a_consent_to_one_plan, a_plan, a_policy, a_reader, a_rule, an_id

PERSON, PLAN = UUID(int=2), UUID(int=1)
FORTROLIGE, FOELSOMME = Sensitivity.FORTROLIGE_PERSONOPLYSNINGER, Sensitivity.FOELSOMME_PERSONOPLYSNINGER
WHOLE = (
    a_plan(PERSON, PLAN)
    .with_goal("children", source_id="above")
    .with_element("children", Kind.SUB_GOAL, source_id="below", part_of="above")
    .build()
)
ABOVE, BELOW = an_id("children", "above"), an_id("children", "below")
READER = a_reader("social", WHOLE)
SEAT = Seat("social", READER.role, READER.exchange, READER.purpose)
#: Named twice, and in no order: a row names each source once.
ASKED = Asked(PLAN, PERSON, ("youth", "children", "youth"))
NOTHING: Reach = (None, None, frozenset())
ONE_PLAN = a_consent_to_one_plan(PERSON).build()
YES = a_consent(PERSON).to("*").at_label(FORTROLIGE).build()
GOALS = About(BELOW, Kind.SUB_GOAL, "goals", "children", FORTROLIGE)


def facts(*rules: Rule, said: tuple[Consent, ...] = (ONE_PLAN, YES), reader: Reader | None = READER) -> Facts:
    places = {(PLAN, SEAT): Place(WHOLE, reader, ASKED)} if reader else {}
    return Facts(places, a_policy(*rules), said, {})


def goals(id: str = "R", *without: Hidden) -> Rule:
    return a_rule(id, RuleEffect.CONSENT, categories=frozenset({"goals"}), without=frozenset(without))


def shift(before: Facts, change: Change) -> Shift:
    (told,) = simulate(before, change, THEN)
    return told


def only(**told: Any) -> Shift:
    nothing = Shift(PLAN, SEAT, (), (), (), ())
    return replace(nothing, **told)


def test_a_shift_of_nothing_is_none_and_anything_at_all_makes_it_one() -> None:
    whole = shift(facts(), RulesChanged((goals(),)))
    parts = (PartsShift(GOALS, frozenset({LINK}), frozenset()),)
    assert not only()
    for told in ({"gained": (GOALS,)}, {"lost": (GOALS,)}, {"parts": parts}, {"cells": whole.cells[:1]}):
        assert only(**told), told


def test_what_opens_is_gained_in_the_order_of_ids_with_which_element_it_is() -> None:
    told = shift(facts(), RulesChanged((goals(),)))
    assert [one.element for one in told.gained] == sorted([ABOVE, BELOW])
    assert GOALS in told.gained
    assert (told.lost, told.parts) == ((), ())
    assert (told.plan, told.seat) == (PLAN, SEAT)


def test_what_closes_is_lost_in_the_order_of_ids() -> None:
    withdrawn = replace(YES, version=2, status=ConsentStatus.WITHDRAWN)
    told = shift(facts(goals()), Said(withdrawn))
    assert [one.element for one in told.lost] == sorted([ABOVE, BELOW])
    assert (told.gained, told.parts) == ((), ())


@pytest.mark.parametrize("part", Hidden)
def test_a_part_that_a_rule_no_longer_leaves_out_opens_and_one_that_it_now_leaves_out_closes(part: Hidden) -> None:
    kept = next(one for one in Hidden if one is not part)
    opened = shift(facts(goals("R", part, kept)), RulesChanged((goals("R", kept),)))
    closed = shift(facts(goals("R", kept)), RulesChanged((goals("R", part, kept),)))
    for told, opens, closes in ((opened, [part], []), (closed, [], [part])):
        assert [one.about.element for one in told.parts] == sorted([ABOVE, BELOW])
        assert all((sorted(one.opened), sorted(one.closed)) == (opens, closes) for one in told.parts)
        assert (told.gained, told.lost) == ((), ())


def test_one_part_opens_while_another_closes() -> None:
    told = shift(facts(goals("R", Hidden.TITLE)), RulesChanged((goals("R", Hidden.TEXT),)))
    assert {(one.opened, one.closed) for one in told.parts} == {
        (frozenset({Hidden.TITLE}), frozenset({Hidden.TEXT})),
    }


def test_the_link_to_what_is_shown_from_now_on_opens_and_to_what_is_not_any_more_closes() -> None:
    no_to_the_upper = a_consent(PERSON).to("*").for_elements(ABOVE).denying().build()
    withdrawn = replace(no_to_the_upper, version=2, status=ConsentStatus.WITHDRAWN)
    closed = shift(facts(goals()), Said(no_to_the_upper))
    opened = shift(facts(goals(), said=(ONE_PLAN, YES, no_to_the_upper)), Said(withdrawn))
    assert closed.parts == (PartsShift(GOALS, opened=frozenset(), closed=frozenset({LINK})),)
    assert [one.element for one in closed.lost] == [ABOVE]
    assert opened.parts == (PartsShift(GOALS, opened=frozenset({LINK}), closed=frozenset()),)
    assert [one.element for one in opened.gained] == [ABOVE]


def test_what_is_not_linked_anew_has_no_link_that_opens_or_closes() -> None:
    told = shift(facts(goals("R", Hidden.TITLE)), RulesChanged((goals("R"),)))
    assert {one.opened for one in told.parts} == {frozenset({Hidden.TITLE})}


def test_each_cell_that_moves_is_told_by_category_and_source_with_how_far_it_went_and_why() -> None:
    told = shift(facts(), RulesChanged((goals("R", Hidden.TEXT),)))
    assert [(one.category, one.source) for one in told.cells] == [
        ("goals", ANY_OTHER),
        ("goals", "children"),
        ("goals", "youth"),
    ]
    for one in told.cells:
        assert one.before == NOTHING
        assert one.after == (None, FORTROLIGE, frozenset({Hidden.TEXT}))
        assert one.why is not None
        assert one.why.reason is Reason.CONSENT


def test_a_cell_that_closes_tells_why_nothing_is_shown_any_more() -> None:
    told = shift(facts(goals()), RulesChanged(removed=frozenset({"R"})))
    assert {(one.before, one.after) for one in told.cells} == {((FORTROLIGE, FORTROLIGE, frozenset()), NOTHING)}
    assert {one.why.reason for one in told.cells if one.why} == {Reason.NO_GROUND}


def test_who_comes_gains_from_nothing_and_who_leaves_is_told_no_reason() -> None:
    place = Place(WHOLE, READER, ASKED)
    comes = shift(facts(goals(), reader=None), CircleChanged({(PLAN, SEAT): place}))
    leaves = shift(facts(goals()), CircleChanged({}, frozenset({(PLAN, SEAT)})))
    assert len(comes.gained) == len(leaves.lost) == 2
    assert {one.before for one in comes.cells} == {one.after for one in leaves.cells} == {NOTHING}
    assert {one.after for one in comes.cells} == {one.before for one in leaves.cells} != {NOTHING}
    assert all(one.why is not None for one in comes.cells)
    assert all(one.why is None for one in leaves.cells)


def test_a_source_that_only_one_side_knows_is_compared_with_what_it_would_have_shown_on_the_other() -> None:
    more = replace(ASKED, sources=("housing",))
    only_housing = replace(goals(), sources=frozenset({"housing"}))
    before = facts(only_housing)
    told = shift(before, CircleChanged({(PLAN, SEAT): Place(WHOLE, READER, more)}))
    assert not told, "it might show the same of a source that takes part as of one that does not yet"


def test_changes_that_are_made_at_once_are_told_as_one() -> None:
    withdrawn = replace(YES, version=2, status=ConsentStatus.WITHDRAWN)
    again = replace(YES, version=3)
    told = shift(facts(goals()), Together((Said(withdrawn), Said(again))))
    assert not told


def test_a_yes_that_the_reader_has_nothing_to_do_with_does_nothing() -> None:
    for_another = a_consent(PERSON).to("employment").build()
    assert not shift(facts(goals(), said=(ONE_PLAN,)), Said(for_another))


def test_a_higher_step_opens_beyond_a_lower_one() -> None:
    lower, higher = replace(goals(), label=FORTROLIGE), replace(goals(), label=FOELSOMME)
    more = a_consent(PERSON).to("*").at_label(FOELSOMME).build()
    told = shift(facts(lower, said=(ONE_PLAN, more)), RulesChanged((higher,)))
    assert not told.gained, "what is there was shown already"
    assert {(one.before[0], one.after[0]) for one in told.cells} == {(FORTROLIGE, FOELSOMME)}
    assert told, "what is permitted has changed, whatever is there"


def test_a_rule_of_another_reader_a_purpose_and_a_time_that_has_passed_change_nothing() -> None:
    elsewhere = replace(goals("S"), recipients=frozenset({"employment"}))
    of_another_role = replace(goals("S"), roles=frozenset({Role.CITIZEN}))
    past = replace(goals("S"), valid=replace(goals().valid, end=THEN - timedelta(days=1)))
    one_way = replace(goals("S"), directions=frozenset(Exchange) - {READER.exchange})
    for rule in (elsewhere, of_another_role, past, one_way):
        assert not shift(facts(), RulesChanged((rule,))), rule


def test_shifts_come_in_the_order_of_plans_and_seats_whatever_the_order_of_the_places() -> None:
    others = [replace(READER, organisation=name) for name in ("youth", "employment", "social")]
    places = {(PLAN, SEAT._replace(organisation=one.organisation)): Place(WHOLE, one, ASKED) for one in others}
    told = simulate(replace(facts(goals()), places=places), RulesChanged(), THEN)
    assert [one.seat.organisation for one in told] == ["employment", "social", "youth"]


def test_another_policy_is_its_categories_too() -> None:
    before = facts(goals())
    fewer: Policy = replace(before.policy, categories=before.policy.categories - {"goals"})
    assert {one.after for one in shift(before, Published(fewer)).cells} == {NOTHING}
