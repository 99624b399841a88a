"""The citizen's ledger of disclosures as FHIR R4 ``AuditEvent``, in the shapes of IHE's Basic Audit Log Patterns.

What was sent or fetched is a disclosure at its source (PrivacyDisclosure), a question why something may be seen is a
decision by consent (AuthZconsent), and what was read is a read or a query. Organisations and roles are named and no
member of staff. No profile of BALP is claimed, for they want the addresses of networks. The ledger is told here as it
was told to its reader: this room decides nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from hub.fhir.consent_words import PURPOSE
from hub.fhir.words import AUTHORITY, Resource, filled, instant, reference
from hub.flow.ledger import Ledger
from hub.flow.ledger_rows import Disclosure
from hub.flow.ledger_words import Deed, organisation_word
from hub.plan.identifier import in_letters
from hub.plan.own import CITIZEN

_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
_LIFECYCLE, _REST = f"{_TERMINOLOGY}iso-21089-lifecycle", "http://hl7.org/fhir/restful-interaction"
_BALP = "https://profiles.ihe.net/ITI/BALP/CodeSystem/AuthZsubType"
_ROLE, _DEED, _RULE = "urn:one-plan-hub:role", "urn:one-plan-hub:deed", "urn:one-plan-hub:rule:"
_HUB = {"identifier": {"system": "urn:one-plan-hub:source-system", "value": "one-plan-hub"}, "display": "One Plan Hub"}
_SUCCESS, _UNSURE = "0", "4"
_OCTETS = 12  # of an id, which R4 lets have 64 signs


@dataclass(frozen=True, slots=True)
class _Shape:
    """What kind of event a deed is: type and subtype, each a system and a code, and what was done (R4 action)."""

    type: tuple[str, str]
    subtype: tuple[str, str] | None
    action: str


_EXPORTED = _Shape((_DICOM, "110106"), (_LIFECYCLE, "disclose"), "R")
_READ = _Shape((f"{_TERMINOLOGY}audit-event-type", "rest"), (_REST, "read"), "R")
_ALERT = (_DICOM, "110113")
_LABELLED = _Shape(_ALERT, (_DICOM, "110135"), "U")  # security attributes of an object were changed
_BY_ROLE = _Shape(_ALERT, (_BALP, "AuthZ-Role"), "E")  # decided by law alone
_SHAPES: Mapping[Deed, _Shape] = {
    Deed.SENT: _EXPORTED,
    Deed.FETCHED: _EXPORTED,
    Deed.MAY_HAVE_LEFT: _EXPORTED,
    Deed.TAKEN_BACK: _Shape((_LIFECYCLE, "destroy"), None, "D"),
    Deed.READ: _READ,
    Deed.EMERGENCY_READ: _READ,
    Deed.REVEALED: _READ,
    Deed.EXPORTED: _READ,
    Deed.CHOICES_READ: _READ,
    Deed.FOUND: _Shape((f"{_TERMINOLOGY}audit-event-type", "rest"), (_REST, "search"), "E"),
    Deed.EXPLAINED: _Shape(_ALERT, (_BALP, "AuthZ-Consent"), "E"),
    Deed.EMERGENCY_OPENED: _Shape(_ALERT, (_DICOM, "110127"), "E"),
    Deed.EMERGENCY_JUDGED: _Shape(_ALERT, None, "E"),
    Deed.MEETING_OPENED: _Shape(_ALERT, None, "E"),
    Deed.HELD: _LABELLED,
    Deed.HOLD_LIFTED: _LABELLED,
    Deed.RESTRICTED: _LABELLED,
    Deed.RESTRICTION_LIFTED: _LABELLED,
}
_BY_THE_HUB = frozenset({Deed.SENT, Deed.MAY_HAVE_LEFT, Deed.TAKEN_BACK})
_SOURCE, _DESTINATION = (_DICOM, "110153"), (_DICOM, "110152")
_RECIPIENT = (f"{_TERMINOLOGY}v3-ParticipationType", "IRCP")


def audit_events(ledger: Ledger) -> list[Resource]:
    """Return a ledger as resources, in its order: the newest first.

    An event keeps its id, however much becomes known of it: what may have left, and what arrived, is one. The id begins
    with the plan's, by which it is found.
    """
    told_before: Counter[str] = Counter()
    named: list[str] = []
    for one in reversed(ledger.disclosures):
        name = _name(one)
        named.append(f"{name}|{told_before[name]}")
        told_before[name] += 1
    ids = [f"{ledger.plan}-{in_letters(uuid5(ledger.plan, name).bytes[:_OCTETS])}" for name in reversed(named)]
    return [_event(one, id, ledger.plan, ledger.person) for one, id in zip(ledger.disclosures, ids, strict=True)]


def _name(one: Disclosure) -> str:
    """Return what tells an event from the others of its plan, of what is told of it alone."""
    if one.delivery:
        return f"{one.delivery}|{one.deed is Deed.TAKEN_BACK}"
    return "|".join((one.deed, one.at.isoformat(timespec="microseconds"), *one.organisations))


def _event(one: Disclosure, id: str, plan: UUID, person: UUID) -> Resource:
    shape = _SHAPES[one.deed] if one.deed is not Deed.EXPLAINED or one.consents else _BY_ROLE
    subtypes = [*([_coding(*shape.subtype)] if shape.subtype else []), _coding(_DEED, one.deed.value)]
    return filled(
        resourceType="AuditEvent",
        id=id,
        language="da",
        type=_coding(*shape.type),
        subtype=subtypes,
        action=shape.action,
        recorded=instant(one.at),
        outcome=_UNSURE if one.deed is Deed.MAY_HAVE_LEFT else _SUCCESS,
        outcomeDesc=one.sentence.da,
        purposeOfEvent=_purposes(one),
        agent=[*_organisations(one), _the_hub(one)],
        source={"observer": _HUB, "type": [_coding(f"{_TERMINOLOGY}security-source-type", "4")]},
        entity=[_patient(person), _plan(one, plan), *(_consent(named) for named in one.consents)],
    )


def _organisations(one: Disclosure) -> Sequence[Resource]:
    """Return who got or did it; of a meeting nobody alone has asked for it."""
    kind = _DESTINATION if one.delivery else _RECIPIENT
    is_asked_by_them = one.deed not in _BY_THE_HUB and len(one.organisations) == 1
    return [
        filled(
            type={"coding": [_coding(*kind)]},
            role=[{"coding": [_coding(_ROLE, one.role)]}] if one.role else [],
            who=_who(name),
            policy=[_RULE + basis.rule for basis in one.bases],
            purposeOfUse=_purposes(one),
        )
        | {"requestor": is_asked_by_them}
        for name in one.organisations or ("",)
    ]


def _who(name: str) -> Resource:
    """Return an organisation. A citizen may be the plan's own, or a parent: the record does not say which."""
    if not name or name == CITIZEN:
        told = {"identifier": {"system": AUTHORITY, "value": name}} if name else {}
        return {**told, "display": organisation_word(name).da}
    return reference("Organization", name)


