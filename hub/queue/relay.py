"""The relay: ring for every row of the outbox that is due.

Three steps, so that nothing hangs inside a transaction: take the rows for this relay alone, ring, remember which rings
the broker has confirmed. While the broker writes one batch, the relay remembers the one before and takes the next. A
relay that dies in between leaves its rows taken for 15 seconds; then another rings. A ring too many does no harm: the
row's lease lets one worker in, and a worker finds nothing to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from hub.clock import now
from hub.errors import BrokerDown
from hub.queue.broker import Broker
from hub.queue.ringer import Ringer
from hub.settings import Settings
from hub.store.outbox import Ring
from hub.store.transaction import Store

_BATCH = 500
_BATCHES = 20  # of one turn; then the loop shows that it is alive
_LOOK_SECONDS = 0.1  # commits of this process wake the relay at once; those of others, and waits that end, it looks for

_NOT_KEPT = timedelta(seconds=2)  # after the broker took a ring for nothing: its queue was deleted, or is full


class Relay:
    """Rings for what is due (:class:`hub.queue.running.Loop`)."""

    name = "relay"

    def __init__(self, store: Store, broker: Broker, settings: Settings) -> None:
        self._store = store
        self._ringer = Ringer(broker)
        self._ring_again = timedelta(seconds=settings.ring_again_seconds)
        #: Set by each commit of this process that makes something due.
        self.bell = store.bell

    def turn(self) -> float:
        """Ring for what is due, batch by batch; return how many seconds to rest.

        :raises BrokerDown: the rows it had taken are free again.
        """
        self._ringer.stay()  # before rows are taken, so that an outage of the broker touches none
        rings, sent = self._take(), list[Ring]()
        before: tuple[Sequence[Ring], frozenset[UUID]] | None = None
        try:
            for _ in range(_BATCHES):
                if not rings:
                    break
                sent, rings = list(rings), []
                self._ringer.send(sent)
                self._remember(before)
                before = None
                rings = self._take() if len(sent) == _BATCH else []
                before = sent, self._ringer.kept(sent)
        except BrokerDown:
            self._remember(before)
            self._let_go([*sent, *rings])
            raise
        self._remember(before)
        self._let_go(rings)
        return 0 if rings else _LOOK_SECONDS

    def _take(self) -> Sequence[Ring]:
        with self._store.begin() as unit:
            return unit.outbox.take_rings(_BATCH, now())

    def _remember(self, answered: tuple[Sequence[Ring], frozenset[UUID]] | None) -> None:
        """Remember which rings of a batch wait in a queue."""
        if answered is None:
            return
        rings, kept = answered
        with self._store.begin() as unit:
            unit.outbox.rung([ring for ring in rings if ring.id in kept], until=now() + self._ring_again)
            unit.outbox.rung([ring for ring in rings if ring.id not in kept], until=now() + _NOT_KEPT)

    def _let_go(self, rings: Sequence[Ring]) -> None:
        """Let others, or the next turn, ring for rows that were taken."""
        if rings:
            with self._store.begin() as unit:
                unit.outbox.rung(rings, until=now())

    def close(self) -> None:
        """Hang up."""
        self._ringer.close()
