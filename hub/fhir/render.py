"""A view as FHIR R4 resources: one plan over the plans of its authorities.

    resources = render(view, person, status, coordinator="coordination")
    resources["CarePlan", f"{plan}"]              # the umbrella, authored by who coordinates
    resources["CarePlan", f"{plan}-children"]     # what children and family services contribute

The umbrella names its parts in ``supportingInfo``: FHIR R4 links the other way only (``partOf``), and a reader who
knows one id must find the rest without searching. Everything is a function of the view.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from hub.consent.view import View
from hub.fhir.around import Around
from hub.fhir.elements import resource_of
from hub.fhir.task_out import proposal_task
from hub.fhir.words import (
    AUTHORITY,
    CARE_PLAN,
    CASE_OF,
    CONFIDENTIALITY,
    COOPERATES,
    COORDINATES,
    ENDED,
    MUNICIPALITY,
    PARTICIPANT_ROLE,
    RESOURCE_OF,
    SOURCE_SYSTEM,
    Resource,
    filled,
    instant,
    period,
    reference,
    reference_to,
    security,
    type_of,
)
from hub.flow.proposed import ShownProposal
from hub.plan.element import Element, Period, Status
from hub.plan.identifier import CPR, Identifier
from hub.plan.own import CITIZEN
from hub.plan.person import Person, Role
from hub.plan.plan import PlanStatus

#: (type, id) → resource.
Resources = Mapping[tuple[str, str], Resource]

#: Resource types that this rendering can yield, for the capability statement.
TYPES = tuple(sorted({*RESOURCE_OF.values(), "CarePlan", "CareTeam", "Organization", "Patient", "Provenance", "Task"}))

_PLAN_STATUS = {PlanStatus.ACTIVE: "active", PlanStatus.DISSOLVED: "revoked", PlanStatus.COMPLETED: "completed"}
_AUTHOR = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type", "code": "author"}]
}
_TITLE = "Én plan"


def render(
    view: View,
    person: Person,
    status: PlanStatus,
    *,
    coordinator: str,
    municipality: str = "",
    has_protected_address: bool = False,
    proposals: Sequence[ShownProposal] = (),
) -> Resources:
    """Return every resource of a view.

    :param coordinator: the organisation that authors the umbrella plan.
    :param municipality: code of the municipality whose authorities they are; empty: it is not told.
    :param has_protected_address: as the reader is told (``hub.flow.show.Shown``).
    :param proposals: of another time for appointments, as far as the reader may know of them; each becomes a Task.
    """
    elements = {seen.element.id: seen.element for seen in view.seen}
    registered_at = {seen.element.id: seen.registered_at for seen in view.seen if seen.registered_at}
    around = Around(person.id, elements, registered_at)
    parts = _by_authority(elements)
    rendered = [
        _umbrella(view, person, status, coordinator, parts),
        _care_team(view.plan, person, coordinator, parts),
        _patient(person, view, has_protected_address=has_protected_address),
        *([municipality_of(municipality)] if municipality else []),
        *(organisation(name, municipality) for name in sorted({coordinator, *parts} - {CITIZEN})),
        *(_part(view, person, authority, own) for authority, own in parts.items()),
        *_provenances(view.plan, person, parts, registered_at),
        *(resource_of(element, around) for element in elements.values()),
        *_proposed(proposals, around),
    ]
    return {(resource["resourceType"], resource["id"]): resource for resource in rendered}


def _proposed(proposals: Sequence[ShownProposal], around: Around) -> Iterator[Resource]:
    for one in proposals:
        appointment = around.elements.get(one.proposal.element)
        if appointment is not None:
            yield proposal_task(one, appointment, around)


def organisation(name: str, municipality: str = "") -> Resource:
    """Return an authority, or who coordinates. :param municipality: of which it is a part; empty: of none."""
    return {
        "resourceType": "Organization",
        "id": name,
        "identifier": [{"system": AUTHORITY, "value": name}],
        "active": True,
        "name": name,
        **filled(partOf=reference("Organization", municipality) if municipality else None),
    }


def municipality_of(code: str) -> Resource:
    """Return a municipality by its code, as dk-core has it (``Kommunekode``)."""
    return {
        "resourceType": "Organization",
        "id": code,
        "identifier": [{"system": MUNICIPALITY, "value": code}],
        "active": True,
    }


def _author(person: Person, authority: str) -> Resource:
    """Return whose part it is: an authority's, or the plan's own person's."""
    return reference("Patient", person.id) if authority == CITIZEN else reference("Organization", authority)


def part_id(plan: UUID, authority: str) -> str:
    """Return the id of what one authority contributes to a plan."""
    return f"{plan}-{authority}"


def _by_authority(elements: Mapping[UUID, Element]) -> dict[str, list[Element]]:
    parts: dict[str, list[Element]] = {}
    for element in elements.values():
        parts.setdefault(element.authority, []).append(element)
    return dict(sorted(parts.items()))


def _umbrella(
    view: View, person: Person, status: PlanStatus, coordinator: str, parts: Mapping[str, Sequence[Element]]
) -> Resource:
    everything = [element for own in parts.values() for element in own]
    return {
        "resourceType": "CarePlan",
        "id": str(view.plan),
        **filled(meta=_meta(view, everything)),
        "status": _PLAN_STATUS[status],
        "intent": "plan",
        "category": _category("one-plan"),
        "title": _TITLE,
        "subject": reference("Patient", person.id),
        "author": reference("Organization", coordinator),
        **filled(contributor=[_author(person, authority) for authority in parts]),
        **filled(period=_span(everything)),
        "careTeam": [reference("CareTeam", view.plan)],
        **filled(supportingInfo=[reference("CarePlan", part_id(view.plan, authority)) for authority in parts]),
    }


