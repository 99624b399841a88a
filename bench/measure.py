"""Rounds, medians and ratios.

Whoever is compared takes turns (A B A B …), so that whatever else the machine does meets all of them alike. Only the
ratio of two medians of one run says something; the times themselves are noise of the machine and the day.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

#: Does one round and returns what it measured, in the unit of its row.
Turn = Callable[[], float]


class Better(StrEnum):
    """Which way a ratio is good."""

    LOWER = "≤"  # times
    HIGHER = "≥"  # rates


@dataclass(frozen=True, slots=True)
class Aim:
    """What a ratio should be, or, with a unit, what the hub's own median should be."""

    better: Better
    limit: float
    unit: str = "×"

    @property
    def is_of_ratio(self) -> bool:
        """Tell whether it is about the ratio, which does not hang on the machine."""
        return self.unit == "×"

    def is_met(self, found: float) -> bool:
        """Tell whether what was found is as it should be."""
        return found <= self.limit if self.better is Better.LOWER else found >= self.limit

    def __str__(self) -> str:
        return f"{self.better} {self.limit:g}×" if self.is_of_ratio else f"{self.better} {self.limit:,.0f} {self.unit}"


@dataclass(frozen=True, slots=True)
class Row:
    """The hub beside a baseline, round by round.

    :ivar unit: of both, such as ``µs`` or ``deliveries/s``.
    :ivar aim: None where nobody has promised anything: then it is told for comparison.
    """

    what: str
    beside: str
    unit: str
    hub: Sequence[float]
    bare: Sequence[float]
    aim: Aim | None = None

    @property
    def ratio(self) -> float:
        """Return the hub's median in medians of the baseline."""
        return median(self.hub) / median(self.bare)

    @property
    def spread(self) -> tuple[float, float]:
        """Return the lowest and highest ratio of two neighbouring rounds."""
        ratios = [ours / theirs for ours, theirs in zip(self.hub, self.bare, strict=True)]
        return min(ratios), max(ratios)

    @property
    def meets_aim(self) -> bool:
        """Tell whether the ratio, or the hub's own median, is as it should be; without an aim it is."""
        return self.aim is None or self.aim.is_met(self.ratio if self.aim.is_of_ratio else median(self.hub))


def in_turns(turns: Sequence[Turn], rounds: int) -> list[list[float]]:
    """Let everyone do a round, again and again; the first, which warms up, counts for nobody."""
    measured: list[list[float]] = [[] for _ in turns]
    for number in range(rounds + 1):
        for own, turn in zip(measured, turns, strict=True):
            gc.collect()
            found = turn()
            if number:
                own.append(found)
    return measured
