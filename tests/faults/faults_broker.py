"""What befalls a broker, under load: it is killed, is away for a while, forgets everything, has no memory left.

Each on a RabbitMQ node of the scenario's own. Intake never waits for a broker: every message is acknowledged while it
is away, and is delivered afterwards.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from hub.clock import monotonic
from tests.faults.lab import Lab
from tests.faults.load import under_load
from tests.faults.rabbitmq_node import a_rabbitmq_node
from tests.faults.scenario import SERVERS, Scene, scenario
from tests.faults.senders import Answered
from tests.faults.verdict import Verdict

_PAUSE = threading.Event()
_PLANS = 20
_MOST_GROWTH = 50 << 20  # bytes of memory, while a broker is away
_RECONNECT_SECONDS, _NOTICE_SECONDS, _LONGEST_ANSWER = 5, 15, 5
#: In a sample: a queue that came back without a leader is found out by waits of 10 s and 5 s (hub/queue/mute.py).
_RECONNECT_SHARED = 45
_SHARED = 3  # how much longer all may take in a sample, which shares the machine with other tests


@scenario("broker-killed", set_ups=(SERVERS,))
def broker_killed(scene: Scene) -> Verdict:
    """It is killed with SIGKILL and started again, several times."""
    with a_rabbitmq_node() as node, scene.lab(broker_url=node.url, plans=_PLANS) as lab:
        slowest = 0.0
        with under_load(lab) as load:
            _PAUSE.wait(1)
            for _ in range(scene.size(5, sample=1)):
                node.kill()
                _PAUSE.wait(1)
                node.start()
                slowest = max(slowest, _is_ready_again(scene, lab))
        _all_taken_in(scene, load.since(0), lab)
        drained = scene.settles(lab)
        return scene.judge(lab, drained_seconds=drained, back_seconds=round(slowest, 2))


@scenario("broker-down", set_ups=(SERVERS,))
def broker_down(scene: Scene) -> Verdict:
    """It is away for a minute, and comes back."""
    outage = scene.size(60, sample=8)
    with a_rabbitmq_node() as node, scene.lab(broker_url=node.url, plans=_PLANS) as lab:
        with under_load(lab) as load:
            _PAUSE.wait(2)
            before = _memory(lab)
            node.kill()
            begun = monotonic()
            _PAUSE.wait(outage)
            grown = max(now - then for now, then in zip(_memory(lab), before, strict=True))
            away = load.since(begun)
            node.start()
        scene.asks(len(away) > outage, "Hardly anything was sent while the broker was away.")
        _all_taken_in(scene, load.since(0), lab)
        scene.asks(grown <= _MOST_GROWTH, f"A process grew by {grown >> 20} MB while the broker was away.")
        drained = scene.settles(lab, max(2 * outage, 60))
        return scene.judge(
            lab, drained_seconds=drained, acknowledged_while_away=_taken(away), grown_mb=round(grown / (1 << 20), 1)
        )


@scenario("broker-wiped", set_ups=(SERVERS,))
def broker_wiped(scene: Scene) -> Verdict:
    """It forgets every exchange, queue and message while deliveries wait."""
    with a_rabbitmq_node() as node, scene.lab(broker_url=node.url, plans=_PLANS) as lab:
        with under_load(lab) as load:
            lab.processes.stop("worker")  # else it would have all rings in hand
            load.goes_on()
            _PAUSE.wait(0.5)
            waiting = sum(lab.broker.depths().values())
            node.wipe()
            back = _is_ready_again(scene, lab)
            lab.processes.start("worker")
        scene.asks(waiting > 0, "No ring waited when the broker was wiped.")
        _all_taken_in(scene, load.since(0), lab)
        drained = scene.settles(lab)
        return scene.judge(lab, drained_seconds=drained, back_seconds=round(back, 2), rings_wiped=waiting)


@scenario("broker-out-of-memory", set_ups=(SERVERS,))
def broker_out_of_memory(scene: Scene) -> Verdict:
    """It raises its memory alarm: whoever publishes is held up, until it has memory again."""
    with a_rabbitmq_node() as node, scene.lab(broker_url=node.url, plans=_PLANS) as lab:
        with under_load(lab) as load:
            _PAUSE.wait(1)
            node.raise_alarm()
            begun = monotonic()
            noticed = _stands(lab, "degraded", scene.size(1, sample=_SHARED) * _NOTICE_SECONDS)
            _PAUSE.wait(scene.size(20, sample=3))
            during = load.since(begun)
            node.end_alarm()
            back = _is_ready_again(scene, lab)
        scene.asks(noticed is not None, "/readyz did not say in time that anything is wrong.")
        _all_taken_in(scene, load.since(0), lab)
        drained = scene.settles(lab)
        return scene.judge(
            lab,
            drained_seconds=drained,
            noticed_seconds=round(noticed or 0, 2),
            back_seconds=round(back, 2),
            acknowledged_during=_taken(during),
        )


def _all_taken_in(scene: Scene, answers: Sequence[Answered], lab: Lab) -> None:
    """Ask that every request was acknowledged, and soon."""
    scene.asks(lab.journal.broken == 0, f"{lab.journal.broken} requests got no answer.")
    refused = len(answers) - _taken(answers)
    scene.asks(refused == 0, f"{refused} requests were refused, though the database was there.")
    slowest = max((one.seconds for one in answers), default=0.0)
    scene.asks(
        slowest <= scene.size(1, sample=_SHARED) * _LONGEST_ANSWER, f"A sender waited {slowest:.1f} s for its answer."
    )


def _taken(answers: Sequence[Answered]) -> int:
    return sum(one.status in (200, 201) for one in answers)


def _is_ready_again(scene: Scene, lab: Lab) -> float:
    """Ask that the hub says soon that it is ready; return how many seconds it took."""
    took = _stands(lab, "ready", 60)
    scene.asks(
        took is not None and took <= scene.size(_RECONNECT_SECONDS, sample=_RECONNECT_SHARED),
        f"The hub took {'over 60' if took is None else round(took, 1)} s to find the broker again.",
    )
    return 60.0 if took is None else took


def _stands(lab: Lab, status: str, seconds: float) -> float | None:
    """Wait until ``/readyz`` says so; return how many seconds it took, None: it did not in time."""
    begun = monotonic()
    while monotonic() - begun < seconds:
        if lab.ask("operator", "GET", "/readyz").json().get("status") == status:
            return monotonic() - begun
        _PAUSE.wait(0.1)
    return None


def _memory(lab: Lab) -> list[int]:
    return [lab.processes.memory(name) for name in lab.processes.programs]
