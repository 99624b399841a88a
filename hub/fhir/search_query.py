"""A search as FHIR R4 asks it: what must hold, what comes along, how much of it and from where on.

    query = read_query("CarePlan", [("patient", "Patient/…"), ("status", "active,on-hold")])
    [one for one in rendered if query.finds(one)]

A comma between values means or, a repeated parameter and. What is not known is refused where the caller wants that
(``Prefer: handling=strict``) and left aside elsewhere; the link ``self`` of the answer tells what was heeded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hub.errors import Fault, InvalidRequest
from hub.fhir.search_parameters import PARAMETERS, Parameter, Sort
from hub.fhir.search_values import is_readable, is_said
from hub.fhir.words import Resource

#: Resources on one page, where nothing is asked for, and at most.
USUAL_COUNT, MOST_AT_ONCE = 50, 200
_MOST_VALUES = 100
_VALUES = re.compile(r"((?:\\.|[^,\\])*)(?:,|$)")
_MODIFIERS = {
    Sort.TOKEN: frozenset({"", "not", "missing"}),
    Sort.REFERENCE: frozenset({"", "missing"}),
    Sort.DATE: frozenset({"", "missing"}),
}
_SUMMARIES = ("true", "text", "data", "count", "false")
_JSON = ("json", "application/json", "application/fhir+json")
_ELEMENTS = re.compile(r"[A-Za-z]{1,40}")


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing that must hold of what is found.

    :ivar values: of which one will do; they may tell who somebody is, and stay out of repr.
    """

    name: str
    parameter: Parameter
    modifier: str
    values: tuple[str, ...] = field(repr=False)

    def holds(self, resource: Resource) -> bool:
        """Tell whether it holds of a resource."""
        if not self.parameter.paths:
            return True  # whose plan the resource is of was asked before
        said = list(self.parameter.values(resource))
        if self.modifier == "missing":
            return (not said) == (self.values[0] == "true")
        is_one = any(is_said(self.parameter, wanted, value) for wanted in self.values for value in said)
        return is_one != (self.modifier == "not")


@dataclass(frozen=True, slots=True)
class Include:
    """What comes along with what is found: what a parameter of it names, or whatever names it.

    :ivar kind: type whose parameter it is. :ivar target: the one type that comes along; empty: all.
    """

    kind: str
    parameter: Parameter
    target: str
    is_reverse: bool


@dataclass(frozen=True, slots=True)
class Query:
    """One search.

    :ivar heeded: its parameters as they came, but for those that tell who somebody is: for the link ``self``.
    :ivar after: where an earlier page stopped.
    """

    kind: str
    criteria: tuple[Criterion, ...] = ()
    includes: tuple[Include, ...] = ()
    count: int = USUAL_COUNT
    summary: str = ""
    elements: frozenset[str] = frozenset()
    after: str = ""
    heeded: tuple[tuple[str, str], ...] = ()

    def finds(self, resource: Resource) -> bool:
        """Tell whether a resource is of the type and all holds of it."""
        return resource["resourceType"] == self.kind and all(one.holds(resource) for one in self.criteria)


@dataclass(slots=True)
class _Reading:
    kind: str
    criteria: list[Criterion] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    heeded: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unknown: list[Fault] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)


def read_query(
    kind: str, asked: Iterable[tuple[str, str]], *, is_strict: bool = False, is_posted: bool = False
) -> Query:
    """Read a search.

    :param asked: names and values as they came, in order.
    :param is_strict: whether a parameter that is not known is refused.
    :param is_posted: whether it came as a body; an address may not tell who somebody is.
    :raises InvalidRequest: naming each parameter that cannot be heeded, and none of its values.
    """
    reading = _Reading(kind)
    for name, text in asked:
        _read(reading, name, text, is_posted=is_posted)
    faults = reading.faults + (reading.unknown if is_strict else [])
    if faults:
        raise InvalidRequest("The search has faults.", faults=faults)
    return Query(kind, tuple(reading.criteria), tuple(reading.includes), heeded=tuple(reading.heeded), **reading.told)


def _read(reading: _Reading, name: str, text: str, *, is_posted: bool) -> None:
    if name in ("_include", "_revinclude"):
        _read_include(reading, name, text)
    elif name in _CONTROLS:
        _read_control(reading, name, text)
    else:
        _read_criterion(reading, name, text, is_posted=is_posted)


