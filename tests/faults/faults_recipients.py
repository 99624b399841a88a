"""What befalls a recipient's system: it is slow, silent, endless, redirecting, half dead, or answers rubbish.

One of two recipients misbehaves under load. The other goes on hearing at its old pace; no call lasts longer than it
may; no rubbish counts as taken in; and when the recipient is mended, it gets all that it has missed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from typing import Any

import sqlalchemy as sa

from hub.authority import ReceiptStatus
from hub.clock import monotonic, now
from hub.store.tables import attempts, outbox
from tests.faults import misbehaving
from tests.faults.fault_proxy import UP, FaultProxy, a_fault_proxy
from tests.faults.harms import Swallow
from tests.faults.lab import Lab
from tests.faults.load import Load, slowly, under_load
from tests.faults.measured import lags, quantile, threads
from tests.faults.misbehaving import Behaviour, Misbehaving, says
from tests.faults.scenario import Scene, scenario
from tests.faults.verdict import Verdict

_PAUSE = threading.Event()
_PLANS = 10
#: A failed message is tried again soon; a lease lasts longer than a call, as it must, or another takes its place.
_QUICK = {"retry_seconds": 0.5, "workers": 8, "lease_seconds": 20}
_CALL_SECONDS, _AT_ONCE = 15.0, 4
_SLACK_SECONDS = 1.0  # between the hub's clock and the recipient's, on a busy machine
_MOST_GROWTH = 50 << 20
#: How late the other recipient may hear: so many times as late as before; or in so many seconds, where it was sooner
#: before. Whoever waits behind a call that hangs waits for ten.
_TIMES, _SOON_SECONDS = 1.5, {"median": 1.0, "p99": 5.0}

Spans = Mapping[str, tuple[float, float]]

#: Nothing of these is an answer, so the recipient is away: the circuit opens, and no message is to blame.
AWAY: dict[str, Behaviour] = {
    "hangs": misbehaving.hangs,
    "hangs-after-headers": misbehaving.hangs_after_headers,
    "drips": misbehaving.drips,
    "breaks-off": misbehaving.breaks_off,
    "says-502": says(502),
    "says-503": says(503, Retry_After="2"),
    "says-429": says(429, Retry_After="2"),
}
#: These are answers, and wrong ones: the message is tried again.
WRONG: dict[str, Behaviour] = {
    "talks-binary": misbehaving.talks_binary,
    "shows-a-page": misbehaving.shows_a_page,
    "answers-xml": misbehaving.answers_xml,
    "answers-nothing": misbehaving.answers_nothing,
    "answers-half": misbehaving.answers_half,
    "answers-another": misbehaving.answers_another,
    "answers-a-gigabyte": misbehaving.answers_a_gigabyte,
    "answers-a-bomb": misbehaving.answers_a_bomb,
    "says-500": says(500),
}
#: It has to last until calls that hang have ended, twice.
_LASTS = {"hangs": 25.0, "hangs-after-headers": 25.0, "drips": 35.0}


def misbehaves(scene: Scene, behaviour: Behaviour, is_away: bool, lasts: float) -> Verdict:
    """Let one of two recipients misbehave for a while, under load."""
    with scene.lab(plans=_PLANS, settings=_QUICK) as lab:
        social, delivers = lab.recipients["social"], _delivers(scene)
        with under_load(lab, rest=0.1) as load:
            _PAUSE.wait(scene.size(6, sample=3))
            memory, at_work = lab.processes.memory(delivers), threads(lab, delivers)
            begun, by_the_clock = monotonic(), now()
            social.behaviour = bad = Misbehaving(behaviour)
            has_opened = _lasts(lab, lasts)
            counted = _counted(lab, by_the_clock + timedelta(seconds=0.5))
            grown = lab.processes.memory(delivers) - memory
            ended = monotonic()
            social.behaviour = None
        scene.asks(counted == 0, f"{counted} deliveries count as taken in, and were not.")
        scene.asks(bad.most > 0, "The recipient was not called while it misbehaved.")
        scene.asks(grown <= _MOST_GROWTH, f"Whoever delivers grew by {grown >> 20} MB.")
        if is_away:
            scene.asks(has_opened, "The recipient did not answer, and its circuit never opened.")
        spans = {"before": (begun - 6, begun - 1), "during": (begun, ended)}
        return _mended(scene, lab, bad, at_work, load=load, spans=spans, grown_mb=round(grown / (1 << 20), 1))


for _name, _behaviour in (AWAY | WRONG).items():
    scenario(f"recipient-{_name}", is_timed=True)(
        partial(misbehaves, behaviour=_behaviour, is_away=_name in AWAY, lasts=_LASTS.get(_name, 8.0))
    )


@scenario("recipient-slow", is_timed=True)
def slow(scene: Scene) -> Verdict:
    """One takes everything in and takes five seconds for it: it has its four calls at once, and no more."""
    with scene.lab(plans=_PLANS, settings=_QUICK) as lab:
        social = lab.recipients["social"]
        with under_load(lab, rest=0.1) as load:
            _PAUSE.wait(scene.size(6, sample=3))
            at_work, begun = threads(lab, _delivers(scene)), monotonic()
            social.behaviour = bad = Misbehaving(slowly(social, 5))
            _PAUSE.wait(scene.size(30, sample=8))
            ended = monotonic()
            social.behaviour = None
        scene.asks(bad.most == _AT_ONCE, f"It had {bad.most} calls at once, and may have {_AT_ONCE}.")
        spans = {"before": (begun - 6, begun - 1), "during": (begun, ended)}
        return _mended(scene, lab, bad, at_work, load=load, spans=spans)


@scenario("recipient-redirects", is_timed=True)
def redirects(scene: Scene) -> Verdict:
    """It sends the hub elsewhere, by every status that does: to a server of somebody else, and into the cloud."""
    with _a_trap() as (trap, caught), scene.lab(plans=10, settings=_QUICK) as lab:
        places = product((301, 302, 303, 307, 308), (trap, "http://169.254.169.254/latest/meta-data/"))
        for case, (status, place) in zip(lab.cases, places, strict=True):  # a case that failed before would wait
            lab.recipients["social"].behaviour = says(status, Location=place)
            begun = len(lab.recipients["social"].seen())
            lab.send(lab.journal.next_message(case))
            called = _wait_until(partial(_has_called, lab, begun), 20)
            scene.asks(called, f"The recipient was not called, so it could not answer {status}.")
        lab.recipients["social"].behaviour = None
        _replay(lab)
        drained = scene.settles(lab)
        scene.asks(not caught, f"The hub has followed a redirect {len(caught)} times.")
        return scene.judge(lab, drained_seconds=drained, redirects_followed=len(caught))


@scenario("recipient-refuses", is_timed=True)
def refuses(scene: Scene) -> Verdict:
    """It answers 422: the same again would be refused again, so it is tried once and waits for a person."""
    with scene.lab(plans=5, settings=_QUICK) as lab:
        lab.recipients["social"].behaviour = says(422)
        for case in lab.cases:
            lab.send(lab.journal.next_message(case))
        dead = _wait_until(lambda: _dead(lab) == len(lab.cases), 20)
        scene.asks(dead, f"{_dead(lab)} of {len(lab.cases)} refused deliveries wait for a person.")
        tries = len(lab.recipients["social"].seen())
        scene.asks(tries == len(lab.cases), f"{len(lab.cases)} deliveries were refused, and {tries} were tried.")
        lab.recipients["social"].behaviour = None
        _replay(lab)
        drained = scene.settles(lab)
        return scene.judge(lab, drained_seconds=drained, tries=tries)


@scenario("recipient-half-open", is_timed=True)
def half_open(scene: Scene) -> Verdict:
    """Connections to it are there, and nothing of what the hub says arrives; nobody ever closes them."""
    with ExitStack() as stack:
        proxies: list[FaultProxy] = []

        def via(name: str, url: str) -> str:
            if name == "social":
                proxies.append(stack.enter_context(a_fault_proxy(url, seed=scene.seed)))
                return proxies[0].url(url)
            return url

        lab = stack.enter_context(scene.lab(plans=_PLANS, settings=_QUICK, via=via))
        with under_load(lab, rest=0.1) as load:
            _PAUSE.wait(scene.size(6, sample=3))
            at_work, begun = threads(lab, _delivers(scene)), monotonic()
            with proxies[0].harmed(Swallow(), UP):
                has_opened = _lasts(lab, scene.size(40, sample=15))
                ended = monotonic()
        scene.asks(has_opened, "The recipient did not answer, and its circuit never opened.")
        spans = {"before": (begun - 6, begun - 1), "during": (begun, ended)}
        return _mended(scene, lab, None, at_work, load=load, spans=spans)


def _delivers(scene: Scene) -> str:
    """Return the process that delivers."""
    return "hub" if scene.is_embedded else "worker"


def _mended(
    scene: Scene, lab: Lab, bad: Misbehaving | None, at_work: int, *, load: Load, spans: Spans, **measured: Any
) -> Verdict:
    """Ask that the recipient gets all once it is mended, that nobody suffered with it, and that no worker is stuck.

    :param bad: how the recipient misbehaved; None where no call ever got to it.
    """
    _replay(lab)
    drained = scene.settles(lab)
    late = {name: lags(lab, load, "youth", *span) for name, span in spans.items()}
    scene.asks(bool(late["during"]), "Nothing was taken in while it misbehaved, so nobody could suffer.")
    for name, share in (("median", 0.5), ("p99", 0.99)):
        before, during = quantile(late["before"], share), quantile(late["during"], share)
        measured |= {f"other_{name}_before": round(before, 2), f"other_{name}_during": round(during, 2)}
        scene.asks(
            during <= max(_TIMES * before, _SOON_SECONDS[name]),
            f"The other recipient heard {during:.2f} s ({name}) after senders were answered, {before:.2f} s before.",
        )
    if bad is not None:
        scene.asks(bad.longest <= _CALL_SECONDS + _SLACK_SECONDS, f"A call lasted {bad.longest:.1f} s.")
        scene.asks(bad.most <= _AT_ONCE, f"{bad.most} calls were under way at once; at most {_AT_ONCE}.")
        measured |= {"longest_call": round(bad.longest, 1), "calls_at_once": bad.most}
    if not scene.is_embedded:  # there the threads of requests come and go in the same process
        more = threads(lab, "worker") - at_work
        scene.asks(more < _AT_ONCE, f"The worker has {more} more threads than before.")
    return scene.judge(lab, drained_seconds=drained, **measured)


def _lasts(lab: Lab, seconds: float) -> bool:
    """Let some time pass; tell whether the circuit of the recipient was open once."""
    until, has_opened = monotonic() + seconds, False
    while monotonic() < until:
        rows = lab.ask("operator", "GET", "/ops/authorities").json()["authorities"]
        has_opened |= any(row["authority"] == "social" and row["state"] != "closed" for row in rows)
        _PAUSE.wait(0.5)
    return has_opened


def _counted(lab: Lab, since: datetime) -> int:
    """Count the deliveries that began since an instant and count as arrived."""
    wanted = (
        sa.select(sa.func.count())
        .select_from(attempts.join(outbox, attempts.c.outbox_id == outbox.c.id))
        .where(
            outbox.c.recipient == "social", attempts.c.started_at > since, attempts.c.outcome.in_(list(ReceiptStatus))
        )
    )
    with lab.store.begin(read_only=True) as unit:
        return int(unit.connection.execute(wanted).scalar_one())


def _dead(lab: Lab) -> int:
    with lab.store.begin(read_only=True) as unit:
        return len(unit.dead_letters.died_until(now()))


def _replay(lab: Lab) -> None:
    """Bring back what has become a dead letter, as an operator does once a recipient is mended."""
    with lab.store.begin(read_only=True) as unit:
        letters = [letter.id for letter in unit.dead_letters.died_until(now())]
    for letter in letters:
        lab.ask("operator", "POST", f"/ops/dead-letters/{letter}/replay")


def _has_called(lab: Lab, more_than: int) -> bool:
    return len(lab.recipients["social"].seen()) > more_than


def _wait_until(holds: Callable[[], bool], seconds: float) -> bool:
    until = monotonic() + seconds
    while monotonic() < until:
        if holds():
            return True
        _PAUSE.wait(0.1)
    return False


@contextmanager
def _a_trap() -> Iterator[tuple[str, list[str]]]:
    """Serve whoever follows a redirect until the block ends; yield its address and who came."""
    caught: list[str] = []

    class Trap(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            caught.append(self.client_address[0])
            self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Trap)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", caught
    finally:
        server.shutdown()
        server.server_close()
