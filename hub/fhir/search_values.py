"""Whether a value of a resource is the one that a search asks for, as R4 has it (http://hl7.org/fhir/R4/search.html).

Tokens are compared to the letter; references by type and id; dates as the spans of time that they stand for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hub.fhir.search_parameters import Parameter, Sort
from hub.plan.danish_time import LOCAL

#: A span of time, its end not in it.
Span = tuple[datetime, datetime]
_DATE = re.compile(
    r"(eq|ne|gt|lt|ge|le|sa|eb)?(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?"
    r"(Z|[+ -]\d\d:\d\d)?)?)?)?"
)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_REFERENCE = re.compile(
    r"(?:(?:https?://[^\s|]{1,200}/)?([A-Za-z]{1,40})/)?([A-Za-z0-9.-]{1,101})(/_history/[A-Za-z0-9.-]{1,64})?"
)
_MONTHS = 12

#: Prefix → whether what a resource says, the first, stands so to what is asked for.
_STANDS: Mapping[str, Callable[[Span, Span], bool]] = {
    "eq": lambda said, asked: asked[0] <= said[0] and said[1] <= asked[1],
    "ne": lambda said, asked: not (asked[0] <= said[0] and said[1] <= asked[1]),
    "gt": lambda said, asked: said[1] > asked[1],
    "lt": lambda said, asked: said[0] < asked[0],
    "ge": lambda said, asked: said[1] > asked[1] or _STANDS["eq"](said, asked),
    "le": lambda said, asked: said[0] < asked[0] or _STANDS["eq"](said, asked),
    "sa": lambda said, asked: said[0] >= asked[1],
    "eb": lambda said, asked: said[1] <= asked[0],
}


def is_readable(parameter: Parameter, text: str) -> bool:
    """Tell whether a search can be made for a value."""
    if parameter.sort is Sort.DATE:
        found = _DATE.fullmatch(text)
        return found is not None and _span(found.group(0).removeprefix(found.group(1) or "")) is not None
    if parameter.sort is Sort.REFERENCE:
        named = reference_of(parameter, text)
        return named is not None
    return bool(text.strip("|"))


def is_said(parameter: Parameter, text: str, value: Any) -> bool:
    """Tell whether a value in a resource is what a search asks for."""
    match parameter.sort:
        case Sort.TOKEN:
            return _is_token(text, value)
        case Sort.REFERENCE:
            return _is_reference(parameter, text, value.get("reference", "") if isinstance(value, Mapping) else "")
        case Sort.DATE:
            found = _DATE.fullmatch(text)
            said_span = _span_of(value)
            asked = _span(text.removeprefix(found.group(1) or "")) if found else None
            stands = _STANDS[found.group(1) or "eq"] if found else None
            return bool(said_span and asked and stands and stands(said_span, asked))


def reference_of(parameter: Parameter, text: str) -> tuple[str, str] | None:
    """Return type and id of what a reference in a search names; the type is empty where it is not said.

    ``None``: it names nothing of the parameter's type.
    """
    found = _REFERENCE.fullmatch(text)
    if found is None or (found.group(1) and parameter.target and found.group(1) != parameter.target):
        return None
    return found.group(1) or parameter.target, found.group(2)


def _is_reference(parameter: Parameter, text: str, said: str) -> bool:
    """Tell whether a reference is to what is asked for: to any version of it, unless one is named."""
    named = reference_of(parameter, text)
    if named is None:
        return False
    if "/_history/" not in text:
        said = said.partition("/_history/")[0]
    wanted = f"{named[1]}/_history/{text.partition('/_history/')[2]}" if "/_history/" in text else named[1]
    return said == f"{named[0]}/{wanted}" if named[0] else said.endswith(f"/{wanted}")


def _is_token(text: str, value: Any) -> bool:
    system, bar, code = text.rpartition("|")
    return any(
        (not code or code == said_code) and (not bar or (system == said_system))
        for said_system, said_code in _tokens(value)
    )


def _tokens(value: Any) -> list[tuple[str, str]]:
    """Return systems and codes of a value: a code, a flag, a Coding, an Identifier or a CodeableConcept."""
    if isinstance(value, bool):
        return [("", "true" if value else "false")]
    if isinstance(value, str):
        return [("", value)]
    if "coding" in value or "text" in value:
        return [token for coding in value.get("coding", []) for token in _tokens(coding)]
    return [(value.get("system", ""), value.get("code", value.get("value", "")))]


def _span_of(value: Any) -> Span | None:
    """Return the span of a date, an instant or a Period; an end that is not said lies beyond all time."""
    if isinstance(value, str):
        return _span(value)
    start, end = (_span(value[edge]) if edge in value else None for edge in ("start", "end"))
    return (start[0] if start else _FIRST, end[1] if end else _LAST)


def _span(text: str) -> Span | None:
    """Return the span of a date by how exactly it is said, in Danish time where it names no zone."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    _, year, month, day, hour, minute, second, zone = found.groups()
    try:
        if hour is None:
            return _span_of_days(int(year), int(month or 0), int(day or 0))
        # A plus that nobody has encoded is a blank, once it has come as part of an address.
        offset = (zone or "").replace(" ", "+")
        at = datetime.fromisoformat(f"{year}-{month}-{day}T{hour}:{minute}:{second or '00'}{offset}")
    except (ValueError, OverflowError):
        return None
    start = at if offset else at.replace(tzinfo=LOCAL)
    return start.astimezone(UTC), start.astimezone(UTC) + timedelta(seconds=1 if second else 60)


def _span_of_days(year: int, month: int, day: int) -> Span:
    first = date(year, month or 1, day or 1)
    if day:
        after = first + timedelta(days=1)
    elif month:
        after = date(year + month // _MONTHS, month % _MONTHS + 1, 1)
    else:
        after = date(year + 1, 1, 1)
    start, end = (datetime(one.year, one.month, one.day, tzinfo=LOCAL).astimezone(UTC) for one in (first, after))
    return start, end
