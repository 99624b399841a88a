"""The parts of a FHIR Consent, read one by one; every fault is noted with its path, and none repeats a value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from hub.consent.consent import EVERY, Capacity, Grant, Scope
from hub.errors import Fault
from hub.fhir import consent_words as words
from hub.fhir.words import CATEGORY, SENSITIVITY
from hub.plan.danish_time import LOCAL
from hub.plan.element import Period, Sensitivity

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?P<fraction>\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_TEXT = 200
_REFERENCE = frozenset({"reference", "type", "display"})
_OURS = re.compile(r"\A(?:urn:uuid:|[A-Za-z]{1,40}/)")  # an address elsewhere names nothing of the hub's


class Parts:
    """One object of the resource. All that are read from one share their faults."""

    def __init__(self, value: Any, path: str, faults: list[Fault] | None = None) -> None:
        """Read an object; anything else is noted as a fault and reads as empty."""
        self.faults: list[Fault] = [] if faults is None else faults
        self.path = path
        self.value: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
        if not isinstance(value, Mapping):
            self.faults.append(Fault(path, "An object is needed."))

    def fault(self, name: str, sentence: str, next_step: str = "") -> None:
        """Note what is wrong with a part."""
        self.faults.append(Fault(f"{self.path}.{name}", sentence, next_step))

    def knows(self, names: frozenset[str]) -> None:
        """Refuse every element that is not among these: it may change what is meant. So may one that is empty."""
        for name, value in self.value.items():
            if value in ([], {}):
                # Left out it means all; R4 has no empty lists or objects, so the sender meant something else.
                self.fault(name if name in names else "(unknown)", "It is empty, which R4 does not allow.")
            elif name not in names:
                known = re.fullmatch(r"_?[A-Za-z]{1,40}", name)
                self.fault(name if known else "(unknown)", "It cannot be represented, and may change what is meant.")

    def knows_extensions(self, urls: Sequence[str]) -> None:
        """Refuse every extension that is not among these."""
        for extension in self.children("extension"):
            if extension.value.get("url") not in urls:
                extension.fault("url", "This extension is not known here.", "Leave it out, if nothing hangs on it.")

    def child(self, name: str) -> Parts:
        """Return an object that must be there."""
        return Parts(self.value.get(name), f"{self.path}.{name}", self.faults)

    def children(self, name: str) -> list[Parts]:
        """Return the objects of a list; none where it is not there."""
        value = self.value.get(name, [])
        if not isinstance(value, list):
            self.fault(name, "A list is needed.")
            return []
        return [Parts(one, f"{self.path}.{name}[{place}]", self.faults) for place, one in enumerate(value)]

    def one(self, name: str) -> Mapping[str, Any]:
        """Return the only object of a list; empty where there is none."""
        found = self.children(name)
        if len(found) > 1:
            self.fault(name, "Only one can be kept.")
        return found[0].value if found else {}

    def codings(self, name: str) -> list[tuple[Any, Any]]:
        """Return the codings of a CodeableConcept, or of a list of them."""
        value = self.value.get(name, [])
        concepts = self.children(name) if isinstance(value, list) else [self.child(name)]
        for concept in concepts:
            concept.knows(frozenset({"coding", "text"}))
            if "coding" not in concept.value:
                concept.fault("coding", "A text alone cannot be judged.", "Send a code.")
        return [
            (coding.value.get("system"), coding.value.get("code"))
            for concept in concepts
            for coding in concept.children("coding")
        ]

    def texts_of(self, url: str) -> list[str]:
        """Return the texts of an extension."""
        return [one.text("valueString") for one in self.children("extension") if one.value.get("url") == url]

    def text(self, name: str) -> str:
        """Return a short text; a fault and "" for anything else."""
        value = self.value.get(name)
        if isinstance(value, str) and 0 < len(value) <= _TEXT and not any(sign < " " for sign in value):
            return value
        self.fault(name, f"A text of at most {_TEXT} characters is needed.")
        return ""


def instant_of(parts: Parts, name: str) -> datetime | None:
    """Return an instant; a date is its Danish midnight."""
    found = _time(parts, name)
    return found[0] if found else None


def period_of(parts: Parts, name: str) -> Period:
    """Return a period; what its end says belongs to it: the whole Danish day, second or fraction of one."""
    if name not in parts.value:
        return Period()
    inner = parts.child(name)
    inner.knows(frozenset({"start", "end"}))
    start = _time(inner, "start") if "start" in inner.value else None
    end = _time(inner, "end") if "end" in inner.value else None
    if start and end and end[1] <= start[0]:
        inner.fault("end", "It lies before the start.")
        return Period()
    return Period(start[0] if start else None, end[1] if end else None)


def scope_of(parts: Parts, everything: Sensitivity) -> Scope:
    """Return what a provision is about; a dimension that is left out means all.

    :param everything: the label that leaves nothing out.
    """
    sources, recipients = _actors(parts)
    return Scope(
        sources=sources,
        recipients=recipients,
        purposes=_codes(parts, "purpose", words.PURPOSE),
        categories=_codes(parts, "class", CATEGORY),
        label=_label(parts, everything),
        elements=frozenset(_elements(parts)),
        data_period=period_of(parts, "dataPeriod"),
    )


def grants_of(parts: Parts, person: UUID, given_at: datetime | None) -> tuple[Grant, ...]:
    """Return whose word it is: the patient's own where no performer is told."""
    if given_at is None:
        return ()
    performers = parts.children("performer")
    if not performers:
        return (Grant(person, Capacity.SELF, given_at),)
    return tuple(grant for one in performers if (grant := _grant(one, person, given_at)))


