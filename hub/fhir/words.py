"""Our words in FHIR's: statuses, labels, systems; one table each."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from hub.plan.danish_time import LOCAL
from hub.plan.element import Code, Element, Kind, Period, Sensitivity, Status
from hub.plan.task import asked_of

Resource = dict[str, Any]

CATEGORY = "urn:one-plan-hub:category"
CARE_PLAN = "urn:one-plan-hub:care-plan"
SENSITIVITY = "urn:one-plan-hub:foelsomhed"  # the national ladder of the Sags- og Dokumentindeks, as we name its steps
AUTHORITY = "urn:one-plan-hub:authority"
SOURCE_SYSTEM = "urn:one-plan-hub:source-system"
CASE_OF = "urn:one-plan-hub:case:"  # + authority
KIND = "urn:one-plan-hub:kind"
MUNICIPALITY = "http://hl7.dk/fhir/core/CodeSystem/dk-core-municipality-codes"
#: KL's draft of messages of FFB (hl7dk/kl-ffb-messaging 0.1.0): who coordinates, and who works together.
PARTICIPANT_ROLE = "http://ffb/messaging/kl.dk/1.0/CodeSystem/kl-messaging-ffb-participantRoleCodes"
COORDINATES, COOPERATES = "koordinerende-myndighed", "samarbejdende-myndighed"
#: KL's codes of care and social work (hl7dk/kl-term), and that for the citizen's own goals and wishes.
CARE_SOCIAL = "http://fhir.kl.dk/term/CodeSystem/CareSocialCodes"
CITIZENS_GOAL = "416fe27d-3ccf-4390-8742-8b52a9d8dc78"
CITIZENS_OWN: list[Resource] = [{"coding": [{"system": CARE_SOCIAL, "code": CITIZENS_GOAL}]}]
TASK = "urn:one-plan-hub:task"
TASK_INPUT, TASK_OUTPUT = "urn:one-plan-hub:task-input", "urn:one-plan-hub:task-output"
#: Extension of ours: how somebody is met, a code of ``hub.plan.demands.Way``; R4's Appointment has no element for it.
CONTACT = "urn:one-plan-hub:fhir:contact"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"

#: Which resource an element becomes.
RESOURCE_OF = {
    Kind.CASE: "EpisodeOfCare",
    Kind.NEED: "Condition",
    Kind.GOAL: "Goal",
    Kind.SUB_GOAL: "Goal",
    Kind.ACTIVITY: "ServiceRequest",
    Kind.APPOINTMENT: "Appointment",
    Kind.CONTACT_PERSON: "PractitionerRole",
    Kind.NOTE: "Communication",
    Kind.STATEMENT: "Communication",
    Kind.HOUSEHOLD_MEMBER: "RelatedPerson",
}

#: Our status → the status of each resource that has one. Every value is of the R4 value set that binds it.
STATUS = {
    Status.PROPOSED: {
        "EpisodeOfCare": "planned", "Goal": "proposed", "ServiceRequest": "draft", "Appointment": "proposed",
        "Communication": "preparation",
    },
    Status.PLANNED: {
        "EpisodeOfCare": "planned", "Goal": "planned", "ServiceRequest": "active", "Appointment": "booked",
        "Communication": "preparation",
    },
    Status.ACTIVE: {
        "EpisodeOfCare": "active", "Goal": "active", "ServiceRequest": "active", "Appointment": "booked",
        "Communication": "completed",
    },
    Status.ON_HOLD: {
        "EpisodeOfCare": "onhold", "Goal": "on-hold", "ServiceRequest": "on-hold", "Appointment": "waitlist",
        "Communication": "on-hold",
    },
    Status.COMPLETED: {
        "EpisodeOfCare": "finished", "Goal": "completed", "ServiceRequest": "completed", "Appointment": "fulfilled",
        "Communication": "completed",
    },
    Status.CANCELLED: {
        "EpisodeOfCare": "cancelled", "Goal": "cancelled", "ServiceRequest": "revoked", "Appointment": "cancelled",
        "Communication": "not-done",
    },
    Status.ENTERED_IN_ERROR: {
        "EpisodeOfCare": "entered-in-error", "Goal": "entered-in-error", "ServiceRequest": "entered-in-error",
        "Appointment": "entered-in-error", "Communication": "entered-in-error",
    },
    # EpisodeOfCare and Goal have no word for not knowing; the first says the least.
    Status.UNKNOWN: {
        "EpisodeOfCare": "planned", "Goal": "proposed", "ServiceRequest": "unknown", "Appointment": "proposed",
        "Communication": "unknown",
    },
}  # fmt: skip

#: What no longer goes on, whatever else is said of it.
ENDED = frozenset({Status.COMPLETED, Status.CANCELLED, Status.ENTERED_IN_ERROR})

_CONFIDENTIALITY_OF = {
    Sensitivity.IKKE_FORTROLIGE_DATA: "L",
    Sensitivity.FORTROLIGE_PERSONOPLYSNINGER: "N",
    Sensitivity.FOELSOMME_PERSONOPLYSNINGER: "R",
    Sensitivity.VIP_SAGER: "V",
    None: "V",  # not labelled counts as the top of the ladder
}


def reference(kind: str, id: UUID | str) -> Resource:
    """Return a relative reference."""
    return {"reference": f"{kind}/{id}"}


def type_of(element: Element) -> str:
    """Return which resource an element becomes: an activity that is asked of an authority is a Task."""
    return "Task" if asked_of(element) else RESOURCE_OF[element.kind]


def reference_to(element: Element) -> Resource:
    """Return a reference to the resource that an element becomes."""
    return reference(type_of(element), element.id)


def unnamed(element: Element) -> Resource:
    """Return what stands where a rule leaves the title out and FHIR asks for something."""
    return {"coding": [{"system": KIND, "code": element.kind}]}


def security(labels: set[Sensitivity | None]) -> list[Resource]:
    """Return the labels of the most sensitive of several things; none for nothing."""
    if not labels:
        return []
    top = None if None in labels else max(label for label in labels if label)
    coded = [{"system": CONFIDENTIALITY, "code": _CONFIDENTIALITY_OF[top]}]
    return coded + ([{"system": SENSITIVITY, "code": top.name}] if top else [])


def meta(element: Element, registered_at: datetime | None) -> Resource:
    """Return whose an element is, its label, its topic, and since when it reads as it does, where that may be told."""
    return filled(
        source=f"{AUTHORITY}:{element.authority}",
        lastUpdated=instant(registered_at) if registered_at else None,
        security=security({element.label}),
        tag=[{"system": CATEGORY, "code": element.category}] if element.category else [],
    )


def concept(codes: tuple[Code, ...], text: str = "") -> Resource:
    """Return codes and text; an unknown code passes through with its text."""
    coding = [filled(system=code.system, code=code.code, display=code.text) for code in codes]
    return filled(coding=coding, text=text)


def instant(at: datetime) -> str:
    """Return an instant in Danish time, to the second, with its zone."""
    return at.astimezone(LOCAL).isoformat(timespec="seconds")


def period(valid: Period) -> Resource:
    """Return a period. FHIR's ends are inclusive; ours is the first instant after, so a second is taken off."""
    return filled(
        start=instant(valid.start) if valid.start else None,
        end=instant(valid.end - timedelta(seconds=1)) if valid.end else None,
    )


def day(at: datetime) -> date:
    """Return the Danish day of an instant."""
    return at.astimezone(LOCAL).date()


def last_day(end: datetime) -> date:
    """Return the last day of a period that ends before the instant."""
    return day(end - timedelta(seconds=1))


def filled(**facts: Any) -> Resource:
    """Return what is there: FHIR knows no null, no empty list and no empty text."""
    return {name: value for name, value in facts.items() if value not in (None, "", [], {})}
