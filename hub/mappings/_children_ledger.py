"""What becomes of every leaf that children and family services send. A test walks their XSDs beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hub.authority import Fate, LedgerEntry

_ORDER = "what decides between two messages is SagVersion, Aendringstidspunkt and MeddelelseId"

#: Leaf → plan field.
_HEAD_AND_CASE = {
    "Hoved/MeddelelseId": "message id; last part of the order key",
    "Hoved/Kildesystem": "provenance.source_system",
    "Sag/SagId": "provenance.case",
    "Sag/SagVersion": "first part of the order key",
    "Sag/Aendringstidspunkt": "second part of the order key",
    "Sag/Slettet": "a snapshot that names nothing",
    "Sag/KLEEmne/Kode": "codes (KLE) of the case",
    "Sag/KLEEmne/Tekst": "text of the code",
    "Sag/Foelsomhed": "label of the case and of every item without its own",
    "Sag/Sagsstatus": "status of the case",
    "Sag/Titel": "title of the case",
    "Sag/Barn/CPR": "the plan's person",
    "Sag/Barn/Navn": "name of the plan's person",
    "Sag/Barn/AdresseBeskyttet": "protected address of the plan's person",
}
_DROPPED = {
    "Hoved/KorrelationId": "the door takes the header X-Correlation-Id",
    "Hoved/Afsendelsestidspunkt": _ORDER,
}
#: What every item has but a person of the household, who is whom it concerns.
_IDENTITY = {"Id": "source id", "Foelsomhed": "label", "VedroererCPR": "concerns"}
_COURSE = {"Titel": "title", "Tekst": "text", "Status": "status", "Startdato": "valid.start", "Slutdato": "valid.end"}
_MEETING = {"Titel": "title", "Tekst": "text", "Status": "status; missed is details.missed too"}
#: Item → its own leaves → plan field.
_ITEMS: Mapping[str, Mapping[str, str]] = {
    "Husstand/Person": {
        "Id": "source id",
        "Foelsomhed": "label",
        "CPR": "concerns",
        "Navn": "title; name of the person",
        "Relation": "details.relation",
        "Foraeldremyndighed": "details.custody",
        "AdresseBeskyttet": "details.protected-address; protected address of the person",
        "GyldigFra": "valid.start",
        "GyldigTil": "valid.end",
    },
    "Undersoegelse": _COURSE,
    "Behov": {"UndersoegelseId": "part_of", "Omraade": "category; codes", "Titel": "title", "Tekst": "text"},
    "Plan": {"Type": "codes", **{name: field for name, field in _COURSE.items() if name != "Tekst"}},
    "Plan/Maal": _COURSE,
    "Plan/Maal/Delmaal": {"Titel": "title", "Tekst": "text", "Status": "status", "Frist": "valid.end"},
    "Plan/Indsats": {
        "MaalId": "part_of",
        "Paragraf/Kode": "codes (paragraph)",
        "Paragraf/Tekst": "text of the code",
        **_COURSE,
    },
    "Opfoelgning": {"PlanId": "part_of", "Dato": "valid, the whole day", **_MEETING},
    "Aftale": {
        "IndsatsId": "part_of",
        **_MEETING,
        "Start": "valid.start",
        "Slut": "valid.end",
        "Sted": "details.place",
        "Med": "details.with",
    },
    "Kontaktperson": {
        "Navn": "title; details.name",
        "Rolle": "details.role",
        "Telefon": "details.phone",
        "Email": "details.email",
    },
    "Notat": {"Emne": "category", "Tidspunkt": "valid.start", "Titel": "title", "Tekst": "text"},
}

_L201 = "/UdsatteBoernOgUngeLeveranceL201U1Struktur"
_METADATA = f"{_L201}/DeliveryMetadataNewStructure"
_MEASURE = f"{_L201}/ForanstaltningStrukturSamling/ForanstaltningStruktur"
_L201_MAPPED = {
    f"{_METADATA}/Envelope/Period": "order key, where no CommunicationDateTime is given",
    f"{_METADATA}/CommunicatorStructureCollection/CommunicatorStructure/CommunicationDateTime": "order key",
    f"{_MEASURE}/UdsatBarnCPRidentifikator": "the plan's person",
    f"{_MEASURE}/FormynderCPRidentifikator": "concerns",
    f"{_MEASURE}/ForanstaltningId": "provenance.case; source id",
    f"{_MEASURE}/ForanstaltningKode": "codes; title",
    f"{_MEASURE}/ForanstaltningStartDato": "valid.start",
    f"{_MEASURE}/ForanstaltningSlutDato": "valid.end",
}
_L231 = "/BoernMedHandicapLeveranceL231Struktur"
_HANDICAP = f"{_L231}/BoernMedHandicapSagStrukturSamling/BoernMedHandicapSagStruktur"
_L231_MAPPED = {
    **{path.replace(_L201, _L231): field for path, field in _L201_MAPPED.items() if path.startswith(_METADATA)},
    f"{_HANDICAP}/INDSATSFORLOEB_ID": "provenance.case; source id",
    f"{_HANDICAP}/INDBERETNINGSTYPE": "Annullering removes the activity; any other word is details.report-type",
    f"{_HANDICAP}/CPR": "the plan's person",
    f"{_HANDICAP}/INDSATS_KODE": "codes; title",
    f"{_HANDICAP}/INDSATS_STARTDATO": "valid.start",
    f"{_HANDICAP}/INDSATS_SLUTDATO": "valid.end",
    f"{_HANDICAP}/SAGSBEHANDLER": "details.caseworker",
    f"{_HANDICAP}/ORIGIN_INDSATSFORLOEB_ID": "details.previous-id",
}
_L231_DROPPED = {
    f"{_HANDICAP}/UDL_NR": "a child without a CPR number has no plan; its measure is left out",
    f"{_HANDICAP}/KOEN": "a plan does not tell the sex of a person",
    f"{_HANDICAP}/FOEDDAG": "a plan does not tell the day of birth; the person is known by the CPR number",
    f"{_HANDICAP}/ORIGIN_PERSON_ID": "it does not say which sort of number it is, and numbers are linked for good",
}
_FOR_THE_STATISTICS = "is about the delivery to the statistics, not about a plan"
_METADATA_DROPPED = (
    *(f"Envelope/{leaf}" for leaf in ("Source", "RefID", "SurveyID", "FormID", "ReportingDataType")),
    *(f"Envelope/Entity/{leaf}" for leaf in ("EntityIDType", "EntityID", "EntityPath")),
    *(f"Envelope/Entity/Authorisation/{leaf}" for leaf in ("AutID", "AutSubID", "Privilige")),
    "CommunicatorStructureCollection/CommunicatorStructure/CommunicationDescription",
    "CommunicatorStructureCollection/CommunicatorStructure/SystemStructure/SystemName",
    "CommunicatorStructureCollection/CommunicatorStructure/SystemStructure/SystemVersion",
    "ContactStructureCollection/ContactStructure/ContactTypeName",
    "ContactStructureCollection/ContactStructure/ContactIdentifier",
    "ContactStructureCollection/ContactStructure/ContactEmailAddress",
    "DBoksContactNewStructure/CVRnumberIdentifier",
    "DBoksContactNewStructure/ProductionUnitIdentifier",
    "FormVersion",
)


def _sag_entries() -> Iterator[LedgerEntry]:
    for leaf, field in _HEAD_AND_CASE.items():
        yield LedgerEntry(f"/SagOpdatering/{leaf}", Fate.MAPPED, field)
    for leaf, reason in _DROPPED.items():
        yield LedgerEntry(f"/SagOpdatering/{leaf}", Fate.DROPPED, reason)
    for item, leaves in _ITEMS.items():
        for leaf, field in leaves.items() if "Id" in leaves else {**_IDENTITY, **leaves}.items():
            yield LedgerEntry(f"/SagOpdatering/Sag/{item}/{leaf}", Fate.MAPPED, field)


def _delivery_entries(root: str, mapped: Mapping[str, str], dropped: Mapping[str, str]) -> Iterator[LedgerEntry]:
    for path, field in mapped.items():
        yield LedgerEntry(path, Fate.MAPPED, field)
    for leaf in _METADATA_DROPPED:
        yield LedgerEntry(f"{_METADATA.replace(_L201, root)}/{leaf}", Fate.DROPPED, _FOR_THE_STATISTICS)
    for path, reason in dropped.items():
        yield LedgerEntry(path, Fate.DROPPED, reason)


LEDGERS: Mapping[str, Sequence[LedgerEntry]] = {
    "children/v1": tuple(_sag_entries()),
    "children/l201-v1": tuple(_delivery_entries(_L201, _L201_MAPPED, {})),
    "children/l231-v1": tuple(_delivery_entries(_L231, _L231_MAPPED, _L231_DROPPED)),
}
