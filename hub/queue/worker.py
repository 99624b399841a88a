"""Workers: one thread listens, several deliver; and the one place where an error of any kind is caught.

The listening thread owns the broker connection, which no other may touch. It lays rings on a table, urgent ones first;
any delivering thread that is free takes the next. So a recipient that takes its fifteen seconds holds up one thread and
nobody's ring. A ring is answered when its delivery is settled or turned out not to be due. What waits (paused, later)
needs nothing here: the relay rings again when its time has come.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping
from queue import Empty, PriorityQueue, SimpleQueue
from typing import TypeVar
from uuid import UUID

import structlog

from hub.authority import Authorities
from hub.clock import monotonic
from hub.errors import Unavailable, told
from hub.flow.deliver import deliver
from hub.flow.ending import Patience, at_once
from hub.flow.settle import Settled, fail
from hub.queue.broker import Broker
from hub.queue.listener import Heard, Listener
from hub.settings import Settings
from hub.store.transaction import Store

_BUSY_SECONDS, _IDLE_SECONDS = 0.02, 0.2  # while deliveries are under way, their rings want answering soon
_AGAIN_SECONDS = 0.5  # between two looks whether the database is back
_PREFETCH_PER_WORKER = 4

_log = structlog.get_logger()
_T = TypeVar("_T")


def outcome_of(deed: Callable[[], _T]) -> _T | Exception:
    """Do a deed and return what came of it, an error of any kind included: a poisoned one must not stop the others."""
    try:
        return deed()
    except Exception as error:
        return error


def raise_first(troubles: Mapping[str, Exception]) -> None:
    """Raise what has failed beside work that went on, so that the loop shows it (``/readyz``, ``HubLoopTroubled``)."""
    for trouble in troubles.values():
        raise trouble.with_traceback(None)  # again and again, and no longer each time


def bring(
    outbox_id: UUID, store: Store, authorities: Authorities, settings: Settings, patiently: Patience = at_once
) -> Settled | None:
    """Deliver what is due in a row of the outbox, whatever happens; None when the hub itself could not just now.

    If nobody tries again, the row comes back by itself, as after a crash: at the end of its lease, or when the relay
    rings again.
    """
    outcome = outcome_of(lambda: deliver(outbox_id, store, authorities, settings, patiently))
    if isinstance(outcome, Exception) and not isinstance(outcome, Unavailable):
        error = outcome
        _log.error("delivery-failed", outbox=str(outbox_id), **told(error))
        outcome = outcome_of(lambda: fail(store, outbox_id, error, settings))
    if isinstance(outcome, Unavailable):  # our own database, say: the message is not to blame
        _log.warning("delivery-put-off", outbox=str(outbox_id), **told(outcome))
        return None
    if isinstance(outcome, Exception):
        _log.error("failure-not-remembered", outbox=str(outbox_id), **told(outcome))
        return Settled.LATER
    _log.debug("delivery-settled", outbox=str(outbox_id), settled=outcome)
    return outcome


class Table:
    """Where rings lie between the thread that listens and those that deliver: urgent ones first."""

    def __init__(self) -> None:
        self._waiting: PriorityQueue[tuple[bool, int, Heard]] = PriorityQueue()
        self._settled: SimpleQueue[Heard] = SimpleQueue()
        self._order = itertools.count()

    def lay(self, heard: Heard) -> None:
        """Lay a ring down for whoever is free next."""
        self._waiting.put((not heard.is_urgent, next(self._order), heard))

    def take(self, seconds: float) -> Heard | None:
        """Take the next ring; None when none comes in time."""
        try:
            return self._waiting.get(timeout=seconds)[-1]
        except Empty:
            return None

    def settle(self, heard: Heard) -> None:
        """Say that a ring may be answered."""
        self._settled.put(heard)

    def settled(self) -> list[Heard]:
        """Return the rings that may be answered now."""
        return [self._settled.get() for _ in range(self._settled.qsize())]


class Ear:
    """Hears rings and answers those that are settled (:class:`hub.queue.running.Loop`)."""

    name = "ear"

    def __init__(self, broker: Broker, table: Table, settings: Settings) -> None:
        self._listener = Listener(broker, _PREFETCH_PER_WORKER * settings.workers)
        self._table = table
        self.bell = threading.Event()

    def turn(self) -> float:
        """Answer, listen, lay down; return how many seconds to rest. :raises BrokerDown: none can be heard."""
        self._answer()
        for heard in self._listener.hear(_BUSY_SECONDS if self._listener.is_owing else _IDLE_SECONDS):
            self._table.lay(heard)
        return 0

    def close(self) -> None:
        """Answer what is settled, give the rest back and hang up."""
        outcome_of(self._answer)
        self._listener.close()

    def _answer(self) -> None:
        for heard in self._table.settled():
            self._listener.answer(heard)


class Worker:
    """Delivers, one at a time (:class:`hub.queue.running.Loop`)."""

    def __init__(self, number: int, table: Table, store: Store, authorities: Authorities, settings: Settings) -> None:
        self.name = f"worker-{number}"
        self._table = table
        self._store, self._authorities, self._settings = store, authorities, settings
        self.bell = threading.Event()

    def turn(self) -> float:
        """Take the next ring, if one comes, and deliver; return how many seconds to rest."""
        heard = self._table.take(_IDLE_SECONDS)
        if heard is None:
            return 0
        if bring(heard.outbox_id, self._store, self._authorities, self._settings, self._patiently) is None:
            self._table.lay(heard)  # whoever rang would be silent for a while; the hub may be well again sooner
            return _AGAIN_SECONDS
        self._table.settle(heard)
        return 0

    def _patiently(self, deed: Callable[[], Settled]) -> Settled:
        """Do a deed again and again while the hub's database is away: for as long as the row is ours, or until stopped.

        A recipient has answered by then. Forgotten, it would be sent the same once more when the lease has run out.
        """
        until = monotonic() + self._settings.lease_seconds
        while True:
            try:
                return deed()
            except Unavailable:
                if monotonic() > until or self.bell.wait(_AGAIN_SECONDS):  # set by nobody but who stops this loop
                    raise

    def close(self) -> None:
        """Nothing is held."""
