"""What befalls the hub's door: more than it can take on, and connections that say nothing.

Whoever floods is told to come again, with Retry-After; another sender is answered all the while; nothing that was
acknowledged is lost; and when the flood is over, the hub is as before.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from urllib.parse import urlsplit

import httpx

from hub.clock import monotonic
from tests.faults.lab import Lab
from tests.faults.load import Load, under_load
from tests.faults.measured import quantile
from tests.faults.scenario import Scene, scenario
from tests.faults.senders import Answered
from tests.faults.verdict import Verdict

_PAUSE = threading.Event()
_MOST_GROWTH = 200 << 20  # a hundred bodies and forty threads, and no more with each second
_BACK_SECONDS = 30.0
#: How late another sender may be answered: so many times as late as before, or in so many seconds.
_TIMES, _SOON_SECONDS = 2.0, 3.0


@scenario("overload", is_timed=True)
def overload(scene: Scene) -> Verdict:
    """One caller asks for far more at once than the hub does in that time; senders post beside it as before."""
    with scene.lab(plans=10, settings={"requests_at_once": 16}) as lab:
        with under_load(lab, senders=1, rest=0.1, patience=120) as load:
            _PAUSE.wait(scene.size(10, sample=4))
            memory, begun = lab.processes.memory("hub"), monotonic()
            with _a_flood(lab, scene.size(100, sample=60)) as answers:
                _PAUSE.wait(scene.size(30, sample=6))
                grown = lab.processes.memory("hub") - memory
                ended = monotonic()
            back = _is_quick_again(scene, lab)
        _asks_of_a_flood(scene, answers, grown)
        before, during = _seconds(load, begun - 10, begun), _seconds(load, begun, ended)
        taken = sum(one.status in (200, 201) for one in _answers(load, begun, ended))
        scene.asks(taken > 0, "Of another sender nothing was taken in meanwhile.")
        scene.asks(
            during <= max(_TIMES * before, _SOON_SECONDS),
            f"Another sender was answered after {during:.2f} s (p99), {before:.2f} s before.",
        )
        drained = scene.settles(lab)
        refused = sum(one.status_code == 503 for one in answers)
        return scene.judge(
            lab, drained_seconds=drained, asked=len(answers), refused=refused, grown_mb=grown >> 20,
            other_before_p99=round(before, 2), other_during_p99=round(during, 2), back_seconds=round(back, 2),
        )  # fmt: skip


@scenario("slow-loris", is_timed=True)
def slow_loris(scene: Scene) -> Verdict:
    """Hundreds of connections begin a request and never end it; everybody else is answered."""
    with scene.lab(plans=10) as lab, ExitStack() as stack:
        for _ in range(scene.size(2_000, sample=300)):
            stack.enter_context(closing(_begins(lab.door)))
        begun = monotonic()
        with under_load(lab, senders=2, rest=0.1) as load:
            _PAUSE.wait(scene.size(20, sample=5))
        slowest = _seconds(load, begun, monotonic())
        refused = sum(one.status not in (200, 201) for one in load.since(begun))
        scene.asks(refused + lab.journal.broken == 0, f"{refused} senders were refused, {lab.journal.broken} cut off.")
        scene.asks(slowest <= _SOON_SECONDS, f"A sender was answered after {slowest:.1f} s.")
        drained = scene.settles(lab)
        return scene.judge(lab, drained_seconds=drained, slowest_answer=round(slowest, 2))


@contextmanager
def _a_flood(lab: Lab, side_by_side: int) -> Iterator[list[httpx.Response]]:
    """Let one caller ask without a rest, so many times at once, until the block ends; yield the answers."""
    answers, is_over = list[httpx.Response](), threading.Event()

    def asks() -> None:
        headers = {"Authorization": f"Bearer {lab.tokens['operator']}"}
        with httpx.Client(base_url=lab.door, headers=headers, timeout=60) as client:
            while not is_over.is_set():
                with suppress(httpx.TransportError):
                    answers.append(client.get("/ops/authorities"))

    with ThreadPoolExecutor(side_by_side) as pool:
        for _ in range(side_by_side):
            pool.submit(asks)
        try:
            yield answers
        finally:
            is_over.set()


def _asks_of_a_flood(scene: Scene, answers: list[httpx.Response], grown: int) -> None:
    refused = [one for one in answers if one.status_code in (429, 503)]
    scene.asks(bool(refused), "Nobody was told to come again, so it was no flood.")
    silent = sum("retry-after" not in one.headers for one in refused)
    scene.asks(silent == 0, f"{silent} answers do not say when to come again.")
    odd = {one.status_code for one in answers} - {200, 429, 503}
    scene.asks(not odd, f"Some were answered {sorted(odd)}.")
    scene.asks(grown <= _MOST_GROWTH, f"The hub grew by {grown >> 20} MB.")


def _is_quick_again(scene: Scene, lab: Lab) -> float:
    """Ask that the caller who flooded is answered soon when the flood is over; return how many seconds that took."""
    begun = monotonic()
    while lab.ask("operator", "GET", "/ops/authorities").status_code != 200 and monotonic() - begun < _BACK_SECONDS:
        _PAUSE.wait(0.1)
    took = monotonic() - begun
    scene.asks(took < _BACK_SECONDS, f"After {took:.0f} s the hub does not take on what it took on before.")
    return took


def _seconds(load: Load, since: float, until: float) -> float:
    return quantile([one.seconds for one in _answers(load, since, until)], 0.99)


def _answers(load: Load, since: float, until: float) -> list[Answered]:
    """Return the answers that came from an instant on to what was sent until another."""
    return [one for at, one in list(load.answers) if since <= at and at - one.seconds <= until]


def _begins(door: str) -> socket.socket:
    at = urlsplit(door)
    line = socket.create_connection((at.hostname or "", at.port or 80), timeout=20)
    line.sendall(b"POST /in/children HTTP/1.1\r\nHost: hub\r\nContent-Le")
    return line