def _part(view: View, person: Person, authority: str, own: Sequence[Element]) -> Resource:
    by_type: dict[str, list[Resource]] = {}
    for element in own:
        by_type.setdefault(type_of(element), []).append(reference_to(element))
    activities = [one for kind in ("ServiceRequest", "Task", "Appointment") for one in by_type.pop(kind, [])]
    goals, needs = by_type.pop("Goal", []), by_type.pop("Condition", [])
    return {
        "resourceType": "CarePlan",
        "id": part_id(view.plan, authority),
        "meta": _meta(view, own),
        **filled(identifier=_cases(view, authority, own)),
        "partOf": [reference("CarePlan", view.plan)],
        "status": _status_of_part(own),
        "intent": "plan",
        "category": _category("part-of-authority"),
        "title": f"{_TITLE}: {authority}",
        "subject": reference("Patient", person.id),
        "author": _author(person, authority),
        **filled(
            period=_span(own),
            addresses=needs,
            goal=goals,
            activity=[{"reference": one} for one in activities],
            supportingInfo=[one for rest in by_type.values() for one in rest],
        ),
    }


def _meta(view: View, own: Sequence[Element]) -> Resource:
    """Return the labels of several elements, and when what is told of them has last changed."""
    ids = {element.id for element in own}
    times = [seen.registered_at for seen in view.seen if seen.registered_at and seen.element.id in ids]
    return filled(
        lastUpdated=instant(max(times)) if times else None, security=security({element.label for element in own})
    )


def _category(code: str) -> list[Resource]:
    return [{"coding": [{"system": CARE_PLAN, "code": code}]}]


def _span(own: Sequence[Element]) -> Resource:
    """Return the time that several elements take up together; where one has no beginning or end, neither has that."""
    starts = [element.valid.start for element in own]
    ends = [element.valid.end for element in own]
    start = min((one for one in starts if one), default=None) if None not in starts else None
    end = max((one for one in ends if one), default=None) if None not in ends else None
    return period(Period(start, end))


def _cases(view: View, authority: str, own: Sequence[Element]) -> list[Resource]:
    """Return the authority's own case numbers, for those who work with them: the authority and the coordinator."""
    if not view.tells_case_of(authority):
        return []
    numbers = sorted({element.provenance.case for element in own})
    return [{"system": f"{CASE_OF}{authority}", "value": number} for number in numbers]


def _status_of_part(own: Sequence[Element]) -> str:
    """Return where an authority's part stands, by what is seen of it; a part never closes the whole plan."""
    statuses = {element.status for element in own}
    if statuses == {Status.ENTERED_IN_ERROR}:
        return "entered-in-error"
    if statuses <= ENDED:
        return "completed" if Status.COMPLETED in statuses else "revoked"
    return "on-hold" if statuses - ENDED == {Status.ON_HOLD} else "active"


def _care_team(plan: UUID, person: Person, coordinator: str, parts: Mapping[str, Sequence[Element]]) -> Resource:
    """Return who works together, as far as the reader can see: who belongs to a plan tells what may be withheld."""
    others = [name for name in parts if name not in (coordinator, CITIZEN)]
    members = [
        {"role": [{"coding": [{"system": PARTICIPANT_ROLE, "code": role}]}], "member": reference("Organization", name)}
        for name, role in ((coordinator, COORDINATES), *((name, COOPERATES) for name in others))
    ]
    return {
        "resourceType": "CareTeam",
        "id": str(plan),
        "status": "active",
        "subject": reference("Patient", person.id),
        "participant": [{"member": reference("Patient", person.id)}, *members],
        "managingOrganization": [reference("Organization", coordinator)],
    }


def _patient(person: Person, view: View, *, has_protected_address: bool) -> Resource:
    numbers = person.numbers_for(view.reader.organisation)
    if view.reader.role is Role.PARTNER:  # who helps needs no person number for it; an authority has it already
        numbers = ()
    return {
        "resourceType": "Patient",
        "id": str(person.id),
        # dk-core: who reads a Patient so labelled gives the address away to nobody (CPR-loven § 28).
        **filled(meta={"security": [{"system": CONFIDENTIALITY, "code": "R"}]} if has_protected_address else None),
        **filled(
            identifier=[
                {"use": _use(number, is_newest=number == numbers[0]), "system": number.system, "value": number.value}
                for number in numbers
            ],
            name=[{"text": person.name}] if person.name else [],
        ),
    }


def _use(number: Identifier, *, is_newest: bool) -> str:
    """Return what a number is used for; a replacement number is one until there is a CPR number."""
    if not is_newest:
        return "old"
    return "official" if number.system == CPR else "temp"


def _provenances(
    plan: UUID, person: Person, parts: Mapping[str, Sequence[Element]], registered_at: Mapping[UUID, datetime]
) -> Iterator[Resource]:
    """Yield where each part came from; not of a part of which no time may be told, for R4 wants one."""
    for authority, own in parts.items():
        times = [registered_at[element.id] for element in own if element.id in registered_at]
        if times:
            yield _provenance(plan, _author(person, authority), authority, own, max(times))


def _provenance(plan: UUID, author: Resource, authority: str, own: Sequence[Element], recorded: datetime) -> Resource:
    systems = sorted({element.provenance.source_system for element in own})
    return {
        "resourceType": "Provenance",
        "id": part_id(plan, authority),
        "target": [reference("CarePlan", part_id(plan, authority))],
        "recorded": instant(recorded),
        "agent": [{"type": _AUTHOR, "who": author}],
        "entity": [
            {"role": "source", "what": {"identifier": {"system": SOURCE_SYSTEM, "value": name}}} for name in systems
        ],
    }
