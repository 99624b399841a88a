"""A FHIR R4 ``Appointment`` read as an appointment of ours, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.fhir.parts import Parts
from hub.fhir.patient_in import may_be_citizen
from hub.fhir.words import CONTACT
from hub.fhir.written_in import (
    REFERENCE,
    Where,
    check_patient,
    codes_of,
    end,
    identifiers_of,
    is_sensitive,
    long_text,
    moment_of,
    root,
    status_of,
    text_of,
)
from hub.plan.demands import Way
from hub.plan.element import Code, Detail, Kind, Period, Status
from hub.plan.own import OwnWords

_KNOWN = frozenset({"extension", "status", "serviceType", "description", "start", "end", "comment", "participant"})
_STATUSES = {
    "proposed": Status.PROPOSED,
    "booked": Status.PLANNED,
    "waitlist": Status.ON_HOLD,
    "fulfilled": Status.COMPLETED,
    "cancelled": Status.CANCELLED,
    "entered-in-error": Status.ENTERED_IN_ERROR,
}
#: Who else takes part, as a name without a reference: the type of the actor → the fact that it is kept as.
_NAMED = {"Location": Detail.PLACE, "Practitioner": "with"}
_MOST = 200


def read_appointment(resource: Mapping[str, Any], where: Where) -> OwnWords:
    """Read a resource as an appointment: when, where, with whom, and how the citizen is met.

    :raises InvalidRequest: naming every element that cannot be represented, with the reason; no value is repeated.
    """
    parts = root(resource, where, _KNOWN)
    parts.knows_extensions((CONTACT,))
    start, ends = moment_of(parts, "start"), moment_of(parts, "end")
    if start is not None and ends is not None and ends <= start:
        parts.fault("end", "It lies before the start.", "Correct one of the two.")
    words = OwnWords(
        Kind.APPOINTMENT,
        text_of(parts, "description", letters=2, most=_MOST),
        long_text(parts, "comment") if "comment" in parts.value else "",
        part_of=where.was.part_of if where.was else None,
        is_sensitive=is_sensitive(parts, where),
        valid=Period(start, ends),
        status=status_of(parts, "status", _STATUSES, where),
        codes=_services(parts),
        details={**_taking_part(parts, where), **_contact(parts), **identifiers_of(parts, where)},
    )
    end(parts, "Appointment")
    return words


def _services(parts: Parts) -> tuple[Code, ...]:
    services = parts.children("serviceType")
    if len(services) > 1:
        parts.fault("serviceType", "Only one can be kept.")
    if not services:
        return ()
    services[0].knows(frozenset({"coding"}))
    return codes_of(services[0])


def _contact(parts: Parts) -> dict[str, str]:
    said = [one for one in parts.children("extension") if one.value.get("url") == CONTACT]
    if not said:
        return {}
    said[0].knows(frozenset({"url", "valueCode"}))
    way = said[0].value.get("valueCode")
    if len(said) > 1 or way not in set(Way):
        parts.fault("extension", "How somebody is met is one code.", f"Use one of {', '.join(Way)}.")
        return {}
    return {Detail.CONTACT: str(way)}


def _taking_part(parts: Parts, where: Where) -> dict[str, str]:
    """Return where it is and with whom. The citizen takes part in any case, and is named once."""
    found: dict[str, str] = {}
    citizens = 0
    for one in parts.children("participant"):
        one.knows(frozenset({"actor", "status"}))
        if one.value.get("status") != "needs-action":
            one.fault("status", "Who has said yes to come is not kept.", "Use needs-action.")
        actor = one.child("actor")
        fact = _NAMED.get(str(actor.value.get("type")))
        if may_be_citizen(actor.value):
            citizens += 1
            check_patient(one, "actor", where)
        elif fact is None or "reference" in actor.value:
            step = f"Send type ({' or '.join(_NAMED)}) and display, and no reference."
            one.fault("actor", "Of others who take part only a place and a person are kept, by name.", step)
        else:
            actor.knows(REFERENCE)
            if fact in found:
                one.fault("actor", "Only one of each type can be kept.", "Put their names together.")
            found[fact] = text_of(actor, "display", letters=0, most=_MOST)
    if citizens != 1:
        parts.fault("participant", "The citizen takes part, once.", "Name the Patient as actor of one participant.")
    return found
