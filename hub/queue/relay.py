"""The relay: ring for every row of the outbox that is due.

Two steps, so that nothing hangs inside a transaction: take rows, which keeps other relays from them for a while, and
ring; only of those whose ring waits in no queue is it remembered that they want another soon. A relay that dies in
between has taken rows that nobody was rung for: they are rung for when the while has passed, as are rings that a
broker lost. A ring too many does no harm: the row's lease lets one worker in, and a worker finds nothing to do.

When very many rings wait already, only urgent ones are added: the rest wait in the database, and a queue that workers
are slow to empty does not grow by the same rows rung for again and again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

from hub.authority.tracing import ring_of
from hub.clock import monotonic, now
from hub.errors import BrokerDown
from hub.queue.broker import Broker
from hub.queue.ringer import Ringer
from hub.settings import Settings
from hub.spans import works as of
from hub.spans.span import Cause
from hub.store.lease import Ring
from hub.store.transaction import Store

_BATCH = 500
_BATCHES = 20  # of one turn; then the loop shows that it is alive
#: Rings that may wait, of which workers have enough for minutes; more are rung for as these become fewer.
_MOST_WAITING = 20_000
_LOOK_SECONDS = 0.1  # commits of this process wake the relay at once; those of others, and waits that end, it looks for

_NOT_KEPT = timedelta(seconds=2)  # after the broker took a ring for nothing: its queue was deleted, or is full


class Relay:
    """Rings for what is due (:class:`hub.queue.running.Loop`)."""

    name = "relay"

    def __init__(self, store: Store, broker: Broker, settings: Settings, most_waiting: int = _MOST_WAITING) -> None:
        self._store, self._broker = store, broker
        self._ringer = Ringer(broker)
        self._ring_again = timedelta(seconds=settings.ring_again_seconds)
        self._most_waiting = most_waiting
        self._is_full = False
        self._taker = ThreadPoolExecutor(1, "hub-relay-takes")
        #: Set by each commit of this process that makes something due.
        self.bell = store.bell

    def turn(self) -> float:
        """Ring for what is due, batch by batch; return how many seconds to rest.

        :raises BrokerDown: the rows it had taken are free again.
        """
        self._ringer.stay()  # before rows are taken, so that an outage of the broker touches none
        if self._is_full:
            self._look_for_room()
        rings, rung = self._take(), 0
        for _ in range(_BATCHES):
            if not rings:
                break
            rings, kept = self._ring(rings)
            rung += kept
        self._free(rings)
        if rung >= _BATCH:
            self._look_for_room()
        return 0 if rings and not self._is_full else _LOOK_SECONDS

    def _ring(self, rings: Sequence[Ring]) -> tuple[list[Ring], int]:
        """Ring for a batch; return the next one, taken meanwhile, and how many rings of this one are kept."""
        following = self._taker.submit(self._take) if len(rings) == _BATCH else None
        began = monotonic()
        try:
            kept = self._ringer.ring(rings)
        except BrokerDown:
            self._free([*rings, *(following.result() if following else ())])
            raise
        if self._store.spans.is_on:
            self._tell(rings, kept, began)
        self._free([ring for ring in rings if ring.id not in kept], _NOT_KEPT)
        return (following.result() if following else []), len(kept)

    def _tell(self, rings: Sequence[Ring], kept: Collection[UUID], began: float) -> None:
        for ring in rings:
            with self._store.spans.begun(of.RING, since=began) as span:
                span.is_known_as(ring_of(ring.id, ring.taken_until))
                span.is_caused_by(Cause(ring.id, ring.correlation_id))
                span.say(of.ROW, ring.id)
                span.say(of.URGENT, ring.is_urgent)
                span.say(of.KEPT, ring.id in kept)

    def _take(self) -> list[Ring]:
        with self._store.begin() as unit:
            return unit.outbox.take_rings(_BATCH, now(), self._ring_again, urgent=self._is_full)

    def _look_for_room(self) -> None:
        self._is_full = sum(self._broker.depths().values()) >= self._most_waiting

    def _free(self, rings: Sequence[Ring], later: timedelta = timedelta(0)) -> None:
        """Let others, or a later turn, ring for rows that were taken."""
        if rings:
            with self._store.begin() as unit:
                unit.outbox.not_rung(rings, until=now() + later)

    def close(self) -> None:
        """Hang up."""
        self._taker.shutdown()
        self._ringer.close()
