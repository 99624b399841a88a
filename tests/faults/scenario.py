"""Scenarios by name: each injects one fault into a lab and returns what came of it.

    @scenario("broker-killed", set_ups=(SERVERS,))
    def broker_killed(scene: Scene) -> Verdict:
        with a_rabbitmq_node() as node, scene.lab(broker_url=node.url) as lab:
            with lab.saying(scene.size(40, sample=10)):
                node.kill()
                node.start()
            drained = scene.settles(lab)
            return scene.judge(lab, drained_seconds=drained)

Modules named ``faults_*.py`` beside this one are read for them: ``make faults`` runs all in full, a pytest module a
sample of them.
"""

from __future__ import annotations

import importlib
import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.faults.checker import judge
from tests.faults.lab import EMBEDDED, SERVERS, Lab, a_lab
from tests.faults.verdict import Verdict

__all__ = ["EMBEDDED", "SERVERS", "Scenario", "Scene", "scenario", "scenarios"]

_SETTLE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Scene:
    """What one run of a scenario is given.

    :ivar name: of the scenario. :ivar set_up: EMBEDDED or SERVERS.
    :ivar seed: of every dice of the run; the same seed throws the same.
    :ivar is_sample: whether it runs among all tests, and so must be short; in full otherwise.
    :ivar repeats: how often a scenario that repeats its fault does so.
    """

    name: str
    set_up: str
    seed: int
    is_sample: bool = False
    repeats: int = 20
    missed: list[str] = field(default_factory=list)

    @property
    def is_embedded(self) -> bool:
        """Tell whether everything lives in one process."""
        return self.set_up == EMBEDDED

    def size(self, full: int, *, sample: int) -> int:
        """Return how much of something this run does."""
        return sample if self.is_sample else full

    def dice(self) -> random.Random:
        """Return fresh dice of the seed."""
        return random.Random(self.seed)

    def lab(self, **options: Any) -> AbstractContextManager[Lab]:
        """Start a lab on this set-up; see ``a_lab`` for the options."""
        return a_lab(self.set_up, seed=self.seed, **options)

    def asks(self, holds: bool, sentence: str) -> None:
        """Ask for something of the scenario's own. :param sentence: what is wrong when it does not hold."""
        if not holds:
            self.missed.append(sentence)

    def settles(self, lab: Lab, seconds: float = _SETTLE_SECONDS) -> float:
        """Ask that all is delivered within some seconds; return how many it took."""
        took = lab.settles(seconds)
        if took is None:
            behind = len(lab.behind())
            self.missed.append(f"After {seconds:.0f} s {lab.due()} were due still, and {behind} held less or more.")
        return round(seconds if took is None else took, 2)

    def judge(self, lab: Lab, *, but_not: Sequence[str] = (), **extra: float | int | str) -> Verdict:
        """Judge the lab (``checker.judge``), and what ``asks`` has found."""
        verdict = judge(lab, self.name, but_not=but_not, **extra)
        return replace(verdict, missed=(*verdict.missed, *self.missed))


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario and where it runs.

    :ivar needs: tells why it cannot run here; "" when it can. None: it always can.
    :ivar is_timed: whether it asks how long something takes, and so wants the machine to itself: it is run by
        ``make faults``, and not among all tests.
    """

    name: str
    run: Callable[[Scene], Verdict]
    set_ups: tuple[str, ...]
    needs: Callable[[], str] | None = None
    is_timed: bool = False


_ALL: dict[str, Scenario] = {}


def scenario(
    name: str,
    *,
    set_ups: tuple[str, ...] = (EMBEDDED, SERVERS),
    needs: Callable[[], str] | None = None,
    is_timed: bool = False,
) -> Callable[[Callable[[Scene], Verdict]], Callable[[Scene], Verdict]]:
    """Add a function to the scenarios. :raises ValueError: another has the name."""

    def add(run: Callable[[Scene], Verdict]) -> Callable[[Scene], Verdict]:
        if name in _ALL:
            raise ValueError(f"Two scenarios are called {name}.")
        _ALL[name] = Scenario(name, run, set_ups, needs, is_timed)
        return run

    return add


def scenarios() -> dict[str, Scenario]:
    """Return every scenario by name, in the order of their modules."""
    for module in sorted(Path(__file__).parent.glob("faults_*.py")):
        importlib.import_module(f"tests.faults.{module.stem}")
    return dict(_ALL)
