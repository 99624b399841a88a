"""A policy written out as a municipality writes it. What is written here is read as the same policy again."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from datetime import timedelta
from enum import Enum, StrEnum
from typing import Any

import tomli_w

from hub.consent.policy import Policy, Rule
from hub.errors import InvalidRequest
from hub.plan.danish_time import LOCAL
from hub.plan.element import Period

#: What a document calls what a policy has several of.
_SINGULAR = {"rules": "rule", "meetings": "meeting"}
_PLACE = re.compile(r"line [0-9]+, column [0-9]+")


def write_policy(policy: Policy) -> dict[str, Any]:
    """Return the policy as a document of texts, numbers, lists and tables; lists of names in alphabetical order.

    What is as it is without a word (a rule without conditions, the usual ages) is left out.
    """
    document: dict[str, Any] = {}
    for field in fields(policy):
        value = getattr(policy, field.name)
        if field.name == "rules":
            document["rule"] = [_write_rule(rule) for rule in policy.rules]
        elif field.name != "version" and not _is_usual(field, value):
            document[_SINGULAR.get(field.name, field.name)] = written(value)
    return document


def written(value: object) -> Any:
    """Return one value of a policy in the words of a document."""
    match value:
        case StrEnum():
            return value.value
        case Enum():  # a step of a ladder
            return value.name
        case frozenset():
            return sorted(written(one) for one in value)
        case tuple():
            return [written(one) for one in value]
        case None | bool() | int() | str():
            return value
        case _:
            return written_fields(value)


def written_fields(row: Any) -> dict[str, Any]:
    """Return every field of a rule, or of another part of a policy, in the words of a document; None: not said."""
    told: dict[str, Any] = {}
    for field in fields(row):
        value = getattr(row, field.name)
        if isinstance(value, Period):
            told |= {f"{field.name}_from": _first_day(value), f"{field.name}_to": _last_day(value)}
        else:
            told[field.name] = written(value)
    return told


def read_toml(text: bytes) -> Mapping[str, Any]:
    """Read a document from TOML. :raises InvalidRequest: it is none; said without a word of it."""
    try:
        return tomllib.loads(text.decode())
    except UnicodeDecodeError:
        raise InvalidRequest("The TOML is not in UTF-8.") from None
    except RecursionError:
        raise InvalidRequest("The TOML is nested too deep.") from None
    except tomllib.TOMLDecodeError as error:
        found = _PLACE.search(str(error))
        raise InvalidRequest(f"The TOML is not valid; reading stopped at {found[0] if found else 'its end'}.") from None


def write_toml(document: Mapping[str, Any]) -> str:
    """Write a document as TOML."""
    return tomli_w.dumps(document)


def _write_rule(rule: Rule) -> dict[str, Any]:
    usual = {field.name for field in fields(rule) if _is_usual(field, getattr(rule, field.name))}
    return {name: value for name, value in written_fields(rule).items() if value is not None and name not in usual}


def _is_usual(field: Field[Any], value: object) -> bool:
    return field.default is not MISSING and value == field.default


def _first_day(period: Period) -> str | None:
    """A policy's periods begin and end at Danish midnights; that is how they are read."""
    return period.start.astimezone(LOCAL).date().isoformat() if period.start else None


def _last_day(period: Period) -> str | None:
    return (period.end.astimezone(LOCAL).date() - timedelta(days=1)).isoformat() if period.end else None
