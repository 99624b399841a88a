"""FHIR ``Parameters``: named values in, and a decision out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.consent.decision import Decision
from hub.errors import Fault, InvalidRequest
from hub.fhir.words import Resource, filled, instant


def texts_of(resource: Mapping[str, Any], known: frozenset[str]) -> dict[str, str]:
    """Return the named values of a Parameters resource as texts.

    :raises InvalidRequest: naming every parameter that is not known, not a text, or there twice.
    """
    found: dict[str, str] = {}
    given = resource.get("parameter", [])
    if resource.get("resourceType") != "Parameters" or not isinstance(given, list):
        raise InvalidRequest("The resource is no Parameters.", faults=[Fault("resourceType", "It is not Parameters.")])
    faults: list[Fault] = []
    for place, one in enumerate(given):
        name = one.get("name") if isinstance(one, Mapping) else None
        values = [value for key, value in one.items() if key.startswith("value")] if isinstance(one, Mapping) else []
        if not isinstance(name, str) or name not in known or name in found:
            faults.append(Fault(f"parameter[{place}].name", "There is no such parameter, or it is there twice."))
        elif len(values) != 1 or not isinstance(values[0], str):
            faults.append(Fault(f"parameter[{place}].value", "One text is needed."))
        else:
            found[name] = values[0]
    if faults:
        raise InvalidRequest("The parameters have faults.", faults=faults)
    return found


def decided(decision: Decision) -> Resource:
    """Return a decision as Parameters: what, why, by which rules and consents, until when, and what it obliges to."""
    parts = [
        {"name": "decision", "valueCode": decision.outcome.value},
        {"name": "reason", "valueCode": decision.reason.value},
        *({"name": "rule", "valueString": rule} for rule in decision.rule_ids),
        *(
            {"name": "consent", "valueReference": {"reference": f"Consent/{rested.id}/_history/{rested.version}"}}
            for rested in decision.consents
        ),
        {"name": "policy-version", "valueInteger": decision.policy_version},
        *({"name": "left-out", "valueCode": part.value} for part in sorted(decision.hidden)),
        *({"name": "obligation", "valueCode": one.value} for one in decision.obligations),
        {"name": "sentence-da", "valueString": decision.sentence.da},
        {"name": "sentence-en", "valueString": decision.sentence.en},
    ]
    if decision.valid_until is not None:
        parts.append({"name": "valid-until", "valueDateTime": instant(decision.valid_until)})
    return filled(resourceType="Parameters", parameter=parts)
