"""A trace on a page: a lane for each system, a place for each step, and the same as a table; ids, times and codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.flow.trace import Trace
from hub.flow.trace_steps import Step
from hub.plan.danish_time import LOCAL
from hub.ui.times import moment
from hub.ui.words import WORDS, known_word, word

_HUB = "hub"
_LANE, _STEP, _NAMES = 40, 36, 140  # units of the picture: a lane's height, a step's width, room for names


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step. :ivar facts: what was decided and by which rules, each with its name."""

    number: int
    name: str
    where: str
    begun: str
    lasted: str
    facts: tuple[tuple[str, str], ...]
    x: int
    y: int
    is_trouble: bool


@dataclass(frozen=True, slots=True)
class TracePage:
    """All that the template shows. :ivar lanes: each one's name, and where it stands in the picture."""

    id: str
    correlation_ids: tuple[str, ...]
    steps: tuple[StepRow, ...]
    lanes: tuple[tuple[str, int], ...]
    width: int
    height: int


def trace_page(found: Trace, language: str) -> TracePage:
    """Return the page in ``da`` or ``en``."""
    whose = [_whose(step) for step in found.steps]
    lanes = list(dict.fromkeys([*(w for w in whose if w != _HUB), _HUB]))
    places = {name: _LANE * place + _LANE // 2 for place, name in enumerate(lanes)}
    steps = tuple(
        _row(number, step, places[lane], lane, language)
        for number, (step, lane) in enumerate(zip(found.steps, whose, strict=True), 1)
    )
    names = tuple((_named(lane, language), y) for lane, y in places.items())
    return TracePage(
        found.id, found.correlation_ids, steps, names, _NAMES + _STEP * (len(steps) + 1), _LANE * len(lanes)
    )


def _whose(step: Step) -> str:
    """Return whose lane a step stands in: the system that was called or has called, else the hub's own."""
    named = step.told.get("recipient") if step.name != "accepted" else step.told.get("authority")
    return str(named or step.told.get("authority") or _HUB)


def _named(lane: str, language: str) -> str:
    return word("trace.hub", language) if lane == _HUB else known_word("authority", lane, language)


def _row(number: int, step: Step, y: int, lane: str, language: str) -> StepRow:
    return StepRow(
        number=number,
        name=known_word("step", step.name, language),
        where=_named(lane, language),
        begun=_second(step.begun_at, language),
        lasted=_lasted(step),
        facts=tuple(_facts(step.told, language)),
        x=_NAMES + _STEP * number,
        y=y,
        is_trouble=step.name in ("dead-letter", "later", "refused"),
    )


def _second(at: datetime, language: str) -> str:
    """Return a day and a time of day to the second: what belongs together often does within one."""
    return f"{moment(at, language)}:{at.astimezone(LOCAL):%S}"


def _lasted(step: Step) -> str:
    if step.ended_at is None or step.ended_at == step.begun_at:
        return ""
    return f"{(step.ended_at - step.begun_at).total_seconds():.3f} s"


def _facts(told: Mapping[str, Any], language: str) -> Iterator[tuple[str, str]]:
    for name, fact in told.items():
        if fact in (None, "", [], ()) or f"trace.fact.{name}" not in WORDS[language]:
            continue
        said = ", ".join(map(str, fact)) if isinstance(fact, list | tuple | frozenset | set) else str(fact)
        if name in ("recipient", "authority"):
            said = known_word("authority", said, language)
        yield word(f"trace.fact.{name}", language), said
