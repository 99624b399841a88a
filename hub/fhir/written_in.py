"""What every FHIR R4 resource that is written here says alike: read as ours, or noted as a fault of its element.

Nothing is dropped in silence but what R4 has a server say itself (``id`` of a new one, ``meta.versionId``,
``meta.lastUpdated``) and a narrative that says what the elements say (``text.status`` generated). What a reader read is
taken back as it was read, so that a resource may be read, changed in one place, and sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from hub.errors import InvalidRequest
from hub.fhir.parts import Parts
from hub.fhir.words import CONFIDENTIALITY, SENSITIVITY
from hub.plan.element import Code, Detail, Element, Sensitivity, Status
from hub.plan.identifier import CPR, holds_cpr

ROOT = frozenset({"resourceType", "id", "meta", "text", "identifier"})
REFERENCE = frozenset({"reference", "type", "display"})
MOST_WORDS, _LETTERS, _MOST_TITLE = 1_200, 2, 200
_MOST_IDENTIFIERS, _MOST_VALUE = 10, 200
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]{1,200}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.0{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})")
_SENSITIVE = {
    (CONFIDENTIALITY, "N"): False,
    (CONFIDENTIALITY, "R"): True,
    (SENSITIVITY, Sensitivity.FORTROLIGE_PERSONOPLYSNINGER.name): False,
    (SENSITIVITY, Sensitivity.FOELSOMME_PERSONOPLYSNINGER.name): True,
}
_USES = frozenset({"", "usual", "official", "temp", "secondary", "old"})
_AS_READ = "Leave it out, or send it as you read it."


@dataclass(frozen=True, slots=True)
class Where:
    """Where a resource is to go.

    :ivar path: where it stands in what was sent; its type where it stands alone.
    :ivar person: whose plan it is.
    :ivar author: as whom its writer is an author, as a reference.
    :ivar was: what it is to replace, and ``told`` how the writer reads that; None and nothing: it is new.
    :ivar known: what it may refer to: each reference that the writer reads, or names in the same request.
    :ivar owners: authorities of which something can be asked.
    """

    path: str
    person: UUID
    author: str
    was: Element | None = None
    told: Mapping[str, Any] = field(default_factory=dict, repr=False)
    known: Mapping[str, UUID] = field(default_factory=dict)
    owners: frozenset[str] = frozenset()


def root(resource: Mapping[str, Any], where: Where, names: frozenset[str]) -> Parts:
    """Return a resource to read; what no resource here may say is a fault."""
    parts = Parts(resource, where.path)
    parts.knows(ROOT | names)
    if "text" in parts.value and parts.child("text").value.get("status") not in ("generated", "empty"):
        parts.fault("text.status", "What a narrative says besides the elements is not kept.", "Say it in the elements.")
    if "meta" in parts.value:
        meta = parts.child("meta")
        meta.knows(frozenset({"versionId", "lastUpdated", "source", "security", "tag"}))
        server_says(meta, where.told.get("meta", {}), "source", "tag")
    return parts


def end(parts: Parts, kind: str) -> None:
    """Refuse a resource that has faults. :raises InvalidRequest: naming each."""
    if parts.faults:
        raise InvalidRequest(f"The {kind} cannot be represented.", faults=parts.faults)


def server_says(parts: Parts, told: Mapping[str, Any], *names: str) -> None:
    """Take back what the hub says itself, as it was read."""
    for name in names:
        if name in parts.value and parts.value[name] != told.get(name):
            parts.fault(name, "The hub says this itself.", _AS_READ)


def is_sensitive(parts: Parts, where: Where) -> bool:
    """Return whether it tells of health or the like, by its labels; as it was, where it has none."""
    if "security" not in parts.value.get("meta", {}):
        return where.was is not None and where.was.label is Sensitivity.FOELSOMME_PERSONOPLYSNINGER
    labels = parts.child("meta").children("security")
    found = {_SENSITIVE.get((str(one.value.get("system")), str(one.value.get("code")))) for one in labels}
    if len(found) != 1 or None in found:
        sentence = "What is written here is labelled N (confidential) or R (sensitive), and by one of the two."
        parts.fault("meta.security", sentence, f"Use one code of {CONFIDENTIALITY}, or leave it out.")
    return True in found


def identifiers_of(parts: Parts, where: Where) -> dict[str, str]:
    """Return what its author's own system calls it, as an element keeps it; once written it stays as it is."""
    if where.was is not None:
        server_says(parts, where.told, "identifier")
        return {}
    found: list[tuple[str, str, str]] = []
    for one in parts.children("identifier"):
        one.knows(frozenset({"use", "system", "value"}))
        use = one.value.get("use", "")
        if use not in _USES:
            one.fault("use", "R4 binds it to a list, which has no such use.", "Leave it out.")
        system, value = one.value.get("system"), text_of(one, "value", letters=0, most=_MOST_VALUE)
        if not isinstance(system, str) or not _URI.fullmatch(system):
            one.fault("system", "An identifier is kept with the system that it is of.", "Name the system by its URI.")
        elif system == CPR or holds_cpr(value) or holds_cpr(system):
            one.fault("value", "It looks like a person's number.", "Use an id of your own system.")
        else:
            found.append((system, value, use))
    if len(found) > _MOST_IDENTIFIERS:
        parts.fault("identifier", f"Over {_MOST_IDENTIFIERS} cannot be kept.")
    return {Detail.IDENTIFIERS: orjson.dumps(found).decode()} if found else {}


