"""What the facade can do, as FHIR R4 has a server say it."""

from __future__ import annotations

from collections.abc import Iterable

from hub import __version__
from hub.fhir.search_parameters import PARAMETERS, Sort
from hub.fhir.subscription_out import subscriptions_served
from hub.fhir.words import Resource

_STATED_ON = "2026-11-29"  # when this last changed
_DEFINED = "urn:one-plan-hub:fhir:operation"
_EVERYTHING = "http://hl7.org/fhir/OperationDefinition/Patient-everything"
#: Types of which the hub keeps no versions, for it makes them anew from the elements of a plan.
_MADE_ANEW = frozenset({"CarePlan", "CareTeam", "Group", "Organization", "Patient", "Provenance"})
_OPERATIONS = {
    "CarePlan": [{"name": "everything", "definition": f"{_DEFINED}:careplan-everything"}],
    "Consent": [{"name": "decide", "definition": f"{_DEFINED}:decide"}],
    "Patient": [{"name": "everything", "definition": _EVERYTHING}],
}
#: Types of which somebody may write one, and change what they wrote.
_WRITTEN = frozenset({"Appointment", "Communication", "Goal", "Task"})
_CREATED = _WRITTEN | {"Consent"}
_SAYS = {
    **dict.fromkeys(_WRITTEN, "Whoever writes one changes it; it ends by its status, and nothing is deleted."),
    "Consent": "In the shapes of IHE PCF; what cannot be represented is refused.",
    **dict.fromkeys(_MADE_ANEW, "Made anew from the elements of a plan: its history is how it reads now."),
}
_SECURITY = "http://terminology.hl7.org/CodeSystem/restful-security-service"


def capability_statement() -> Resource:
    """Return what the facade can do."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _STATED_ON,
        "kind": "instance",
        "software": {"name": "One Plan Hub", "version": __version__},
        "implementation": {"description": "One citizen, one plan: as far as the caller may see"},
        "fhirVersion": "4.0.1",
        "format": ["json", "application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Consent comes first: every answer is a function of what the caller may see today.",
                "security": {
                    "service": [{"coding": [{"system": _SECURITY, "code": "OAuth"}]}],
                    "description": "A bearer token of a configured client; see SECURITY.md.",
                },
                "resource": [*(_resource(kind) for kind in PARAMETERS), subscriptions_served()],
                "interaction": [{"code": "transaction"}],
            }
        ],
    }


def _resource(kind: str) -> Resource:
    interactions = ["read", "vread", "history-instance", "search-type"]
    interactions += [name for name, kinds in (("create", _CREATED), ("update", _WRITTEN)) if kind in kinds]
    return {
        "type": kind,
        **({"documentation": _SAYS[kind]} if kind in _SAYS else {}),
        "interaction": [{"code": one} for one in interactions],
        "versioning": "versioned-update" if kind in _WRITTEN else "versioned",
        "readHistory": kind not in _MADE_ANEW,
        **({"updateCreate": False, "conditionalCreate": True} if kind in _WRITTEN else {}),
        "conditionalRead": "not-match",
        "searchInclude": sorted(_includes([kind])),
        "searchRevInclude": sorted(_includes(other for other in PARAMETERS if other != kind)),
        "searchParam": [{"name": name, "type": one.sort.value} for name, one in sorted(PARAMETERS[kind].items())],
        **({"operation": _OPERATIONS[kind]} if kind in _OPERATIONS else {}),
    }


def _includes(kinds: Iterable[str]) -> Iterable[str]:
    return (f"{kind}:{name}" for kind in kinds for name, one in PARAMETERS[kind].items() if one.sort is Sort.REFERENCE)
