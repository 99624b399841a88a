"""Everything is killed at once, as when a machine loses its power, and started again."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import Any

from hub.clock import monotonic
from tests.faults.load import under_load
from tests.faults.postgresql_node import PostgresNode, a_postgresql_node
from tests.faults.rabbitmq_node import RabbitNode, a_rabbitmq_node
from tests.faults.scenario import Scene, scenario
from tests.faults.verdict import Verdict

_PAUSE = threading.Event()
_UP_SECONDS, _SHARED = 30, 4  # a sample shares the machine with other tests


@scenario("everything-killed")
def everything_killed(scene: Scene) -> Verdict:
    """The hub's processes, its database and its broker get SIGKILL in one go, under load; then all start again."""
    dice, times, slowest = scene.dice(), scene.size(10, sample=1), 0.0
    with ExitStack() as stack:
        nodes: list[PostgresNode | RabbitNode] = []
        options: dict[str, Any] = {"plans": 20, "workers": 2}
        if not scene.is_embedded:
            database, broker = stack.enter_context(a_postgresql_node()), stack.enter_context(a_rabbitmq_node())
            nodes = [database, broker]
            options |= {"database_url": database.new_database(), "broker_url": broker.url}
        lab = stack.enter_context(scene.lab(**options))
        with under_load(lab, rest=0.02, patience=120) as load:
            for _ in range(times):
                load.goes_on()
                _PAUSE.wait(dice.uniform(0, 1))
                lab.processes.kill()
                for node in nodes:
                    node.kill()
                begun = monotonic()
                for node in nodes:
                    node.start()
                lab.processes.start_all()
                slowest = max(slowest, monotonic() - begun)
        most = scene.size(1, sample=_SHARED) * _UP_SECONDS
        scene.asks(slowest <= most, f"All was up again after {slowest:.0f} s; at most {most}.")
        drained = scene.settles(lab)
        return scene.judge(lab, drained_seconds=drained, up_seconds=round(slowest, 2), times=times)
