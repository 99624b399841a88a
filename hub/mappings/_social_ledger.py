"""The fate of every leaf of social/v1's case document."""

from __future__ import annotations

from collections.abc import Iterator

from hub.authority import Fate, LedgerEntry

_MAPPED = {
    "Nummer": "case: codes (KLE number and facet) and details case-number",
    "SagIdentity": "contribution: case; first half of the message id",
    "SagVersion": "contribution: order version; second half of the message id",
    "Aendret": "contribution: order changed-at",
    "Slettet": "contribution: a snapshot that names nothing",
    "Oprettet": "case: valid from",
    "Afsluttet": "case: valid until",
    "SagsTitel": "case: title",
    "Foelsomhed": "label of the case, and of every item without one of its own; VIP_SAGER covers all of the case",
    "SagsStatus.Navn": "case: status, when SagsTilstand is Aktiv; an unknown pair is kept as details source-status",
    "SagsStatus.SagsTilstand": "case: status",
    "PrimaryPart.CPRnummer": "person: identifier",
    "PrimaryPart.Navn": "person: name",
    "PrimaryPart.Adresse.ErBeskyttet": "person: protected address",
    "Personer[].Id": "household member: source id",
    "Personer[].Relation": "household member: details relation; an unknown word is other, kept as source-relation",
    "Personer[].CPRnummer": (
        "household member: concerns; an entry without a usable number, or with the citizen's own, is skipped"
    ),
    "Personer[].Navn": "household member: title; the other person: name",
    "Personer[].HarForaeldremyndighed": "household member: details custody",
    "Personer[].Adresse.ErBeskyttet": "household member: details protected-address; the other person: the same",
    "Personer[].Foelsomhed": "household member: label",
    "Behandler.Navn": "contact person: title and details name",
    "Behandler.Rolle": "contact person: details role",
    "Behandler.Telefon": "contact person: details phone",
    "Behandler.Email": "contact person: details email",
    "Behandler.Foelsomhed": "contact person: label",
    "Behov[].Niveau.Kode": "need: second code",
    "Behov[].Niveau.Tekst": "need: text of the second code",
    "Behov[].Konstateret": "need: valid from midnight in Denmark",
    "Indsatsformaal.Id": "purpose (a goal): source id",
    "Indsatsformaal.Tekst": "purpose (a goal): title",
    "Indsatsformaal.Foelsomhed": "purpose (a goal): label",
    "Delmaal[].MaalId": "sub-goal: part of the goal; of the case when it names no such goal",
    "Indsatser[].MaalId": "activity: part of the goal, else of the purpose; of the case when it names no such goal",
    "Indsatser[].Paragraf": "activity: code of the law; one that is not recognised passes through with its text",
    "Indsatser[].Tilbud": "activity: details place",
    "Opfoelgninger[].Dato": "follow-up (an appointment): the whole day in Denmark",
    "Opfoelgninger[].IndsatsId": "follow-up: part of the activity; of the case when it names no such activity",
    "Opfoelgninger[].Beslutning.Kode": "follow-up: code",
    "Opfoelgninger[].Beslutning.Tekst": "follow-up: text of the code",
    "Aftaler[].Start": "appointment: valid from",
    "Aftaler[].Slut": "appointment: valid until",
    "Aftaler[].Sted": "appointment: details place",
    "Aftaler[].IndsatsId": "appointment: part of the activity; of the case when it names no such activity",
    "Notater[].Tekst": "note: text",
    "Notater[].Emne": "note: category; absent means uncategorised, which is restricted",
    "Notater[].Oprettet": "note: valid from",
    "Helbred[].Fra": "need (health): valid from midnight in Denmark",
    "Helbred[].Til": "need (health): valid until the end of that day in Denmark",
}
_DROPPED = {
    "PrimaryPart.PartType": "always Person",
    "PrimaryPart.MorCPR": "the plan knows relations only from Personer; often junk",
    "PrimaryPart.FarCPR": "the plan knows relations only from Personer; often junk",
}
#: What the lists have in common: list → what its entries become.
_LISTS = {
    "Behov": "need",
    "Indsatsmaal": "goal",
    "Delmaal": "sub-goal",
    "Indsatser": "activity",
    "Opfoelgninger": "follow-up",
    "Aftaler": "appointment",
    "Notater": "note",
    "Helbred": "need (health)",
}
_OFTEN = {
    "Id": "source id",
    "Titel": "title",
    "Beskrivelse": "text",
    "Status": "status; an unknown word is kept as details source-status",
    "Foelsomhed": "label; never below the case's VIP_SAGER, nor of health below FOELSOMME_PERSONOPLYSNINGER",
    "FFB.Kode": "code",
    "FFB.Tekst": "text of the code",
    "Start": "valid from midnight in Denmark",
    "Slut": "valid until the end of that day in Denmark",
}
_HAVE = {
    "Behov": ("Id", "Titel", "Beskrivelse", "Status", "Foelsomhed", "FFB.Kode", "FFB.Tekst"),
    "Indsatsmaal": ("Id", "Titel", "Beskrivelse", "Status", "Foelsomhed", "FFB.Kode", "FFB.Tekst", "Start", "Slut"),
    "Delmaal": ("Id", "Titel", "Beskrivelse", "Status", "Foelsomhed", "Start", "Slut"),
    "Indsatser": ("Id", "Titel", "Beskrivelse", "Status", "Foelsomhed", "FFB.Kode", "FFB.Tekst", "Start", "Slut"),
    "Opfoelgninger": ("Id", "Status", "Foelsomhed"),
    "Aftaler": ("Id", "Titel", "Beskrivelse", "Status", "Foelsomhed"),
    "Notater": ("Id", "Titel", "Foelsomhed"),
    "Helbred": ("Id", "Titel", "Beskrivelse", "Status", "Foelsomhed", "FFB.Kode", "FFB.Tekst"),
}


def _entries() -> Iterator[LedgerEntry]:
    for path, note in _MAPPED.items():
        yield LedgerEntry(path, Fate.MAPPED, note)
    for path, reason in _DROPPED.items():
        yield LedgerEntry(path, Fate.DROPPED, reason)
    for name, becomes in _LISTS.items():
        for leaf in _HAVE[name]:
            yield LedgerEntry(f"{name}[].{leaf}", Fate.MAPPED, f"{becomes}: {_OFTEN[leaf]}")


LEDGER = tuple(sorted(_entries(), key=lambda entry: entry.path))
