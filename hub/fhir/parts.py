"""The parts of a FHIR resource, read one by one; every fault is noted with its path, and none repeats a value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from hub.errors import Fault
from hub.plan.danish_time import LOCAL
from hub.plan.element import Period

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?P<fraction>\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_TEXT = 200


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
    found = span_of(parts, name)
    return found[0] if found else None


def period_of(parts: Parts, name: str) -> Period:
    """Return a period; what its end says belongs to it: the whole Danish day, second or fraction of one."""
    if name not in parts.value:
        return Period()
    inner = parts.child(name)
    inner.knows(frozenset({"start", "end"}))
    start = span_of(inner, "start") if "start" in inner.value else None
    end = span_of(inner, "end") if "end" in inner.value else None
    if start and end and end[1] <= start[0]:
        inner.fault("end", "It lies before the start.")
        return Period()
    return Period(start[0] if start else None, end[1] if end else None)


def uuid_of(parts: Parts, name: str, text: str) -> UUID | None:
    """Return an id of the hub; None and a fault for anything else."""
    try:
        return UUID(text)
    except ValueError:
        parts.fault(name, "It names nothing by an id of the hub.")
        return None


def span_of(parts: Parts, name: str) -> tuple[datetime, datetime] | None:
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
