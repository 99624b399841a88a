"""The parts of a FHIR Consent: whom it is about, what, and who gave it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from hub.consent.consent import EVERY, Capacity, Grant, Scope
from hub.fhir import consent_words as words
from hub.fhir.parts import Parts, instant_of, period_of, uuid_of
from hub.fhir.words import CATEGORY, SENSITIVITY
from hub.plan.element import Period, Sensitivity

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_REFERENCE = frozenset({"reference", "type", "display"})
_OURS = re.compile(r"\A(?:urn:uuid:|[A-Za-z]{1,40}/)")  # an address elsewhere names nothing of the hub's


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
    by = uuid_of(performer, "reference", id)
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
        found = uuid_of(one, "reference", _OURS.sub("", str(named_by.value.get("reference", "")), count=1))
        if found is not None:
            yield found