def _read_criterion(reading: _Reading, name: str, text: str, *, is_posted: bool) -> None:
    bare, _, modifier = name.partition(":")
    known = PARAMETERS[reading.kind]
    parameter = known.get(bare)
    if parameter is not None and parameter.sort is Sort.REFERENCE and modifier in PARAMETERS:
        modifier, text = "", ",".join(f"{modifier}/{value.rpartition('/')[2]}" for value in _split(text))
    if bare in ("patient", "subject") and bare in known and modifier == "identifier":
        parameter = Parameter(Sort.TOKEN, (), tells_who=True)
    elif parameter is not None and modifier not in _MODIFIERS[parameter.sort]:
        parameter = None
    if parameter is None:
        step = f"{reading.kind} is searched for by {', '.join(sorted(known))}."
        reading.unknown.append(Fault(_shown(name), "There is no such parameter, or it has no such modifier.", step))
        return
    values = _split(text)
    fault = _fault_of(name, parameter, modifier, values, is_posted=is_posted)
    if fault is not None:
        reading.faults.append(fault)
        return
    reading.criteria.append(Criterion(bare, parameter, modifier, values))
    if not parameter.tells_who:
        reading.heeded.append((name, text))


def _fault_of(
    name: str, parameter: Parameter, modifier: str, values: tuple[str, ...], *, is_posted: bool
) -> Fault | None:
    if parameter.tells_who and not is_posted:
        return Fault(name, "An identifier is no part of an address, which is written down.", "Use POST …/_search.")
    if modifier == "missing":
        is_flag = values in (("true",), ("false",)) and parameter.paths
        return None if is_flag else Fault(name, "It is true or false.", "Send one of them.")
    if not values or len(values) > _MOST_VALUES:
        return Fault(name, f"It has no value, or over {_MOST_VALUES}.", "Send fewer, in several searches.")
    if not all(is_readable(parameter, one) for one in values):
        return Fault(name, f"It is no {parameter.sort}, as R4 searches for one.", "See docs/reference/fhir.md.")
    return None


def _read_include(reading: _Reading, name: str, text: str) -> None:
    kind, _, rest = text.partition(":")
    wanted, _, target = rest.partition(":")
    parameter = PARAMETERS.get(kind, {}).get(wanted)
    is_reverse = name == "_revinclude"
    is_of_other = kind != reading.kind and not is_reverse
    if (
        parameter is None
        or parameter.sort is not Sort.REFERENCE
        or is_of_other
        or (target and target not in PARAMETERS)
    ):
        step = f"Send {name}=Type:parameter, or Type:parameter:Target, of a parameter that is a reference."
        reading.unknown.append(Fault(name, "There is nothing that comes along so.", step))
        return
    reading.includes.append(Include(kind, parameter, target, is_reverse))
    reading.heeded.append((name, text))


def _read_control(reading: _Reading, name: str, text: str) -> None:
    member, is_right, step = _CONTROLS[name]
    if not is_right(text):
        reading.faults.append(Fault(name, "It cannot be read.", step))
        return
    if member == "count":
        reading.told["count"] = min(int(text), MOST_AT_ONCE)
        if int(text) == 0:  # as R4 has it: the number of what there is, and nothing of it
            reading.told |= {"count": USUAL_COUNT, "summary": "count"}
    elif member == "elements":
        reading.told["elements"] = frozenset(text.split(","))
    elif member and not (member == "summary" and text == "false"):
        reading.told[member] = text
    if member not in ("", "after"):
        reading.heeded.append((name, text))


#: Name → member of the query (none: it is heeded by what every answer is), what is right, and what to send.
_CONTROLS: dict[str, tuple[str, Any, str]] = {
    "_count": ("count", lambda text: text.isascii() and text.isdigit() and len(text) <= 6, "Send a whole number."),
    "_summary": ("summary", lambda text: text in _SUMMARIES, f"Send one of {', '.join(_SUMMARIES)}."),
    "_elements": (
        "elements",
        lambda text: all(_ELEMENTS.fullmatch(one) for one in text.split(",")),
        "Send names of elements at the resource's root, with commas between.",
    ),
    "_cursor": ("after", lambda text: re.fullmatch(r"[a-z]{1,300}", text), "Follow the link next as it stands."),
    "_format": ("", lambda text: text in _JSON, "Leave it out: answers are application/fhir+json."),
    "_pretty": ("", lambda text: True, ""),
    "_total": ("", lambda text: text in ("none", "estimate", "accurate"), "Leave it out."),
}


def _split(text: str) -> tuple[str, ...]:
    """Split at the commas that no backslash stands before, and take those away."""
    found = [one for one in _VALUES.findall(text) if one]
    return tuple(re.sub(r"\\(.)", r"\1", one) for one in found)


def _shown(name: str) -> str:
    """Return a parameter's name as it may be told: what it is called, and nothing that somebody has put there."""
    return name if re.fullmatch(r"_?[A-Za-z-]{1,40}(:[A-Za-z]{1,40})?", name) else "(unknown)"
