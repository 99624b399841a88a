"""The fate of every leaf of youth/v1's course. A test walks the contract beside it."""

from __future__ import annotations

from collections.abc import Iterator

from hub.authority import Fate, LedgerEntry

_COURSE = {
    "MeddelelseId": "message id; last part of the order key",
    "ForloebId": "contribution: case",
    "Version": "first part of the order key",
    "Aendret": "second part of the order key",
    "Slettet": "contribution: a snapshot that names nothing",
    "Titel": "course: title",
    "Status": "course: status; an unknown word is kept as details source-status",
    "Start": "course: valid from midnight in Denmark",
    "Slut": "course: valid until the end of that day in Denmark",
    "Foelsomhed": "label of the course, and of every item without one of its own",
    "Ung.CPR": "person: identifier",
    "Ung.TidligereCPR": "person: earlier identifier",
    "Ung.Navn": "person: name",
    "Ung.AdresseBeskyttet": "person: protected address",
    "Foraeldre[].Relation": "household member: details relation; an unknown word is other, kept as source-relation",
    "Foraeldre[].CPR": "household member: concerns; without a usable number, or with the citizen's own, it is skipped",
    "Foraeldre[].Navn": "household member: title; the other person: name",
    "Foraeldre[].HarForaeldremyndighed": "household member: details custody",
    "Foraeldre[].AdresseBeskyttet": "household member: details protected-address; the other person: the same",
    "Kontaktperson.Navn": "contact person: title and details name",
    "Kontaktperson.Rolle": "contact person: details role",
    "Kontaktperson.Telefon": "contact person: details phone",
    "Kontaktperson.Email": "contact person: details email",
    "Kontaktperson.Foelsomhed": "contact person: label",
    "Maalgruppevurderinger[].Dato": "note: valid from midnight in Denmark",
    "Maalgruppevurderinger[].Vurdering": "note: code with its text",
    "Maalgruppevurderinger[].Begrundelse": "note: text",
    "Skridt[].MaalId": "sub-goal: part of the goal; of the course when it names no such goal",
    "Skridt[].Frist": "sub-goal: valid until the end of that day in Denmark",
    "Aktiviteter[].MaalId": "activity: part of the goal, else of the plan; of the course when it names no such goal",
    "Aktiviteter[].Art": "activity: code with its text",
    "Samtaler[].AktivitetId": "appointment: part of the activity; of the course when it names no such activity",
    "Samtaler[].Start": "appointment: valid from",
    "Samtaler[].Slut": "appointment: valid until",
    "Samtaler[].Form": "appointment: details form",
    "UngesOrd[].Tekst": "citizen's statement: text",
    "UngesOrd[].Skrevet": "citizen's statement: valid from",
    "Notater[].Tekst": "note: text",
    "Notater[].Emne": "note: category; absent means uncategorised, which is restricted",
    "Notater[].Oprettet": "note: valid from",
}
_OFTEN = {
    "Id": "source id",
    "Titel": "title",
    "Beskrivelse": "text",
    "Status": "status; an unknown word is kept as details source-status",
    "Sted": "details place",
    "Start": "valid from midnight in Denmark",
    "Slut": "valid until the end of that day in Denmark",
    "Foelsomhed": "label",
}
#: Where leaves lie that mean the same everywhere: path → what the item becomes, and which leaves it has.
_HAVE = {
    "Foraeldre[]": ("household member", "Id Foelsomhed"),
    "Maalgruppevurderinger[]": ("note", "Id Foelsomhed"),
    "Uddannelsesplan": ("education plan (a case)", "Id Titel Beskrivelse Status Start Slut Foelsomhed"),
    "Maal[]": ("goal", "Id Titel Beskrivelse Status Start Slut Foelsomhed"),
    "Skridt[]": ("sub-goal", "Id Titel Status Foelsomhed"),
    "Aktiviteter[]": ("activity", "Id Titel Beskrivelse Sted Status Start Slut Foelsomhed"),
    "Samtaler[]": ("appointment", "Id Titel Sted Status Foelsomhed"),
    "UngesOrd[]": ("citizen's statement", "Id Foelsomhed"),
    "Notater[]": ("note", "Id Titel Foelsomhed"),
}


def _entries() -> Iterator[LedgerEntry]:
    for path, note in _COURSE.items():
        yield LedgerEntry(path, Fate.MAPPED, note)
    for place, (becomes, leaves) in _HAVE.items():
        for leaf in leaves.split():
            yield LedgerEntry(f"{place}.{leaf}", Fate.MAPPED, f"{becomes}: {_OFTEN[leaf]}")


LEDGER = tuple(sorted(_entries(), key=lambda entry: entry.path))
