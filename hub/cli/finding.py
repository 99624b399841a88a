"""How one part of the hub stands, in the four levels of a monitoring plugin (Nagios)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How bad it is: the number is the exit code of ``hub check``."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


#: What is known to be bad weighs more than what could not be looked at.
_BY_WEIGHT = (Level.CRITICAL, Level.WARNING, Level.UNKNOWN, Level.OK)


@dataclass(frozen=True, slots=True)
class Finding:
    """How one part stands, and what to do when it does not stand well."""

    part: str
    level: Level
    said: str
    next_step: str = ""


def worst(findings: Iterable[Finding]) -> Level:
    """Return the level of the whole: CRITICAL before WARNING before UNKNOWN."""
    found = {one.level for one in findings}
    return next((level for level in _BY_WEIGHT if level in found), Level.UNKNOWN)


def summary(findings: Iterable[Finding]) -> str:
    """Return one line, which is what a monitoring system shows: the level, and the parts that have it."""
    every = list(findings)
    level = worst(every)
    if level is Level.OK:
        return f"OK: {len(every)} parts are well."
    bad = [one for one in every if one.level is not Level.OK]
    bad.sort(key=lambda one: _BY_WEIGHT.index(one.level))
    return f"{level.name}: " + "; ".join(f"{one.part} ({one.level.name.lower()})" for one in bad)
