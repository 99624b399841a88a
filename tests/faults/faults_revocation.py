"""A consent is withdrawn at the worst of moments: with hundreds of deliveries in flight, and right after a crash."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from uuid import UUID

from hub.clock import monotonic
from hub.consent.reader import Reader
from hub.flow.revise import withdraw
from hub.plan.person import Role
from tests.faults.lab import Lab
from tests.faults.load import slowly
from tests.faults.recipients import Delivery, Recipient
from tests.faults.scenario import Scene, scenario
from tests.faults.senders import Case
from tests.faults.verdict import Verdict
from tests.patience import wait_for

_COORDINATOR = Reader("coordination", Role.COORDINATOR)
_PAUSE = threading.Event()
_SETTLED_SECONDS = 15.0


@scenario("revocation-in-flight")
def revocation_in_flight(scene: Scene) -> Verdict:
    """Five hundred plans change, and while all of it is on its way their consents are withdrawn, in any order."""
    settings = {"workers": 16, "calls_at_once": 16}
    with scene.lab(plans=scene.size(500, sample=30), settings=settings) as lab:
        for recipient in lab.recipients.values():
            recipient.behaviour = slowly(recipient, 0.5)
        revoked_at = dict[UUID, float]()
        order = list(lab.cases)
        scene.dice().shuffle(order)

        def revoke(case: Case) -> int:
            answered = lab.revoke(case)
            revoked_at[case.plan] = monotonic()
            return int(answered.json()["deliveries_under_way"]) if answered.is_success else -1

        with ThreadPoolExecutor(8) as side_by_side:
            messages = [lab.journal.next_message(case) for case in lab.cases]
            list(side_by_side.map(lab.send, messages))
            counts = list(side_by_side.map(revoke, order))
        scene.asks(-1 not in counts, f"{counts.count(-1)} withdrawals were not taken.")
        under_way = sum(counts)
        scene.asks(under_way > 0, "Nothing was in flight when the consents were withdrawn.")
        for recipient in lab.recipients.values():
            recipient.behaviour = None
        drained = scene.settles(lab)
        longest = max(_seconds_after(revoked_at, lab), default=0.0)
        scene.asks(longest <= _SETTLED_SECONDS, f"What was in flight arrived {longest:.1f} s after the withdrawal.")
        return scene.judge(lab, drained_seconds=drained, in_flight=under_way, last_arrived_seconds=round(longest, 2))


def _seconds_after(revoked_at: dict[UUID, float], lab: Lab) -> list[float]:
    """Return of each delivery that disclosed something how long after the withdrawal it was answered."""
    return [
        one.answered_at - revoked_at[one.plan]
        for recipient in lab.recipients.values()
        for one in recipient.seen()
        if one.titles and one.answered_at is not None and one.plan in revoked_at
    ]


@scenario("revocation-after-crash")
def revocation_after_crash(scene: Scene) -> Verdict:
    """A recipient takes a delivery in, whoever brought it is killed before it knows, and the consent is withdrawn.

    Nothing says that the recipient holds anything, but for the attempt that was written down before the send; by it the
    withdrawal comes.
    """
    delivers, times = ("hub" if scene.is_embedded else "worker"), scene.size(20, sample=3)
    with scene.lab(plans=times) as lab:
        for case in lab.cases:
            _dies_before_it_knows(lab, case, delivers)
            if scene.is_embedded:  # its one process is dead: the consent is withdrawn as it would have been
                withdraw(case.consent, _COORDINATOR, lab.store, actor="test", correlation_id="c")
                lab.revoked.add((case.consent, case.plan))
            else:
                scene.asks(lab.revoke(case).is_success, "A withdrawal was not taken.")
            lab.processes.start(delivers)
        drained = scene.settles(lab)
        told = sum(
            any(one.withdrawn for one in lab.recipients["social"].seen() if one.plan == case.plan) for case in lab.cases
        )
        scene.asks(told == times, f"{times - told} of {times} withdrawals did not come.")
        return scene.judge(lab, drained_seconds=drained, crashes=times)


def _dies_before_it_knows(lab: Lab, case: Case, delivers: str) -> None:
    """Let a case change, and kill the process that delivers it when the recipient has it and has not answered."""
    social, arrived, is_dead = lab.recipients["social"], threading.Event(), threading.Event()
    social.behaviour = _takes_in_after(social, case, arrived, is_dead)
    lab.send(lab.journal.next_message(case))
    assert arrived.wait(30), "nothing was delivered"
    lab.processes.kill(delivers)
    is_dead.set()
    wait_for(lambda: social.held(case.plan), bool)
    social.behaviour = None


def _takes_in_after(
    recipient: Recipient, case: Case, arrived: threading.Event, is_dead: threading.Event
) -> Callable[[BaseHTTPRequestHandler, Delivery], None]:
    def behaves(handler: BaseHTTPRequestHandler, delivery: Delivery) -> None:
        if delivery.plan == case.plan:
            arrived.set()
            is_dead.wait(30)
        recipient.taken_in(handler, delivery)

    return behaves
