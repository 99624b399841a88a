"""All loops of one process, each on a thread of its own: started together, stopped together, and seen how they are.

    running = Running(store, Broker(settings.broker_url, settings.queue_prefix), authorities, settings)
    running.start()
    ...
    running.stop(timeout=20)   # what is on the wire is finished; no new ring is taken

The embedded server runs it beside the API; ``hub worker`` runs nothing else. A loop whose turn fails goes on with its
next one after a short wait, and says so in the log: once for an outage, each time for a bug.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog

from hub.authority import Authorities, Posts, Register, Witness
from hub.clock import monotonic, now
from hub.errors import Unavailable, told
from hub.queue.broker import Broker
from hub.queue.events import listeners
from hub.queue.housekeeper import Housekeeper
from hub.queue.jobs import Jobs
from hub.queue.posting import Posting
from hub.queue.registering import RegisterJobs
from hub.queue.relay import Relay
from hub.queue.replayer import Replayer
from hub.queue.sealer import Sealer
from hub.queue.sweeper import Sweeper
from hub.queue.webhooks import notifiers, webhooks
from hub.queue.witnesses import Witnesses
from hub.queue.worker import Ear, Table, Worker, outcome_of
from hub.settings import Settings
from hub.store.transaction import Store

_FIRST_WAIT, _LONGEST_WAIT = 0.1, 2.0
_JOB_THREADS = 2  # a source that takes its fifteen seconds holds up one of them

_log = structlog.get_logger()


class Loop(Protocol):
    """Something that is done again and again, by one thread."""

    name: str
    #: Whoever sets it ends a rest early.
    bell: threading.Event

    def turn(self) -> float:
        """Do once what there is to do; return how many seconds to rest."""
        ...

    def close(self) -> None:
        """Let go of what the turns hold."""
        ...


@dataclass(slots=True)
class Pulse:
    """How a loop is.

    :ivar last_turn_at: when it last did a turn without trouble.
    :ivar trouble: code of what its last turn failed with; "" when it went well.
    """

    last_turn_at: datetime | None = None
    trouble: str = ""


class Running:
    """The loops of one process."""

    def __init__(
        self,
        store: Store,
        broker: Broker,
        authorities: Authorities,
        settings: Settings,
        post: Posts | None = None,
        register: Register | None = None,
        witnesses: Sequence[Witness] = (),
    ) -> None:
        self._store, self._settings = store, settings
        table = Table()
        workers = [Worker(n, table, store, authorities, settings) for n in range(1, settings.workers + 1)]
        jobs = [Jobs(n, store, authorities, settings) for n in range(1, _JOB_THREADS + 1)]
        self._ear = LoopThread(Ear(broker, table, settings))
        events = listeners(store, authorities)
        loops: list[Loop] = [Relay(store, broker, settings), Sweeper(store, settings), *jobs, *workers, *events]
        loops.append(Posting(store, post, settings))
        if register is not None:
            loops.append(RegisterJobs(store, register, settings))
        loops.extend([Housekeeper(store, settings), Replayer(store, authorities), Sealer(store, settings)])
        if witnesses:
            loops.append(Witnesses(store, witnesses, settings))
        loops.extend(webhooks(store, authorities, settings))
        loops.extend(notifiers(store, authorities, settings))
        self._others = [LoopThread(loop) for loop in loops]

    def start(self) -> None:
        """Start every loop; a broker that is down now is waited for.

        :raises StoreBusy: the embedded database does not answer.
        """
        if self._settings.is_embedded:  # this is the only process, so nobody else holds a lease or a ring
            with self._store.begin() as unit:
                unit.outbox.start_afresh(now())
                unit.jobs.start_afresh()
                unit.notices.start_afresh()
                unit.breakers.start_afresh()
                unit.feeds.pushes.start_afresh()
                unit.subscriptions.start_afresh()
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 20.0) -> bool:
        """Let every loop finish its turn; tell whether all have within some seconds."""
        until = monotonic() + timeout
        # The ear last: it answers the rings whose deliveries the workers are just finishing.
        return all([_stopped(threads, until) for threads in (self._others, [self._ear])])

    def health(self) -> dict[str, dict[str, Any]]:
        """Return of each loop when it last did a turn (ISO 8601, None: never) and what troubles it ("": nothing)."""
        return {thread.name: thread.health() for thread in self._threads}

    @property
    def _threads(self) -> Sequence[LoopThread]:
        return [*self._others, self._ear]


class LoopThread(threading.Thread):
    """Runs a loop until it is told to stop."""

    def __init__(self, loop: Loop) -> None:
        super().__init__(name=f"hub-{loop.name}", daemon=True)
        self._loop = loop
        self._is_stopping = threading.Event()
        self._pulse = Pulse()

    def run(self) -> None:
        """Do turn after turn; a turn that fails is followed by the next after a short wait."""
        wait = _FIRST_WAIT
        while not self._is_stopping.is_set():
            outcome = outcome_of(self._loop.turn)
            if isinstance(outcome, Exception):
                self._note(outcome)
                self._is_stopping.wait(wait)
                wait = min(_LONGEST_WAIT, wait * 2)
                continue
            wait = _FIRST_WAIT
            self._note(None)
            if outcome and self._loop.bell.wait(outcome):
                self._loop.bell.clear()
        outcome_of(self._loop.close)

    def stop(self) -> None:
        """Ask for the end; the turn under way is finished first."""
        self._is_stopping.set()
        self._loop.bell.set()

    def health(self) -> dict[str, Any]:
        """Return how the loop is."""
        at = self._pulse.last_turn_at
        return {"last_turn_at": at.isoformat() if at else None, "trouble": self._pulse.trouble}

    def _note(self, error: Exception | None) -> None:
        """Remember how a turn ended, then say what is new of it; a log that breaks ends no loop."""
        before = self._pulse
        self._pulse = Pulse(now()) if error is None else Pulse(before.last_turn_at, told(error)["code"])
        outcome_of(lambda: self._say(error, before.trouble))

    def _say(self, error: Exception | None, before: str) -> None:
        if error is None:
            if before:
                _log.info("loop-well-again", loop=self._loop.name)
            return
        trouble = told(error)
        if not isinstance(error, Unavailable):
            _log.error("loop-failed", loop=self._loop.name, **trouble)
        elif before != trouble["code"]:
            said = {"sentence": error.sentence, "next_step": error.next_step}
            _log.warning("loop-held-up", loop=self._loop.name, **trouble, **said)


def _stopped(threads: Sequence[LoopThread], until: float) -> bool:
    for thread in threads:
        thread.stop()
    for thread in threads:
        if thread.is_alive():
            thread.join(max(0.0, until - monotonic()))
    return not any(thread.is_alive() for thread in threads)
