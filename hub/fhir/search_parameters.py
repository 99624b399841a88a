"""What can be searched for: each parameter of R4 that is served, its sort, and where in a resource its values stand.

Source: the search parameters of FHIR R4 (http://hl7.org/fhir/R4/searchparameter-registry.html). A parameter looks at a
resource as its reader is shown it, so a search finds nothing in what is withheld.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hub.fhir.words import Resource


class Sort(StrEnum):
    """What a parameter's values are (http://hl7.org/fhir/R4/valueset-search-param-type.html)."""

    TOKEN = "token"  # noqa: S105 - a code
    REFERENCE = "reference"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of one resource type.

    :ivar paths: where its values stand, each as names joined by dots; lists on the way are gone through. None: it is
        about whose plan the resource is of, and no more is asked.
    :ivar target: the one type that its references name; empty: they say which.
    :ivar tells_who: its values may identify a person or a case, so that it is posted and never part of an address.
    """

    sort: Sort
    paths: tuple[str, ...]
    target: str = ""
    tells_who: bool = False

    def values(self, resource: Resource) -> Iterator[Any]:
        """Yield what a resource says of it."""
        for path in self.paths:
            yield from _at(resource, path.split("."))


def _at(value: Any, steps: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _at(one, steps)
    elif not steps:
        yield value
    elif isinstance(value, dict) and steps[0] in value:
        yield from _at(value[steps[0]], steps[1:])


def _token(*paths: str) -> Parameter:
    return Parameter(Sort.TOKEN, paths)


def _reference(*paths: str, to: str = "") -> Parameter:
    return Parameter(Sort.REFERENCE, paths, to)


def _date(*paths: str) -> Parameter:
    return Parameter(Sort.DATE, paths)


_PATIENT = "Patient"
_IDENTIFIER = Parameter(Sort.TOKEN, ("identifier",), tells_who=True)
_OF_ALL = {"_id": _token("id"), "_lastUpdated": _date("meta.lastUpdated"), "_security": _token("meta.security"),
           "_tag": _token("meta.tag")}  # fmt: skip
_OF_SUBJECT = {"patient": _reference("subject", to=_PATIENT), "subject": _reference("subject")}

# fmt: off
_OWN: Mapping[str, Mapping[str, Parameter]] = {
    "Appointment": {
        "actor": _reference("participant.actor"), "date": _date("start"), "identifier": _IDENTIFIER,
        "part-status": _token("participant.status"), "patient": _reference("participant.actor", to=_PATIENT),
        "service-type": _token("serviceType"), "status": _token("status"),
    },
    "AuditEvent": {
        "action": _token("action"), "agent": _reference("agent.who"), "date": _date("recorded"),
        "entity": _reference("entity.what"), "outcome": _token("outcome"),
        "patient": _reference("agent.who", "entity.what", to=_PATIENT), "subtype": _token("subtype"),
        "type": _token("type"),
    },
    "CarePlan": {
        **_OF_SUBJECT, "activity-reference": _reference("activity.reference"),
        "care-team": _reference("careTeam", to="CareTeam"), "category": _token("category"), "date": _date("period"),
        "goal": _reference("goal", to="Goal"), "identifier": _IDENTIFIER, "intent": _token("intent"),
        "part-of": _reference("partOf", to="CarePlan"), "status": _token("status"),
    },
    "CareTeam": {**_OF_SUBJECT, "participant": _reference("participant.member"), "status": _token("status")},
    "Communication": {
        **_OF_SUBJECT, "category": _token("category"), "sender": _reference("sender"), "sent": _date("sent"),
        "status": _token("status"),
    },
    "Condition": {
        **_OF_SUBJECT, "clinical-status": _token("clinicalStatus"), "code": _token("code"),
        "onset-date": _date("onsetDateTime"),
    },
    "Consent": {
        "action": _token("provision.action"), "actor": _reference("provision.actor.reference"),
        "category": _token("category"), "consentor": _reference("performer"), "date": _date("dateTime"),
        "identifier": _IDENTIFIER, "patient": _reference("patient", to=_PATIENT), "period": _date("provision.period"),
        "purpose": _token("provision.purpose"), "scope": _token("scope"),
        "security-label": _token("provision.securityLabel"), "status": _token("status"),
    },
    "EpisodeOfCare": {
        "date": _date("period"), "identifier": _IDENTIFIER,
        "organization": _reference("managingOrganization", to="Organization"),
        "patient": _reference("patient", to=_PATIENT), "status": _token("status"), "type": _token("type"),
    },
    "Goal": {
        **_OF_SUBJECT, "achievement-status": _token("achievementStatus"), "category": _token("category"),
        "identifier": _IDENTIFIER, "lifecycle-status": _token("lifecycleStatus"), "start-date": _date("startDate"),
        "target-date": _date("target.dueDate"),
    },
    "Group": {"member": _reference("member.entity"), "type": _token("type")},
    "Organization": {"active": _token("active"), "identifier": Parameter(Sort.TOKEN, ("identifier",))},
    "Patient": {"identifier": _IDENTIFIER},
    "PractitionerRole": {
        "active": _token("active"), "date": _date("period"),
        "organization": _reference("organization", to="Organization"), "role": _token("code"),
    },
    "Provenance": {
        "agent": _reference("agent.who"), "patient": _reference(to=_PATIENT), "recorded": _date("recorded"),
        "target": _reference("target"),
    },
    "RelatedPerson": {
        "active": _token("active"), "patient": _reference("patient", to=_PATIENT),
        "relationship": _token("relationship"),
    },
    "ServiceRequest": {
        **_OF_SUBJECT, "code": _token("code"), "identifier": _IDENTIFIER, "intent": _token("intent"),
        "occurrence": _date("occurrencePeriod"), "requester": _reference("requester"), "status": _token("status"),
    },
    "Task": {
        "authored-on": _date("authoredOn"), "based-on": _reference("basedOn"), "code": _token("code"),
        "business-status": _token("businessStatus"), "focus": _reference("focus"), "identifier": _IDENTIFIER,
        "intent": _token("intent"), "modified": _date("lastModified"), "owner": _reference("owner"),
        "part-of": _reference("partOf", to="Task"), "patient": _reference("for", to=_PATIENT),
        "period": _date("executionPeriod"), "requester": _reference("requester"), "status": _token("status"),
        "subject": _reference("for"),
    },
}
# fmt: on

#: Resource type → name → parameter.
PARAMETERS: Mapping[str, Mapping[str, Parameter]] = {kind: {**_OF_ALL, **own} for kind, own in _OWN.items()}
