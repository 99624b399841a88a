"""Who can see this: each cell is what the view would show, and says why in plain words; content has no part in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given

from hub.consent.consent import Capacity, Consent, ConsentsByPerson, Grant, by_person
from hub.consent.decide import decide
from hub.consent.explain_others import of_another
from hub.consent.matrix import ANY_OTHER, Asked, Cell, Seat, row_of
from hub.consent.policy import Hidden, Policy, RuleEffect
from hub.consent.reader import Reader
from hub.consent.subject import subject_of
from hub.consent.view import view_for
from hub.plan.element import Kind, Sensitivity
from hub.plan.person import Role
from hub.plan.plan import Plan
from hub.testing.builders import (
    THEN,
    a_consent,
    a_consent_to_one_plan,
    a_plan,
    a_policy,
    a_reader,
    a_rule,
    the_danish_policy,
)
from tests.unit.consent.strategies import AUTHORITIES, PERSON, PLAN, Question, askable

UNTIL = THEN + timedelta(days=30)


def cell_of(reader: Reader, policy: Policy, consents: ConsentsByPerson, category: str, source: str, plan: Plan) -> Cell:
    asked = Asked(plan.id, plan.person, AUTHORITIES, plan.is_held, plan.is_restricted)
    seat = Seat(reader.organisation, reader.role, reader.exchange, reader.purpose)
    row = row_of(asked, seat, reader, policy, consents, THEN)
    (found,) = [cell for cell in row.cells if cell.category == category and source in cell.sources]
    return found


@given(askable())
def test_a_cell_is_what_a_view_would_show_of_each_step(question: Question) -> None:
    asked = Asked(PLAN, PERSON, AUTHORITIES, question.subject.is_held, question.subject.is_restricted)
    seat = Seat("employment", question.reader.role, question.reader.exchange, "one-plan")
    row = row_of(asked, seat, question.reader, question.policy, question.grouped(), question.at)
    covered = {(cell.category, source) for cell in row.cells for source in cell.sources}
    assert covered == {(one, source) for one in question.policy.categories for source in (*AUTHORITIES, ANY_OTHER)}
    for cell in row.cells:
        for source in set(cell.sources) - {ANY_OTHER}:
            whole, in_part = [], []
            for label in Sensitivity:
                plan = a_plan().with_element(source, Kind.GOAL, cell.category, label).build()
                restricted = frozenset({None}) if question.subject.is_restricted else frozenset()
                held = question.subject.is_held
                plan = replace(plan, id=PLAN, person=PERSON, is_held=held, restricted=restricted)
                seen = view_for(plan, question.reader, question.policy, question.grouped(), question.at).seen
                in_part += [label for _ in seen]
                whole += [label for one in seen if not one.decision.hidden]
                if seen and label is cell.in_part_up_to:
                    assert seen[0].decision.hidden == cell.left_out
            assert cell.whole_up_to == max(whole, default=None)
            assert cell.in_part_up_to == max(in_part, default=None)


@pytest.fixture
def plan() -> Plan:
    return a_plan().with_goal("social").build()


def given_to_employment(plan: Plan, *consents: Consent) -> ConsentsByPerson:
    return by_person([a_consent_to_one_plan(plan.person).build(), *consents])


def sentence(cell: Cell, consents: ConsentsByPerson, plan: Plan, policy: Policy, *, to_citizen: bool = True) -> str:
    return of_another(cell.why, policy, consents.get(plan.person, ()), to_citizen=to_citizen).da


def test_what_is_shared_by_consent_says_since_when_and_until(plan: Plan) -> None:
    yes = a_consent(plan.person).to("employment").for_categories("goals").until(UNTIL).build()
    said, policy = given_to_employment(plan, yes), the_danish_policy()
    cell = cell_of(a_reader("employment", plan), policy, said, "goals", "social", plan)
    assert cell.whole_up_to is Sensitivity.FOELSOMME_PERSONOPLYSNINGER
    assert [one.id for one in cell.why.consents if one.id == yes.id]
    assert cell.why.valid_until == UNTIL
    told = sentence(cell, said, plan, policy)
    assert told.startswith("Kan ses, fordi du har sagt ja den ")
    assert "Det gælder til" in told
    assert sentence(cell, said, plan, policy, to_citizen=False).startswith("Kan ses, fordi borgeren har sagt ja den ")


def test_above_the_step_that_is_shown_it_says_why_not(plan: Plan) -> None:
    yes = a_consent(plan.person).to("employment").for_categories("goals")
    said = given_to_employment(plan, yes.at_label(Sensitivity.FORTROLIGE_PERSONOPLYSNINGER).build())
    cell = cell_of(a_reader("employment", plan), the_danish_policy(), said, "goals", "social", plan)
    assert cell.whole_up_to is Sensitivity.FORTROLIGE_PERSONOPLYSNINGER
    assert cell.beyond is not None
    told = of_another(cell.beyond, the_danish_policy(), said[plan.person], to_citizen=True)
    assert told.da == "Ikke delt: du har ikke sagt ja."
    assert told.en == "Not shared: you have not said yes."


def test_what_the_law_shows_or_forbids_cites_it(plan: Plan) -> None:
    said, policy = given_to_employment(plan), the_danish_policy()
    coordinator = a_reader("coordination", plan, role=Role.COORDINATOR)
    by_law = cell_of(coordinator, policy, said, "goals", "social", plan)
    assert sentence(by_law, said, plan, policy).startswith("Kan ses efter reglerne (LAB § 40 stk. 3")
    forbidden = cell_of(a_reader("school", plan, role=Role.PARTNER), policy, said, "health", "social", plan)
    assert sentence(forbidden, said, plan, policy).startswith("Ikke delt: det må ikke deles (Databeskyttelses")


@pytest.mark.parametrize(
    ("consents", "told"),
    [
        ("nothing", "Ikke delt: du har ikke et samtykke til én plan, der gælder nu."),
        ("no", "Ikke delt: du har sagt nej."),
        ("withdrawn", "Ikke delt: samtykket er trukket tilbage."),
        ("expired", "Ikke delt: samtykket gælder ikke på dette tidspunkt."),
        ("silent", "Ikke delt: du har ikke sagt ja."),
    ],
)
def test_what_is_not_shared_says_why_to_the_citizen(plan: Plan, consents: str, told: str) -> None:
    yes = a_consent(plan.person).to("employment").for_categories("goals")
    said = {
        "nothing": by_person([]),
        "no": given_to_employment(plan, yes.denying().build()),
        "withdrawn": given_to_employment(plan, yes.withdrawn().build()),
        "expired": given_to_employment(plan, yes.until(THEN).build()),
        "silent": given_to_employment(plan),
    }[consents]
    cell = cell_of(a_reader("employment", plan), the_danish_policy(), said, "goals", "social", plan)
    assert (cell.whole_up_to, cell.in_part_up_to, cell.beyond) == (None, None, None)
    assert sentence(cell, said, plan, the_danish_policy()) == told


def test_a_custodians_yes_is_not_told_as_the_citizens_own(plan: Plan) -> None:
    word = Grant(UUID(int=99), Capacity.CUSTODY, THEN)
    yes = a_consent(plan.person).to("employment").for_categories("goals").given_by(word).build()
    said = given_to_employment(plan, yes)
    cell = cell_of(a_reader("employment", plan), the_danish_policy(), said, "goals", "social", plan)
    assert sentence(cell, said, plan, the_danish_policy()).startswith("Kan ses, fordi der er sagt ja den ")


def test_a_custodians_no_is_not_told_as_the_citizens_own(plan: Plan) -> None:
    no = a_consent(plan.person).to("employment").denying().given_by(Grant(UUID(int=99), Capacity.CUSTODY, THEN)).build()
    said = given_to_employment(plan, no)
    cell = cell_of(a_reader("employment", plan), the_danish_policy(), said, "goals", "social", plan)
    assert sentence(cell, said, plan, the_danish_policy()) == "Ikke delt: der er sagt nej."


def test_a_part_that_is_left_out_is_named(plan: Plan) -> None:
    policy = a_policy(a_rule("R", RuleEffect.PERMIT, without=[Hidden.TEXT, Hidden.CODES]))
    cell = cell_of(a_reader("employment", plan), policy, given_to_employment(plan), "goals", "social", plan)
    assert (cell.whole_up_to, cell.in_part_up_to) == (None, max(Sensitivity))
    assert cell.left_out == {Hidden.TEXT, Hidden.CODES}


def test_sources_that_are_answered_alike_stand_together_and_the_own_apart(plan: Plan) -> None:
    cell = cell_of(
        a_reader("employment", plan), the_danish_policy(), given_to_employment(plan), "goals", "social", plan
    )
    assert cell.sources == ("social", ANY_OTHER)
    own = cell_of(a_reader("employment", plan), the_danish_policy(), by_person([]), "goals", "employment", plan)
    assert own.sources == ("employment",)
    assert sentence(own, {}, plan, the_danish_policy()) == "Kan ses: det er modtagerens egen oplysning."


def test_a_consent_about_single_elements_opens_no_cell_and_marks_the_row(plan: Plan) -> None:
    (goal,) = plan.elements.values()
    yes = a_consent(plan.person).to("employment").for_categories("goals").for_elements(goal.id).build()
    said, reader = given_to_employment(plan, yes), a_reader("employment", plan)
    cell = cell_of(reader, the_danish_policy(), said, "goals", "social", plan)
    assert cell.whole_up_to is None
    assert cell.tells_apart
    assert decide(subject_of(plan, goal), reader, the_danish_policy(), said, THEN).permits