def check_patient(parts: Parts, name: str, where: Where) -> None:
    """Check that a resource is about the person whose plan it goes into."""
    patient = parts.child(name)
    patient.knows(REFERENCE | {"identifier"})
    named = patient.value.get("reference")
    if named is None and where.was is not None:
        patient.fault("reference", "The one whom it is about is named by a reference here.", _AS_READ)
    elif named is not None and named != f"Patient/{where.person}":
        patient.fault("reference", "It is about somebody else.", "Write what is about them into their own plan.")


def check_reference(parts: Parts, name: str, meant: str) -> None:
    """Check a reference that only one can be, where it is there."""
    if name not in parts.value:
        return
    named = parts.child(name)
    named.knows(REFERENCE)
    if named.value.get("reference") != meant:
        named.fault("reference", "It is who writes it, and nobody else.", _AS_READ)


def coded(parts: Parts, name: str) -> tuple[str, tuple[Code, ...]]:
    """Return the text and the codes of a CodeableConcept that needs a text."""
    concept = parts.child(name)
    concept.knows(frozenset({"coding", "text"}))
    return text_of(concept, "text", letters=_LETTERS, most=_MOST_TITLE), codes_of(concept)


def codes_of(concept: Parts) -> tuple[Code, ...]:
    """Return the codes of a CodeableConcept."""
    found = []
    for coding in concept.children("coding"):
        coding.knows(frozenset({"system", "code", "display"}))
        system, code = (coding.value.get(name) for name in ("system", "code"))
        if not isinstance(system, str) or not _URI.fullmatch(system) or not isinstance(code, str):
            coding.fault("system", "A code is kept with the system that it is of.", "Send system and code.")
            continue
        display = text_of(coding, "display", letters=0, most=_MOST_TITLE) if "display" in coding.value else ""
        found.append(Code(system, text_of(coding, "code", letters=0, most=_MOST_TITLE), display))
    return tuple(found)


def note_of(parts: Parts) -> str:
    """Return the text of the one note."""
    notes = parts.children("note")
    if len(notes) > 1:
        parts.fault("note", "Only one can be kept.", "Put them together.")
    if not notes:
        return ""
    notes[0].knows(frozenset({"text"}))
    return long_text(notes[0], "text")


def long_text(parts: Parts, name: str) -> str:
    """Return sentences, with line feeds."""
    return text_of(parts, name, letters=0, most=MOST_WORDS, lines=True)


def text_of(parts: Parts, name: str, *, letters: int, most: int, lines: bool = False) -> str:
    """Return a text that is kept as it is; a fault and "" for one that is not."""
    value = parts.value.get(name)
    if not isinstance(value, str) or not value:
        parts.fault(name, "A text is needed.", "Write it in words.")
    elif value != value.strip():
        parts.fault(name, "The text begins or ends with a blank, which is not kept.", "Leave it out.")
    elif sum(sign.isalpha() for sign in value) < letters:
        parts.fault(name, f"The text has fewer than {letters} letters.", "Write it in words.")
    elif len(value) > most:
        parts.fault(name, f"The text has over {most} signs.", "Write it shorter.")
    elif any(sign < " " and not (lines and sign == "\n") for sign in value):
        parts.fault(name, "The text holds a control character.", "Remove it.")
    else:
        return value
    return ""


def status_of(parts: Parts, name: str, statuses: Mapping[str, Status], where: Where) -> Status:
    """Return where it stands; one that is sent as it was read stays as it is."""
    given = parts.value.get(name)
    if where.was is not None and given == where.told.get(name):
        return where.was.status
    if not isinstance(given, str) or given not in statuses:
        parts.fault(name, "There is no exact counterpart of this status here.", f"Use one of {', '.join(statuses)}.")
        return Status.ACTIVE
    return statuses[given]


def moment_of(parts: Parts, name: str) -> datetime | None:
    """Return an instant of a whole second; None and a fault for anything else."""
    value = parts.value.get(name)
    try:
        if isinstance(value, str) and _MOMENT.fullmatch(value):
            return datetime.fromisoformat(value)
    except ValueError:
        pass  # said below
    step = "Write it as 2026-11-23T09:00:00+01:00."
    parts.fault(name, "A time with a zone and without parts of a second is needed.", step)
    return None
