"""Small faults, each for one guarantee: the quickest way to see that a change has broken one.

``test_bite.py`` plants a bug and asks the scenario that is for it to name a fault.
"""

from __future__ import annotations

import threading

from tests.faults.lab import Lab
from tests.faults.recipients import answer
from tests.faults.scenario import SERVERS, Scene, scenario
from tests.faults.senders import Case
from tests.faults.verdict import Verdict
from tests.patience import wait_for

_AWAY_SECONDS = 2.0
_SETTLE_SECONDS, _SETTLE_SHARED = 15, 60  # a sample shares the machine with other tests
_PAUSE = threading.Event()


@scenario("ordeal-killed-at-the-door")
def killed_while_messages_come_in(scene: Scene) -> Verdict:
    """The process that takes in is killed when some are acknowledged; senders try again until they are answered."""
    with scene.lab() as lab:
        for _ in range(scene.size(5, sample=2)):
            acknowledged = len(lab.journal.acknowledged)
            with lab.saying(8, senders=2):
                wait_for(lambda: len(lab.journal.acknowledged), lambda many, least=acknowledged + 2: many >= least)
                lab.processes.kill("hub")
                lab.processes.start("hub")
        return _ends(scene, lab)


@scenario("ordeal-withdrawn")
def goes_on_after_a_withdrawal(scene: Scene) -> Verdict:
    """What is held is taken back, and the next version reaches nobody."""
    with scene.lab() as lab:
        for case in lab.cases[: scene.size(5, sample=1)]:
            _says(lab, case)
            scene.settles(lab, scene.size(_SETTLE_SECONDS, sample=_SETTLE_SHARED))
            lab.revoke(case)
            scene.settles(lab, scene.size(_SETTLE_SECONDS, sample=_SETTLE_SHARED))
            _says(lab, case)
        return _ends(scene, lab)


@scenario("ordeal-recipient-away")
def recipient_is_away(scene: Scene) -> Verdict:
    """It answers 503, and then it is back: nothing was counted against a message, and it gets all."""
    quick = {"retry_seconds": 0.05, "max_attempts": 2}
    with scene.lab(settings=quick) as lab:
        social = lab.recipients["social"]
        social.behaviour = lambda handler, delivery: answer(handler, 503, {}, delivery, Retry_After="1")
        lab.say(scene.size(30, sample=6))
        _PAUSE.wait(_AWAY_SECONDS)
        social.behaviour = None
        drained = scene.settles(lab, scene.size(_SETTLE_SECONDS, sample=_SETTLE_SHARED))
        dead = sum(one["dead_letters"] for one in lab.ask("operator", "GET", "/ops/queues").json()["deliveries"])
        scene.asks(dead == 0, "An outage of a recipient has made dead letters.")
        return scene.judge(lab, drained_seconds=drained)


@scenario("ordeal-rings-lost", set_ups=(SERVERS,))
def rings_are_lost(scene: Scene) -> Verdict:
    """The broker forgets everything that was rung."""
    with scene.lab() as lab:
        lab.processes.kill("worker")
        lab.say(scene.size(30, sample=4))
        wait_for(lambda: sum(lab.broker.depths().values()), lambda waiting: waiting >= len(lab.recipients))
        lab.broker.purge()
        lab.processes.start("worker")
        return _ends(scene, lab)


@scenario("ordeal-rung-no-more", set_ups=(SERVERS,))
def rung_for_no_more(scene: Scene) -> Verdict:
    """The queues are empty when all is settled."""
    with scene.lab() as lab:
        lab.say(scene.size(30, sample=4))
        drained = scene.settles(lab, scene.size(_SETTLE_SECONDS, sample=_SETTLE_SHARED))
        wait_for(lambda: sum(lab.broker.depths().values()), lambda waiting: waiting == 0, 3)
        lab.processes.stop("worker")  # what it had taken and not answered is in the queues again
        left = sum(lab.broker.depths().values())
        scene.asks(left == 0, "Rings for what is delivered wait still.")
        return scene.judge(lab, drained_seconds=drained)


def _says(lab: Lab, case: Case, patience: float = 30) -> None:
    lab.send(lab.journal.next_message(case), patience)


def _ends(scene: Scene, lab: Lab) -> Verdict:
    drained = scene.settles(lab, scene.size(_SETTLE_SECONDS, sample=_SETTLE_SHARED))
    return scene.judge(lab, drained_seconds=drained)
