"""What an answer about a plan says, as a function of what is shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from hub.api.answers import plan_answer
from hub.api.shapes import ElementAnswer, FindingAnswer
from hub.consent.consent import by_person
from hub.consent.policy import Hidden, RuleEffect
from hub.consent.view import view_for
from hub.flow.show import Shown
from hub.plan.element import Kind, Period
from hub.plan.person import Person, Role
from hub.plan.plan import PlanStatus
from hub.testing.builders import THEN, a_consent_to_one_plan, a_plan, a_policy, a_reader, a_rule

ANNA, PLAN, WAY = UUID(int=1), UUID(int=2), timedelta(minutes=30)
NINE, TEN = THEN + timedelta(hours=9), THEN + timedelta(hours=10)


def shown(*without: Hidden) -> ElementAnswer:
    plan = a_plan(ANNA, PLAN).with_element("social", Kind.GOAL, source_id="g", title="Job", text="T").build()
    rule = a_rule("SOME", RuleEffect.PERMIT, without=without)
    consents = by_person([a_consent_to_one_plan(ANNA).build()])
    view = view_for(plan, a_reader("coordination", plan, role=Role.COORDINATOR), a_policy(rule), consents, THEN)
    (element,) = plan_answer(Shown(view, Person(ANNA, ()), PlanStatus.ACTIVE, THEN), WAY)["elements"]
    return element


def test_when_an_element_changed_is_not_told_where_a_part_of_it_is_left_out() -> None:
    assert shown()["source"]["registered_at"] is not None
    redacted = shown(Hidden.TEXT)
    assert (redacted["text"], redacted["left_out"], redacted["source"]["registered_at"]) == ("", ["text"], None)


def findings(*also_shared: str) -> list[FindingAnswer]:
    """Ask as social services, whose own meeting is at the hour of a meeting of children's services."""
    plan = a_plan(ANNA, PLAN)
    for authority in ("children", "social"):
        plan = plan.with_appointment(authority, f"Of {authority}", source_id="m", start=NINE, end=TEN)
    consents = by_person([a_consent_to_one_plan(ANNA).build()])
    rules = [a_rule(name, RuleEffect.PERMIT, sources=[name]) for name in also_shared]
    view = view_for(plan.build(), a_reader("social", plan.build()), a_policy(*rules), consents, THEN)
    return plan_answer(Shown(view, Person(ANNA, ()), PlanStatus.ACTIVE, THEN), WAY)["findings"]


def test_two_appointments_at_once_are_a_finding_only_for_who_sees_both() -> None:
    (found,) = findings("children")
    assert (found["kind"], found["en"]) == (
        "overlapping-demands",
        "Two authorities ask for the citizen's time at once.",
    )
    assert findings() == []


def test_where_details_are_left_out_no_collision_is_made_up() -> None:
    """Without its details an appointment for a whole day reads as one at an hour."""
    facts: dict[str, Any] = {"valid": Period(NINE, TEN), "details": {"all-day": "yes"}}
    plan = a_plan(ANNA, PLAN).with_element("social", Kind.APPOINTMENT, **facts)
    plan = plan.with_element("children", Kind.APPOINTMENT, **facts)
    rule = a_rule("TIMES", RuleEffect.PERMIT, without=(Hidden.DETAILS,))
    consents = by_person([a_consent_to_one_plan(ANNA).build()])
    built = plan.build()
    view = view_for(built, a_reader("coordination", built, role=Role.COORDINATOR), a_policy(rule), consents, THEN)
    answer = plan_answer(Shown(view, Person(ANNA, ()), PlanStatus.ACTIVE, THEN), WAY)
    assert (len(answer["elements"]), answer["findings"]) == (2, [])
