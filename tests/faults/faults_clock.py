"""What befalls the clock: it is wrong by minutes and hours, and steps back, under load.

Order comes from sequences and the order of rows, so nothing is inverted; a withdrawal that a fast clock wrote counts
for a slow one too. What became due by a fast clock and was not delivered before it was set right waits for that time:
how much that is, is measured. A clock behind the plan's own beginning is not here: to it the plan does not exist yet.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import pytest

from tests.faults.scenario import Scene, scenario
from tests.faults.verdict import Verdict

_WRONG_CLOCK = Path(__file__).with_name("wrong_clock.py")
_HOURS = 3_600
#: Seconds that the clock is fast by, one after the other; it steps back in between, and ends ahead of all.
_STEPS = (600, 2 * _HOURS, 0, 26 * _HOURS, 24 * _HOURS, 25 * _HOURS, 27 * _HOURS)
_SETTLE_SECONDS, _BACK_SECONDS = 60.0, 5.0


@scenario("clock-wrong", is_timed=True)
def clock_wrong(scene: Scene) -> Verdict:
    """The clock of every process is wrong, and each time by something else; consents are withdrawn meanwhile."""
    if scene.is_sample:
        pytest.skip("it takes minutes; make faults runs it")
    with tempfile.TemporaryDirectory(prefix="hub-clock-") as folder:
        clock = Path(folder) / "clock"
        with scene.lab(plans=10, command=(sys.executable, str(_WRONG_CLOCK), str(clock))) as lab:
            drained, waiting, furthest, withdrawn = 0.0, 0, 0, iter(lab.cases)
            for step in _STEPS:
                lab.say(10)
                _set(clock, step)  # while deliveries of the time before are due and on their way
                lab.say(10)
                answered = lab.revoke(next(withdrawn))
                scene.asks(answered.is_success, f"A withdrawal was answered {answered.status_code}.")
                lab.say(10)
                if step > furthest:
                    furthest, drained = step, max(drained, scene.settles(lab, _SETTLE_SECONDS))
                elif lab.settles(_BACK_SECONDS) is None:
                    waiting = max(waiting, lab.due())
            return scene.judge(lab, drained_seconds=drained, waiting_after_a_step_back=waiting)


def _set(clock: Path, seconds: float) -> None:
    """Set the clock in one step: nobody may read half of it."""
    beside = clock.with_suffix(".new")
    beside.write_text(str(seconds))
    beside.replace(clock)
