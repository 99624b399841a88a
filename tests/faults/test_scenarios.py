"""A sample of the scenarios of ``make faults``, other ones with each seed (HUB_TEST_SEED), each of them short.

Those that ask how long something takes are left to ``make faults``: a test shares the machine with others.
"""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tests.faults.__main__ import run, sampled
from tests.faults.scenario import SERVERS, Scenario, Scene, scenarios

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.timeout(300)]

_SEED = int(os.environ["HUB_TEST_SEED"])
_ON_EACH_SET_UP = 3


def _sample() -> list[object]:
    untimed = [one for one in scenarios().values() if not one.is_timed]
    runs = [(one, set_up) for one in untimed for set_up in one.set_ups]
    return [
        pytest.param(one, set_up, id=f"{one.name}-{set_up}", marks=[pytest.mark.servers] if is_on_servers else [])
        for is_on_servers in (False, True)
        for one, set_up in sampled(
            [run for run in runs if (run[1] == SERVERS) is is_on_servers], _ON_EACH_SET_UP, _SEED
        )
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("one", "set_up"), _sample())
def test_a_fault_loses_nothing_and_doubles_nothing(one: Scenario, set_up: str) -> None:
    verdict = run(one, Scene(one.name, set_up, _SEED, is_sample=True))
    if verdict is None:
        pytest.skip("it cannot run here; why stands in what was printed")
    # How soon a process is ready is asked of a full run, which has the machine to itself.
    verdict = replace(verdict, seconds_to_ready=None)
    assert verdict.faults == [], f"again: make faults ARGS='--only {one.name} --set-up {set_up} --seed {_SEED}'"
