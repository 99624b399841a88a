"""A process of the hub is killed (SIGKILL) at a named point of a message's way, again and again, and started again.

The points are those of ``crashing.LAB_POINTS``. One lab lives through all repeats of a point: each time the point is
armed, messages of other plans are sent, whoever comes by dies, and only that process is started again.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from hub.clock import monotonic
from tests.faults.crashing import LAB_POINTS
from tests.faults.lab import Lab
from tests.faults.scenario import Scene, scenario
from tests.faults.senders import Message
from tests.faults.verdict import Verdict
from tests.integration.set_up import eventually

_CRASHING = Path(__file__).with_name("crashing.py")
_MESSAGES = 2  # of as many plans, so that none replaces another before it is delivered
_DEATH_SECONDS, _DRAIN_SECONDS, _RING_SECONDS = 20, 30, 15
_SEAL_SECONDS = 15
_PATIENCE = 120  # seconds that a sender tries again for, while who died is started beside other work
#: Where the recipient has the delivery already, so that its repeat must be seen on the wire.
_REPEATED = ("worker-sent", "worker-answered")
_PAUSE = threading.Event()


def crash(point: str, scene: Scene) -> Verdict:
    """Kill whoever comes by a point, as often as the scene says."""
    is_relays = point.startswith("relay-") and not scene.is_embedded
    repeats = scene.size(scene.repeats, sample=1)
    slowest, rings = 0.0, 0
    with tempfile.TemporaryDirectory(prefix="hub-triggers-") as triggers:
        command = (sys.executable, str(_CRASHING), "all", triggers)
        with scene.lab(command=command) as lab:
            for _ in range(repeats):
                if is_relays:
                    rings += _relay_dies(scene, lab, Path(triggers) / point)
                else:
                    _dies(scene, lab, Path(triggers) / point)
                slowest = max(slowest, scene.settles(lab, _DRAIN_SECONDS))
                _asks_again(scene, lab)
            _asks_of_the_wire(scene, lab, point)
            scene.asks(_is_sealed(lab), f"{_SEAL_SECONDS} s later the audit was not sealed.")
            if is_relays:
                scene.asks(rings > 0, "No ring was published twice, so nothing was shown.")
            measured: dict[str, float | int | str] = {"crashes": repeats, "slowest_drain_seconds": slowest}
            if is_relays:
                measured["rings_twice"] = rings
            verdict = scene.judge(lab)
            return replace(verdict, extra={**verdict.extra, **measured})


def _dies(scene: Scene, lab: Lab, trigger: Path) -> None:
    """Arm a point, send messages, wait for a death, and start who died; the senders try again meanwhile."""
    with _saying(lab, trigger):
        _starts_again(scene, lab)


def _relay_dies(scene: Scene, lab: Lab, trigger: Path) -> int:
    """Let the relay of ``hub serve`` die while nobody hears rings; return how many were published twice.

    Only with the worker away do the rings of before the crash still wait when the relay rings again.
    """
    lab.processes.stop("worker")
    with _saying(lab, trigger):
        _starts_again(scene, lab, but_not=("worker",))
    due = lab.due()
    try:
        eventually(lambda: sum(lab.broker.depths().values()) > due, _RING_SECONDS)
    except AssertionError:
        scene.asks(False, f"{_RING_SECONDS} s after the crash the relay had not rung again.")
    twice = sum(lab.broker.depths().values()) - due
    lab.processes.start("worker")
    return max(0, twice)


@contextmanager
def _saying(lab: Lab, trigger: Path) -> Iterator[Sequence[Message]]:
    """Arm a point and send a message of some plans each, side by side; the end waits until all are acknowledged."""
    messages = [lab.journal.next_message(case) for case in lab.random.sample(lab.cases, _MESSAGES)]
    trigger.touch()
    with ThreadPoolExecutor(_MESSAGES) as side_by_side:
        sent = [side_by_side.submit(lab.send, message, _PATIENCE) for message in messages]
        yield messages
        for one in sent:
            one.result()


def _starts_again(scene: Scene, lab: Lab, but_not: Sequence[str] = ()) -> None:
    until = monotonic() + _DEATH_SECONDS
    while not (dead := [name for name in lab.processes.dead() if name not in but_not]):
        if monotonic() > until:
            scene.asks(False, f"Nobody came by the point in {_DEATH_SECONDS} s, so nothing was shown.")
            return
        _PAUSE.wait(0.01)
    for name in dead:
        lab.processes.start(name)


def _asks_again(scene: Scene, lab: Lab) -> None:
    """Ask that a repeat of the newest acknowledged message gets the answer of the first."""
    first = next(one for one in reversed(lab.journal.answers) if one.status in (200, 201))
    again = lab.send(first.message)
    scene.asks(
        again is not None and again.status == 200 and again.body == first.body,
        "A repeat of an acknowledged message got another answer.",
    )


def _is_sealed(lab: Lab) -> bool:
    """Wait until every row of the audit is sealed; whether the seals are whole, the judge looks at."""
    until = monotonic() + _SEAL_SECONDS
    while monotonic() < until:
        with lab.store.begin(read_only=True) as unit:
            unsealed, _ = unit.seals.unsealed_window()
        if unsealed == 0:
            return True
        _PAUSE.wait(0.1)
    return False


def _asks_of_the_wire(scene: Scene, lab: Lab, point: str) -> None:
    keys = Counter(one.key for recipient in lab.recipients.values() for one in recipient.seen())
    twice = sum(count > 1 for count in keys.values())
    scene.asks(max(keys.values(), default=0) <= 2, "A delivery was on the wire more than twice for one crash.")
    if point in _REPEATED:
        scene.asks(twice > 0, "No repeat was seen on the wire, so nothing was shown.")
    if point.startswith("relay-") and not scene.is_embedded:
        scene.asks(twice == 0, "A ring too many became a delivery too many.")


def _named(point: str) -> Callable[[Scene], Verdict]:
    return partial(crash, point)


for _point in LAB_POINTS:
    scenario(f"crash-{_point}")(_named(_point))
