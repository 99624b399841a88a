"""Each kind of element as a resource of its own, never contained: so each carries its own label and can be withheld."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

import orjson

from hub.fhir.around import Around
from hub.fhir.task_out import task
from hub.fhir.words import (
    CITIZENS_OWN,
    CONTACT,
    KIND,
    STATUS,
    Resource,
    concept,
    day,
    filled,
    instant,
    last_day,
    meta,
    period,
    reference,
    reference_to,
    type_of,
    unnamed,
)
from hub.plan.demands import Way
from hub.plan.element import Detail, Element, Kind, Status
from hub.plan.own import CITIZEN

_CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_RELATION = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_DANISH_RELATION = "http://hl7.dk/fhir/core/CodeSystem/dk-relatedperson-relationshipcodes"
_GOAL_RELATION = "http://terminology.hl7.org/CodeSystem/goal-relationship-type"
_EXTENSION = "http://hl7.org/fhir/StructureDefinition"
#: Resources that have no place for an element's text but the narrative.
_WITHOUT_NOTES = frozenset({"EpisodeOfCare", "PractitionerRole", "RelatedPerson"})
_RELATION_CODES = {"mother": "MTH", "father": "FTH", "child": "CHILD", "sibling": "SIB", "partner": "DOMPART"}


def resource_of(element: Element, around: Around) -> Resource:
    """Return an element as its resource."""
    kind = type_of(element)
    return {
        "resourceType": kind,
        "id": str(element.id),
        "meta": meta(element, around.registered_at.get(element.id)),
        **filled(identifier=_identifiers(element)),
        **filled(text=_narrative(element) if kind in _WITHOUT_NOTES else None),
        **_BODY_OF[kind](element, around),
    }


def _episode(element: Element, around: Around) -> Resource:
    return filled(
        status=_status(element),
        type=_listed(concept(element.codes, element.title)),
        patient=around.patient,
        managingOrganization=_organisation(element),
        period=period(element.valid),
    )


def _condition(element: Element, around: Around) -> Resource:
    is_error = element.status is Status.ENTERED_IN_ERROR
    clinical = {Status.COMPLETED: "resolved", Status.CANCELLED: "inactive"}.get(element.status, "active")
    return filled(
        # con-5: what was entered in error has no clinical status.
        clinicalStatus=None if is_error else {"coding": [{"system": _CLINICAL, "code": clinical}]},
        verificationStatus={"coding": [{"system": _VERIFICATION, "code": "entered-in-error"}]} if is_error else None,
        code=concept(element.codes, element.title),
        subject=around.patient,
        onsetDateTime=instant(element.valid.start) if element.valid.start else None,
        note=_notes(element),
    )


def _goal(element: Element, around: Around) -> Resource:
    steps = [
        {
            "url": f"{_EXTENSION}/goal-relationship",
            "extension": [
                {
                    "url": "type",
                    "valueCodeableConcept": {"coding": [{"system": _GOAL_RELATION, "code": "milestone"}]},
                },
                {"url": "target", "valueReference": reference_to(step)},
            ],
        }
        for step in around.steps_of(element)
    ]
    is_citizens = element.authority == CITIZEN
    due = [{"dueDate": last_day(element.valid.end).isoformat()}] if element.valid.end else []
    return filled(
        extension=steps,
        lifecycleStatus=_status(element),
        category=CITIZENS_OWN if is_citizens else [],
        description=concept(element.codes, element.title) or unnamed(element),
        subject=around.patient,
        startDate=day(element.valid.start).isoformat() if element.valid.start else None,
        target=due,
        # R4 lets people express a goal and no organisation; whose an element is, ``meta.source`` tells of each.
        expressedBy=around.patient if is_citizens else None,
        note=_notes(element),
    )


def _service_request(element: Element, around: Around) -> Resource:
    goal = around.served_by(element)
    serves = [{"url": f"{_EXTENSION}/resource-pertainsToGoal", "valueReference": reference_to(goal)}] if goal else []
    return filled(
        extension=serves,
        status=_status(element),
        intent="plan",
        code=concept(element.codes, element.title) or unnamed(element),
        subject=around.patient,
        occurrencePeriod=period(element.valid),
        requester=_organisation(element),
        note=_notes(element),
    )


def _appointment(element: Element, around: Around) -> Resource:
    status, start, end = _status(element), element.valid.start, element.valid.end
    is_timed = start is not None and end is not None
    may_lack_times = status in ("proposed", "cancelled", "waitlist")
    way = element.details.get(Detail.CONTACT)
    return filled(
        extension=[{"url": CONTACT, "valueCode": way}] if way in set(Way) else [],
        # app-3: without both times it cannot be booked; it stays a proposal with the times that are known.
        status=status if is_timed or may_lack_times else "proposed",
        serviceType=_listed(concept(element.codes)),
        description=element.title,
        start=instant(start) if start and end else None,
        end=instant(end) if start and end else None,
        requestedPeriod=[] if is_timed else _listed(period(element.valid)),
        comment=element.text,
        participant=[
            {"actor": around.patient, "status": "needs-action"},
            *(
                {"actor": {"type": kind, "display": element.details[fact]}, "status": "needs-action"}
                for kind, fact in (("Practitioner", "with"), ("Location", "place"))
                if element.details.get(fact)
            ),
        ],
    )


def _practitioner_role(element: Element, around: Around) -> Resource:
    details = element.details
    return filled(
        active=element.status not in (Status.COMPLETED, Status.CANCELLED, Status.ENTERED_IN_ERROR),
        period=period(element.valid),
        practitioner=filled(display=details.get("name") or element.title),
        organization=_organisation(element),
        code=_listed(concept((), details.get("role", ""))),
        telecom=[
            {"system": system, "value": details[system], "use": "work"}
            for system in ("phone", "email")
            if details.get(system)
        ],
    )


def _communication(element: Element, around: Around) -> Resource:
    said_by = around.patient if element.kind is Kind.STATEMENT else _organisation(element)
    return filled(
        status=_status(element),
        category=[{"coding": [{"system": KIND, "code": element.kind}]}],
        topic=concept(element.codes, element.title),
        subject=around.patient,
        sent=instant(element.valid.start) if element.valid.start else None,
        sender=said_by,
        payload=[{"contentString": element.text}] if element.text else [],
    )


def _related_person(element: Element, around: Around) -> Resource:
    relation = element.details.get("relation", "")
    codes = [{"system": _RELATION, "code": _RELATION_CODES[relation]}] if relation in _RELATION_CODES else []
    custody = element.details.get("custody") == "yes"
    coded = [{"coding": codes, "text": relation}] if codes else _listed(filled(text=relation))
    return filled(
        active=element.status is not Status.ENTERED_IN_ERROR,
        patient=around.patient,
        relationship=coded + ([{"coding": [{"system": _DANISH_RELATION, "code": "PARAUTH"}]}] if custody else []),
        name=_listed(filled(text=element.title)),
        period=period(element.valid),
    )


_BODY_OF: Mapping[str, Callable[[Element, Around], Resource]] = {
    "EpisodeOfCare": _episode,
    "Condition": _condition,
    "Goal": _goal,
    "ServiceRequest": _service_request,
    "Appointment": _appointment,
    "PractitionerRole": _practitioner_role,
    "Communication": _communication,
    "RelatedPerson": _related_person,
    "Task": task,
}


def _status(element: Element) -> str:
    return STATUS[element.status][type_of(element)]


def _organisation(element: Element) -> Resource:
    return reference("Organization", element.authority)


def _identifiers(element: Element) -> list[Resource]:
    """Return what its author's own system calls it, as far as the view tells it."""
    told = orjson.loads(element.details.get(Detail.IDENTIFIERS, "[]"))
    return [filled(use=use, system=system, value=value) for system, value, use in told]


def _notes(element: Element) -> list[Resource]:
    return [{"text": element.text}] if element.text else []


def _narrative(element: Element) -> Resource | None:
    if not element.text:
        return None
    return {"status": "additional", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(element.text)}</div>'}


def _listed(one: Resource) -> list[Resource]:
    return [one] if one else []
