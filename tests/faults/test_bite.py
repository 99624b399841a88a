"""A suite that finds nothing shows nothing: each bug planted in a hub must be named by the scenario that is for it.

All of them where CI runs (``.ci/run``); elsewhere four, other ones with each seed (HUB_TEST_SEED).
"""

from __future__ import annotations

import os
import random
import sys
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.faults.lab import Lab
from tests.faults.planting import BUGS
from tests.faults.scenario import EMBEDDED, SERVERS, Scene, scenarios

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.timeout(300)]

_PLANTING = str(Path(__file__).with_name("planting.py"))
TWICE, KILLED = "duplicates", "ordeal-killed-at-the-door"
UNSETTLED, WITHDRAWN = "revocation-after-crash", "ordeal-withdrawn"
AWAY, LOST = "ordeal-recipient-away", "ordeal-rings-lost"
EMPTY = "ordeal-rung-no-more"
#: Bug → the scenario that must turn red, and a word of the fault that it must name.
FOUND = {
    "acknowledges-before-commit": (KILLED, "acknowledged and lost"),
    "forgets-duplicates": (TWICE, "were not answered the same each time"),
    "claims-before-it-takes-in": (KILLED, "without a row of the audit"),
    "caches-consents": (WITHDRAWN, "started after the revocation"),
    "forgets-possibly-held": (UNSETTLED, "holds what was withdrawn"),
    "forgets-attempts": (UNSETTLED, "holds what was withdrawn"),
    "never-answers-rings": (EMPTY, "wait still"),
    "audits-afterwards": (KILLED, "without a row of the audit"),
    "rings-once": (LOST, "were due still"),
    "sends-behind-its-own-back": (AWAY, "acknowledged and lost"),
    "takes-any-answer": (AWAY, "acknowledged and lost"),
    "logs-what-came": (TWICE, "name a person"),
    "counts-outages": (AWAY, "made dead letters"),
    "withdraws-without-telling": (WITHDRAWN, "held less or more"),
}
_FEW, _SETTLE_SECONDS = 4, 20.0
#: Where a bug bites only in some of the moments at which a process may be killed, it is given as many runs.
_RUNS = 3
_PICKED = list(FOUND) if os.environ.get("CI") else random.Random(os.environ["HUB_TEST_SEED"]).sample(list(FOUND), _FEW)


@dataclass(frozen=True, slots=True)
class Planted(Scene):
    """A scene in whose labs the hub has a bug."""

    bug: str = ""

    def lab(self, **options: Any) -> AbstractContextManager[Lab]:
        """Start a lab whose hub has the bug."""
        return Scene.lab(self, command=(sys.executable, _PLANTING, self.bug), **options)

    def settles(self, lab: Lab, seconds: float = _SETTLE_SECONDS) -> float:
        """Wait no longer for what a bug may hold up for good."""
        return Scene.settles(self, lab, min(seconds, _SETTLE_SECONDS))


def test_every_bug_has_a_scenario_that_is_for_it() -> None:
    assert FOUND.keys() == BUGS.keys()
    assert len(BUGS) >= 12


@pytest.mark.slow
@pytest.mark.parametrize(
    "bug",
    [
        pytest.param(bug, marks=[] if EMBEDDED in scenarios()[FOUND[bug][0]].set_ups else [pytest.mark.servers])
        for bug in _PICKED
    ],
)
def test_a_planted_bug_turns_the_suite_red(bug: str) -> None:
    name, sentence = FOUND[bug]
    one = scenarios()[name]
    told: list[str] = []
    for seed in range(1, _RUNS + 1):
        told += one.run(Planted(name, one.set_ups[0], seed, is_sample=True, bug=bug)).faults
        if any(sentence in fault for fault in told):
            return
    pytest.fail(f"No fault of {_RUNS} runs says {sentence!r}: {told}")


@pytest.mark.slow
def test_the_scenarios_know_of_no_bug_that_is_not_there() -> None:
    """What they name is the bug's doing: without one they name nothing."""
    one = scenarios()[TWICE]
    verdict = one.run(Scene(TWICE, EMBEDDED, 1, is_sample=True))
    assert verdict.faults == []
    assert SERVERS in one.set_ups
