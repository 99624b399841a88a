"""What befalls the network between the hub and a recipient, PostgreSQL and RabbitMQ: each harm of the proxy, both ways.

Under load, one harm after the other for some seconds each. Senders are answered in time, yes or no; once a harm is
over, the hub goes on by itself within seconds; and in the end all that was acknowledged has arrived.

A flipped bit, a piece that comes twice and garbage reach neither PostgreSQL nor a recipient from the hub: without TLS
nothing on the way tells them from what the hub says, so that what came of them would say nothing of the hub.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from hub.clock import monotonic
from tests.faults.fault_proxy import DOWN, UP, FaultProxy, a_fault_proxy
from tests.faults.harms import (
    Bandwidth,
    Corrupt,
    Duplicate,
    Garbage,
    Harm,
    Latency,
    LimitData,
    Reset,
    Slicer,
    SlowClose,
    Swallow,
)
from tests.faults.lab import Lab
from tests.faults.load import Load, under_load
from tests.faults.scenario import SERVERS, Scene, scenario
from tests.faults.unreachable import FAR, unreachable
from tests.faults.verdict import Verdict

_PAUSE = threading.Event()
_PLANS = 10
_BACK_SECONDS, _ANSWER_SECONDS = 15.0, 15.0
_QUICK = {"retry_seconds": 0.5, "lease_seconds": 20}

_ANYWHERE: tuple[tuple[Harm, str], ...] = (
    (Latency(0.1, jitter=0.08), UP),
    (Latency(0.1, jitter=0.08), DOWN),
    (Bandwidth(20_000), UP),
    (Bandwidth(20_000), DOWN),
    (SlowClose(1), DOWN),
    (Slicer(50, 0.001), UP),
    (Slicer(50, 0.001), DOWN),
    (Swallow(closes=1), UP),
    (Swallow(closes=1), DOWN),
    (Reset(), UP),
    (Reset(after=100), DOWN),
    (LimitData(300), UP),
    (LimitData(300), DOWN),
)
_MANGLED_ANSWERS: tuple[tuple[Harm, str], ...] = ((Garbage(), DOWN), (Corrupt(0.3), DOWN), (Duplicate(0.3), DOWN))
_MANGLED_WORDS: tuple[tuple[Harm, str], ...] = ((Garbage(), UP), (Corrupt(0.3), UP), (Duplicate(0.3), UP))


@scenario("network-to-a-recipient", is_timed=True)
def to_a_recipient(scene: Scene) -> Verdict:
    """Between the hub and one of two recipients; the other one hears all the while."""
    return _harmed(scene, "social", (*_ANYWHERE, *_MANGLED_ANSWERS))


@scenario("network-to-the-database", set_ups=(SERVERS,), is_timed=True)
def to_the_database(scene: Scene) -> Verdict:
    """Between the hub and PostgreSQL."""
    return _harmed(scene, "database", _ANYWHERE)


@scenario("network-to-the-broker", set_ups=(SERVERS,), is_timed=True)
def to_the_broker(scene: Scene) -> Verdict:
    """Between the hub and RabbitMQ."""
    return _harmed(scene, "broker", (*_ANYWHERE, *_MANGLED_ANSWERS, *_MANGLED_WORDS))


@scenario("network-database-out-of-reach", set_ups=(SERVERS,), is_timed=True)
def database_out_of_reach(scene: Scene) -> Verdict:
    """PostgreSQL's machine is gone without a word, and comes back: nobody waits for it for minutes."""
    return _out_of_reach(scene, "database")


@scenario("network-broker-out-of-reach", set_ups=(SERVERS,), is_timed=True)
def broker_out_of_reach(scene: Scene) -> Verdict:
    """RabbitMQ's machine is gone without a word, and comes back: nobody who sends notices."""
    return _out_of_reach(scene, "broker")


@scenario("network-answer-lost", is_timed=True)
def answer_lost(scene: Scene) -> Verdict:
    """The hub's answer breaks off after its commit; the sender asks again, and is told the same: one effect."""
    with scene.lab(plans=5) as lab, a_fault_proxy(lab.door, seed=scene.seed) as proxy:
        straight, lab.door, dice = lab.door, proxy.url(lab.door), scene.dice()
        for number in range(scene.size(100, sample=10)):
            message = lab.journal.next_message(lab.cases[number % len(lab.cases)])
            with proxy.harmed(Reset(after=dice.randrange(200)), DOWN):
                scene.asks(lab.send(message, patience=0) is None, "The answer was not lost.")
            first, again = lab.send(message), lab.send(message)
            same = first is not None and again is not None and (first.status, first.body) == (again.status, again.body)
            scene.asks(same, "A repeat was answered otherwise than the one before.")
        lab.door = straight
        drained = scene.settles(lab)
        return scene.judge(lab, drained_seconds=drained, answers_lost=lab.journal.broken)