def _grant(performer: Parts, person: UUID, given_at: datetime) -> Grant | None:
    performer.knows(frozenset({"extension", "reference", "type", "display"}))
    performer.knows_extensions((words.GRANT,))
    told = _parts_of_grant(performer)
    kind, _, id = str(performer.value.get("reference", "")).rpartition("/")
    capacities = {one.value: one for one in Capacity}
    said = told["capacity"].value.get("valueCode") if "capacity" in told else None
    capacity = capacities.get(said) if isinstance(said, str) else Capacity.SELF if kind == "Patient" else None
    if capacity is None or words.PERFORMER[capacity] != kind:
        reason = "As what they speak for the patient is not said."
        performer.fault("extension", reason, f"Add {words.GRANT} with capacity custody or guardian.")
        return None
    by = _uuid(performer, "reference", id)
    if capacity is Capacity.SELF and by not in (None, person):
        performer.fault("reference", "The patient's own word is the patient's.", "Name the same Patient.")
    if by is None:
        return None
    texts = {ours: told[theirs].text("valueString") if theirs in told else "" for ours, theirs in _TEXTS}
    language = told["language"].text("valueCode") if "language" in told else "da"
    at = instant_of(told["at"], "valueDateTime") if "at" in told else given_at
    period = period_of(told["period"], "valuePeriod") if "period" in told else Period()
    return Grant(by, capacity, at or given_at, period, language=language, **texts)


_TEXTS = (("text_version", "textVersion"), ("channel", "channel"), ("evidence", "evidence"))
_OF_A_GRANT = ("capacity", "at", "period", "language", *(theirs for _, theirs in _TEXTS))


def _parts_of_grant(performer: Parts) -> Mapping[str, Parts]:
    found: dict[str, Parts] = {}
    for extension in performer.children("extension"):
        for one in extension.children("extension"):
            name = one.value.get("url")
            if name not in _OF_A_GRANT or name in found:
                one.fault("url", "A grant has no such part, or has it twice.")
            else:
                found[name] = one
    return found


def _actors(parts: Parts) -> tuple[frozenset[str], frozenset[str]]:
    """Return whose data it is about, and who is told; everybody where none is named."""
    named: dict[str, set[str]] = {"sources": set(), "recipients": set()}
    for actor in parts.children("actor"):
        actor.knows(frozenset({"role", "reference"}))
        codes = actor.codings("role")
        code = codes[0][1] if len(codes) == 1 and codes[0][0] == words.PARTICIPATION else None
        which = "recipients" if code in words.RECIPIENTS else "sources" if code in words.SOURCES else None
        if which is None:
            reason = "Of actors only who is told (IRCP, PRCP) and who wrote it (AUT) can be represented."
            actor.fault("role", reason)
            continue
        named_by = actor.child("reference")
        named_by.knows(_REFERENCE)
        reference = named_by.value.get("reference")
        kind, _, name = reference.rpartition("/") if isinstance(reference, str) else ("", "", "")
        if kind != "Organization" or not _NAME.fullmatch(name):
            actor.fault("reference", "It names no organisation by its name here.", "Write Organization/social.")
            continue
        named[which].add(name)
    return _or_all(named["sources"]), _or_all(named["recipients"])


def _or_all(names: Iterable[str]) -> frozenset[str]:
    return frozenset(names) or frozenset({EVERY})


def _codes(parts: Parts, name: str, system: str) -> frozenset[str]:
    found: set[str] = set()
    for coding in parts.children(name):
        coding.knows(frozenset({"system", "code", "display"}))
        code = coding.value.get("code")
        if coding.value.get("system") != system or not isinstance(code, str) or not _NAME.fullmatch(code):
            coding.fault("code", "It has no exact counterpart among ours.", f"Use a code of {system}.")
        else:
            found.add(code)
    return _or_all(found)


def _label(parts: Parts, everything: Sensitivity) -> Sensitivity:
    """Return the one step; several would be OR-ed, which for steps of a ladder is no step."""
    found = parts.children("securityLabel")
    if not found:
        return everything
    code = found[0].value.get("code")
    is_ours = found[0].value.get("system") == SENSITIVITY and code in Sensitivity.__members__
    if len(found) > 1 or not is_ours:
        parts.fault("securityLabel", "It is no one step of the ladder.", f"Use one code of {SENSITIVITY}.")
        return everything
    return Sensitivity[str(code)]


def _elements(parts: Parts) -> Iterable[UUID]:
    for one in parts.children("data"):
        one.knows(frozenset({"meaning", "reference"}))
        if one.value.get("meaning") != "instance":
            one.fault("meaning", "Only single elements can be named, not what hangs on them.", "Use instance.")
            continue
        named_by = one.child("reference")
        named_by.knows(_REFERENCE)
        found = _uuid(one, "reference", _OURS.sub("", str(named_by.value.get("reference", "")), count=1))
        if found is not None:
            yield found


def _uuid(parts: Parts, name: str, text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        parts.fault(name, "It names nothing by an id of the hub.")
        return None


def _time(parts: Parts, name: str) -> tuple[datetime, datetime] | None:
    """Return the first instant that a date or time says, and the first after all that it says."""
    value = parts.value.get(name)
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            day = datetime.strptime(value, "%Y-%m-%d").date()  # noqa: DTZ007 - a day, without a time
            midnight = datetime.combine(day, time(), LOCAL)
            return midnight, datetime.combine(day + timedelta(days=1), time(), LOCAL)
        if isinstance(value, str) and (found := _INSTANT.fullmatch(value)):
            at = datetime.fromisoformat(value)
            digits = len(found["fraction"] or ".") - 1
            return at, at + timedelta(microseconds=10 ** (6 - digits))
    except (ValueError, OverflowError):
        pass  # said below
    parts.fault(
        name, "A date, or a time with a zone, is needed.", "Write it as 2026-11-23 or 2026-11-23T09:00:00+01:00."
    )
    return None