def _the_hub(one: Disclosure) -> Resource:
    return {"type": {"coding": [_coding(*_SOURCE)]}, "who": _HUB, "requestor": one.deed in _BY_THE_HUB}


def _patient(person: UUID) -> Resource:
    return {
        "what": reference("Patient", person),
        "type": _coding(f"{_TERMINOLOGY}audit-entity-type", "1"),
        "role": _coding(f"{_TERMINOLOGY}object-role", "1"),
    }


def _plan(one: Disclosure, plan: UUID) -> Resource:
    """Return what it was about: the plan, the topics, and the law as it is cited."""
    details = [("category", name) for name in one.categories if name]
    details += [("legal-basis", basis.citation) for basis in one.bases if basis.citation]
    return filled(
        what=reference("CarePlan", plan),
        type=_coding(f"{_TERMINOLOGY}audit-entity-type", "2"),
        role=_coding(f"{_TERMINOLOGY}object-role", "4"),
        detail=[{"type": name, "valueString": value} for name, value in details],
    )


def _consent(named: str) -> Resource:
    id, _, version = named.partition("/")
    return {
        "what": reference("Consent", f"{id}/_history/{version}"),
        "type": _coding("http://hl7.org/fhir/resource-types", "Consent"),
    }


def _purposes(one: Disclosure) -> Sequence[Resource]:
    return [{"coding": [_coding(PURPOSE, one.purpose)]}] if one.purpose else []


def _coding(system: str, code: str) -> Resource:
    return {"system": system, "code": code}