def _harmed(scene: Scene, link: str, harms: tuple[tuple[Harm, str], ...]) -> Verdict:
    dice = scene.dice()
    chosen = dice.sample(harms, 3) if scene.is_sample else harms
    slowest, worst = 0.0, ""
    with _a_lab_behind(scene, link) as (lab, proxy):
        with under_load(lab, rest=0.1) as load:
            _PAUSE.wait(1)
            for harm, way in chosen:
                begun = monotonic()
                with proxy.harmed(harm, way):
                    if isinstance(harm, Reset | LimitData | SlowClose):
                        proxy.break_all()  # so that there are connections that begin
                    _PAUSE.wait(scene.size(4, sample=2))
                took = _goes_on(scene, load, f"{harm} {way}")
                if took > slowest:
                    slowest, worst = took, f"{harm} {way}"
                _answers_in_time(scene, load, begun, f"{harm} {way}")
        _all_answered(scene, load, lab)
        drained = scene.settles(lab, 120)
        return scene.judge(lab, drained_seconds=drained, harms=len(chosen), back_seconds=round(slowest, 2), worst=worst)


def _out_of_reach(scene: Scene, link: str) -> Verdict:
    with _a_lab_behind(scene, link, address=FAR) as (lab, _proxy):
        with under_load(lab, rest=0.1) as load:
            _PAUSE.wait(1)
            begun = monotonic()
            with unreachable():
                _PAUSE.wait(scene.size(40, sample=20))
                during = load.since(begun)
            back = _goes_on(scene, load, "out of reach")
            _answers_in_time(scene, load, begun, "out of reach")
        taken = sum(one.status in (200, 201) for one in during)
        if link == "broker":
            scene.asks(taken == len(during) > 0, f"{len(during) - taken} of {len(during)} were refused without need.")
        _all_answered(scene, load, lab)
        drained = scene.settles(lab)
        return scene.judge(
            lab, drained_seconds=drained, back_seconds=round(back, 2), answered=len(during), acknowledged_during=taken
        )


@contextmanager
def _a_lab_behind(scene: Scene, link: str, address: str = "127.0.0.1") -> Iterator[tuple[Lab, FaultProxy]]:
    """Start a lab whose hub reaches something through a proxy. :param link: as ``a_lab``'s ``via`` names it."""
    with ExitStack() as stack:
        proxies: list[FaultProxy] = []

        def via(name: str, url: str) -> str:
            if name == link:
                proxies.append(stack.enter_context(a_fault_proxy(url, seed=scene.seed, address=address)))
                return proxies[0].url(url)
            return url

        lab = stack.enter_context(scene.lab(plans=_PLANS, settings=_QUICK, via=via))
        yield lab, proxies[0]


def _goes_on(scene: Scene, load: Load, after: str) -> float:
    """Ask that a message is acknowledged soon after a harm has ended; return how many seconds that took."""
    ended = monotonic()
    while (took := load.first_acknowledged_since(ended)) is None and monotonic() - ended < _BACK_SECONDS:
        _PAUSE.wait(0.05)
    scene.asks(took is not None, f"After {after} nothing was acknowledged within {_BACK_SECONDS:.0f} s.")
    return _BACK_SECONDS if took is None else took


def _answers_in_time(scene: Scene, load: Load, begun: float, during: str) -> None:
    """Ask that nobody who sends was left without an answer for long, and that whoever was refused may come again."""
    answers = load.since(begun)
    slowest = max((one.seconds for one in answers), default=0.0)
    scene.asks(slowest <= _ANSWER_SECONDS, f"During {during} an answer took {slowest:.1f} s.")
    odd = {one.status for one in answers} - {200, 201, 503}
    scene.asks(not odd, f"During {during} senders were answered {sorted(odd)}.")
    silent = sum(one.status == 503 and "retry-after" not in one.headers for one in answers)
    scene.asks(silent == 0, f"During {during} {silent} answers did not say when to come again.")


def _all_answered(scene: Scene, load: Load, lab: Lab) -> None:
    """Ask that no request was left without an answer: of those the answers themselves say nothing."""
    scene.asks(lab.journal.broken == 0, f"{lab.journal.broken} requests got no answer in time.")
    scene.asks(not load.given_up, f"{len(load.given_up)} senders gave up.")
