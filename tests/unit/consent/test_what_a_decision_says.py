"""A decision names what it rests on and until when, in ids that audits hold and in a sentence that a reader gets."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from hub.consent.consent import Consent, by_person
from hub.consent.decide import decide
from hub.consent.decision import Decision
from hub.consent.explain import by_consent, day_da, day_en
from hub.consent.matrix import Asked, Seat, row_of
from hub.consent.subject import subject_of
from hub.testing.builders import THEN, a_consent, a_consent_to_one_plan, a_plan, a_reader, the_danish_policy

PLAN, PERSON = UUID(int=1), UUID(int=2)
NOW, END = THEN + timedelta(days=30), THEN + timedelta(days=90)
GOAL = a_plan(PERSON, PLAN).with_goal("children").build()
POLICY = the_danish_policy()


def decided(authority: str, *consents: Consent) -> Decision:
    """Return the decision about the goal of children and family services, for another authority or that one."""
    (goal,) = GOAL.elements.values()
    asked = by_person([a_consent_to_one_plan(PERSON).build(), *consents])
    return decide(subject_of(GOAL, goal), a_reader(authority, GOAL), POLICY, asked, NOW)


def test_what_is_one_s_own_is_named_so() -> None:
    assert decided("children").rule_ids == ("SYS-OWN",)


def test_a_no_is_named_so() -> None:
    yes, no = a_consent(PERSON).to("*").build(), a_consent(PERSON).to("*").denying().build()
    assert decided("employment", yes, no).rule_ids[-1] == "CONSENT-DENY"


def test_a_yes_says_when_it_was_given_and_until_when_it_counts() -> None:
    yes = a_consent(PERSON).to("*").until(END).build()
    found = decided("employment", yes)
    assert found.valid_until == END
    assert found.sentence == by_consent([yes], END)
    assert [day in found.sentence.da for day in (day_da(yes.given_at), day_da(END))] == [True, True]
    assert [day in found.sentence.en for day in (day_en(yes.given_at), day_en(END))] == [True, True]


def test_a_row_says_whose_it_is_and_a_cell_that_shows_nothing_leaves_nothing_out() -> None:
    reader = a_reader("employment", GOAL)
    seat = Seat(reader.organisation, reader.role, reader.exchange, reader.purpose)
    consents = by_person([a_consent_to_one_plan(PERSON).build()])
    row = row_of(Asked(PLAN, PERSON, ("children",), False), seat, reader, POLICY, consents, NOW)
    assert row.seat is seat
    assert all(not cell.left_out for cell in row.cells if not cell.why.permits)
