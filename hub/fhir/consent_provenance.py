"""Where a version of a consent comes from, as FHIR R4 ``Provenance``: who said it, as what, for whom, when and how."""

from __future__ import annotations

from datetime import datetime

from hub.consent.consent import Capacity, Consent, ConsentStatus, Grant
from hub.consent.reader import Reader
from hub.consent.told import told_to
from hub.fhir.consent_out import performer
from hub.fhir.words import Resource, instant, reference

_TYPE = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
_DEED = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
_FIRST = 1


def provenance_of(consent: Consent, recorded: datetime, reader: Reader) -> Resource:
    """Return where a version of a consent comes from, as far as the reader may know it.

    A parent who speaks for a child learns their own word and nobody else's (``hub.consent.told``).

    :param recorded: when the hub wrote this version down.
    :raises ValueError: the reader is a citizen who has no word in it.
    """
    told = told_to(reader, consent)
    return {
        "resourceType": "Provenance",
        "id": f"{consent.id}-{consent.version}",
        "target": [reference("Consent", f"{consent.id}/_history/{consent.version}")],
        "occurredDateTime": instant(told.given_at if _is_given(consent) else recorded),
        "recorded": instant(recorded),
        "activity": {"coding": [{"system": _DEED, "code": _deed(consent)}]},
        "agent": [_agent(grant, consent) for grant in told.grants],
    }


def _is_given(consent: Consent) -> bool:
    return consent.status is ConsentStatus.ACTIVE


def _deed(consent: Consent) -> str:
    """Return what was done: given, given anew, or taken back."""
    if not _is_given(consent):
        return "ABORT"
    return "CREATE" if consent.version == _FIRST else "UPDATE"


def _agent(grant: Grant, consent: Consent) -> Resource:
    said = performer(grant)
    for_child = {} if grant.capacity is Capacity.SELF else {"onBehalfOf": reference("Patient", consent.person)}
    return {
        "extension": said["extension"],
        "type": {"coding": [{"system": _TYPE, "code": "author"}]},
        "who": {"reference": said["reference"]},
        **for_child,
    }
