"""Whom a resource is about: by the hub's id, or by a number in the body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from hub.errors import Fault, InvalidRequest
from hub.plan.identifier import CPR, Identifier, NotAnIdentifier, cpr_identifier

#: Where each type says whom it is about; of an Appointment one of the participants is the citizen.
SUBJECT_OF = {"Goal": "subject", "Communication": "subject", "Task": "for", "Consent": "patient"}


def patient_of(resource: Mapping[str, Any], kind: str, organisation: str, path: str = "") -> UUID | Identifier:
    """Return whom a resource is about.

    :param organisation: whose own a replacement number is.
    :param path: where the resource stands in what was sent; its type where it stands alone.
    :raises InvalidRequest: it names nobody, or somebody in two ways.
    """
    path = path or kind
    if kind in SUBJECT_OF:
        name = SUBJECT_OF[kind]
        return _named(resource.get(name), f"{path}.{name}", organisation)
    actors = [one.get("actor") for one in resource.get("participant", ()) if isinstance(one, Mapping)]
    citizens = [one for one in actors if isinstance(one, Mapping) and may_be_citizen(one)]
    if len(citizens) != 1:
        raise _fault(f"{path}.participant", "The citizen takes part, once.", "Name the Patient as one actor.")
    return _named(citizens[0], f"{path}.participant.actor", organisation)


def may_be_citizen(actor: Mapping[str, Any]) -> bool:
    """Tell whether an actor is named as a Patient is."""
    return "identifier" in actor or str(actor.get("reference", "")).startswith("Patient/")


def _named(patient: Any, path: str, organisation: str) -> UUID | Identifier:
    patient = patient if isinstance(patient, Mapping) else {}
    identifier = patient.get("identifier") or {}
    if identifier and "reference" in patient:  # were one read and the other not, it might be somebody else's
        raise _fault(path, "It names the patient in two ways, which may disagree.", "Send one of the two.")
    try:
        if isinstance(identifier, Mapping) and identifier.get("system") == CPR:
            return cpr_identifier(str(identifier.get("value", "")), organisation)
        kind, _, id = str(patient.get("reference", "")).rpartition("/")
        if kind == "Patient":
            return UUID(id)
    except NotAnIdentifier as error:
        raise _fault(f"{path}.identifier.value", str(error)) from None
    except ValueError:
        pass  # said below
    raise _fault(path, "It names nobody.", "Write Patient/<id at the hub>, or an identifier with a CPR.")


def _fault(field: str, sentence: str, next_step: str = "") -> InvalidRequest:
    return InvalidRequest("The request has faults.", faults=[Fault(field, sentence, next_step)])
