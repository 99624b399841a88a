"""One of everything that the FHIR facade says, made of one plan at one instant: so it reads the same each time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hub.api.problems import outcome, problem_of
from hub.consent.consent import by_person
from hub.consent.decide import decide
from hub.consent.policy import RuleEffect
from hub.consent.subject import subject_of
from hub.consent.view import View, view_for
from hub.errors import Fault, InvalidRequest
from hub.fhir.bundle import Found, history, searchset
from hub.fhir.capability import capability_statement
from hub.fhir.consent_out import consent_resource
from hub.fhir.household import household_of_plans
from hub.fhir.parameters import decided
from hub.fhir.render import render
from hub.fhir.subset import subset
from hub.fhir.versions import versioned
from hub.fhir.words import Resource
from hub.flow.proposed import ShownProposal, State
from hub.plan.element import Code, Detail, Kind, Period, Status
from hub.plan.identifier import CPR, Identifier
from hub.plan.own import CITIZEN, OwnWords
from hub.plan.person import Person, Role
from hub.plan.plan import Plan, PlanStatus
from hub.plan.task import Asked, TaskState
from hub.store.proposals import Proposal
from hub.testing.builders import (
    TEST_CPR,
    THEN,
    a_consent,
    a_consent_to_one_plan,
    a_plan,
    a_policy,
    a_reader,
    a_rule,
)
from tests.contract.fhir_told import told_of_the_plan

BASE = "https://hub.example/fhir"
ANNA, PLAN, MOTHER = UUID(int=1), UUID(int=2), UUID(int=3)
PERSON = Person(ANNA, (Identifier(CPR, TEST_CPR),), "Anna Test")
FROM, TO = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 10, tzinfo=UTC)
_ONE_PLAN = replace(a_consent_to_one_plan(ANNA).build(), id=UUID(int=4))
_SHARING = a_consent(ANNA).to("employment").for_categories("goals").build()
_ASKED = Asked("social", TaskState.COMPLETED, "Mentoren er begyndt", "Mentor fra 1. april")
_DETAILS = {
    **_ASKED.details,
    Detail.ASKED_AT: THEN.isoformat(),
    Detail.IDENTIFIERS: '[["urn:example:t","7","official"]]',
}
_TASK = OwnWords(Kind.ACTIVITY, "Find en mentor", "To gange om ugen", valid=Period(None, TO), details=_DETAILS)
_KLE = Code("https://data.gov.dk/id/classification/KLE", "27.24.00", "Psykiske vanskeligheder")


def outputs() -> Mapping[str, Resource]:
    """Return what the facade says, by the name of its file."""
    view = _view(_a_family_of_elements())
    rendered = [versioned(one) for one in _rendered(view)]
    kinds = sorted({one["resourceType"] for one in rendered})
    of_kind = {kind: [one for one in rendered if one["resourceType"] == kind] for kind in kinds}
    named = {f"{kind}-{number}": one for kind, found in of_kind.items() for number, one in enumerate(found, 1)}
    goals = [one for one in rendered if one["resourceType"] == "Goal"]
    found = Found(goals[:1], [rendered[0]], 2, "abc")
    return named | {
        "Bundle-searchset": searchset(BASE, "Goal", found, [("patient", f"Patient/{ANNA}")]),
        "Bundle-nothing": searchset(BASE, "Goal", Found(total=0), []),
        "Bundle-history": history(BASE, f"Goal/{goals[0]['id']}/_history", goals[:1]),
        "CapabilityStatement": capability_statement(),
        "Consent-one-plan": consent_resource(_ONE_PLAN),
        "Consent-sharing": consent_resource(replace(_SHARING, id=UUID(int=5))),
        "Group": versioned(household_of_plans(PLAN, [PERSON])),
        "OperationOutcome": _outcome(),
        "Parameters-decided": _decided(),
        "Goal-summary": subset(goals[0], "true", ()),
        "Goal-elements": subset(goals[0], "", ["startDate"]),
        **told_of_the_plan(ANNA, PLAN, BASE),
        **_tasks(),
    }


def every_kind_and_status() -> list[Resource]:
    """Return each kind of element in each status, with all sorts of times."""
    times = (Period(), Period(FROM), Period(None, TO), Period(FROM, TO))
    return [
        versioned(one)
        for kind in Kind
        for status in Status
        for valid in times
        for one in _rendered(_view(a_plan(ANNA, PLAN).with_element("social", kind, status=status, valid=valid).build()))
    ]


def _a_family_of_elements() -> Plan:
    return (
        a_plan(ANNA, PLAN)
        .with_element("children", Kind.CASE, title="Sag", text="<b>x</b>", codes=(_KLE,))
        .with_element("children", Kind.NEED, title="Ro", text="Om aftenen", valid=Period(FROM))
        .with_element("social", Kind.GOAL, source_id="g", title="Job", valid=Period(FROM, TO), text="T")
        .with_element("social", Kind.SUB_GOAL, source_id="s", part_of="g", title="Praktik")
        .with_element("social", Kind.ACTIVITY, source_id="a", part_of="g", title="Støtte", codes=(_KLE,), text="T")
        .with_appointment("social", start=FROM, end=TO, details={"place": "Rådhuset", "with": "Rådgiver"})
        .with_element("social", Kind.CONTACT_PERSON, title="R", details={"name": "R", "role": "rådgiver", "phone": "1"})
        .with_element("children", Kind.NOTE, title="Notat", text="T")
        .with_element(CITIZEN, Kind.GOAL, source_id="own", title="Et roligt hjem")
        .with_element(CITIZEN, Kind.STATEMENT, title="Mine ord", text="T", valid=Period(FROM))
        .with_household_member("children", MOTHER, "mother", has_custody=True)
        .build()
    )


def _tasks() -> Mapping[str, Resource]:
    """Return what is asked of an authority, and another time that is proposed."""
    plan = (
        a_plan(ANNA, PLAN)
        .with_appointment("social", start=FROM, end=TO, details={"contact": "phone"})
        .with_written("coordination", _TASK)
        .build()
    )
    meeting = next(one for one in plan.elements.values() if one.kind is Kind.APPOINTMENT)
    proposed = Period(FROM + timedelta(hours=3), TO + timedelta(hours=3))
    one = Proposal(
        UUID(int=6), PLAN, meeting.id, "social", meeting.valid, proposed, "coordination", "c", THEN, rejected_at=THEN,
        answer="Der er ingen ledige tider.",
    )  # fmt: skip
    shown = ShownProposal(one, State.REJECTED, meeting)
    said = render(_view(plan), PERSON, PlanStatus.ACTIVE, coordinator="coordination", proposals=[shown])
    tasks = [versioned(each) for (kind, _), each in said.items() if kind in ("Task", "Appointment")]
    names = {"order": "Task-order", "proposal": "Task-proposal", None: "Appointment-by-phone"}
    return {names[each.get("intent")]: each for each in tasks}


def _view(plan: Plan) -> View:
    consents = by_person([_ONE_PLAN])
    reader = a_reader("coordination", plan, role=Role.COORDINATOR)
    return view_for(plan, reader, a_policy(a_rule("ALL", RuleEffect.PERMIT)), consents, THEN)


def _rendered(view: View) -> list[Resource]:
    how: dict[str, Any] = {"coordinator": "coordination", "municipality": "0376", "has_protected_address": True}
    return list(render(view, PERSON, PlanStatus.ACTIVE, **how).values())


def _outcome() -> dict[str, Any]:
    fault = Fault("Goal.subject", "It names nobody.", "Write Patient/<id at the hub>.")
    return outcome(problem_of(InvalidRequest("The resource has faults.", faults=[fault])), "correlation-id")


def _decided() -> Resource:
    plan = _a_family_of_elements()
    element = min(plan.elements.values(), key=lambda one: one.id.int)
    policy, consents = a_policy(a_rule("ALL", RuleEffect.PERMIT)), by_person([_ONE_PLAN])
    reader = a_reader("children", plan, role=Role.AUTHORITY_SYSTEM)
    return decided(decide(subject_of(plan, element), reader, policy, consents, THEN))
