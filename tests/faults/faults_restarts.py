"""What befalls a hub that is looked after: it is restarted one process after the other, and nobody notices."""

from __future__ import annotations

import threading

import pytest

from hub.clock import monotonic
from tests.faults.balancer import a_balancer
from tests.faults.load import under_load
from tests.faults.scenario import SERVERS, Scene, scenario
from tests.faults.verdict import Verdict

_PAUSE = threading.Event()
_DRAIN_SECONDS = 30.0


@scenario("rolling-restart", set_ups=(SERVERS,), is_timed=True)
def rolling_restart(scene: Scene) -> Verdict:
    """Two doors behind a balancer that asks for readiness, and two workers: each is told to end and started again."""
    if scene.is_sample:
        pytest.skip("it takes minutes; make faults runs it")
    settings = {"going_seconds": 3}
    with scene.lab(plans=10, doors=2, workers=2, settings=settings) as lab:
        doors = [program.url for name, program in lab.processes.programs.items() if name.startswith("hub")]
        straight, longest = lab.door, 0.0
        with a_balancer(doors) as balancer:
            lab.door = balancer.url
            with under_load(lab, rest=0.2) as load:  # so that the machine has room for a start too
                _PAUSE.wait(1)
                for _ in range(5):
                    for name in list(lab.processes.programs):
                        begun = monotonic()
                        lab.processes.stop(name)
                        longest = max(longest, monotonic() - begun)
                        lab.processes.start(name)
                        _PAUSE.wait(1.5)  # until the balancer has seen that it is back
            lab.door = straight
        failed = lab.journal.broken + sum(one.status not in (200, 201) for one in load.since(0))
        scene.asks(failed == 0, f"{failed} of {len(load.answers)} requests failed.")
        scene.asks(longest <= _DRAIN_SECONDS, f"A process took {longest:.1f} s to end.")
        scene.asks(min(balancer.went.values()) > 0, "A door was never used.")
        drained = scene.settles(lab)
        return scene.judge(
            lab, drained_seconds=drained, requests=len(load.answers), failed=failed, longest_end=round(longest, 1)
        )
