"""The relay: ring for every row of the outbox that is due.

Three steps, so that nothing hangs inside a transaction: take the rows for this relay alone, ring, remember which rings
the broker has confirmed. A relay that dies in between leaves its rows taken for 15 seconds; then another rings. A ring
too many does no harm: the row's lease lets one worker in, and a worker finds nothing to do.
"""

from __future__ import annotations

from datetime import timedelta

from hub.clock import now
from hub.errors import BrokerDown
from hub.queue.broker import Broker
from hub.queue.ringer import Ringer
from hub.settings import Settings
from hub.store.transaction import Store

_BATCH = 500
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
        """Ring for one batch; return how many seconds to rest.

        :raises BrokerDown: the rows it had taken are free again.
        """
        self._ringer.stay()  # before rows are taken, so that an outage of the broker touches none
        with self._store.begin() as unit:
            rings = unit.outbox.take_rings(_BATCH, now())
        if not rings:
            return _LOOK_SECONDS
        try:
            kept = self._ringer.ring(rings)
        except BrokerDown:
            with self._store.begin() as unit:
                unit.outbox.rung(rings, until=now())
            raise
        with self._store.begin() as unit:
            unit.outbox.rung([ring for ring in rings if ring.id in kept], until=now() + self._ring_again)
            unit.outbox.rung([ring for ring in rings if ring.id not in kept], until=now() + _NOT_KEPT)
        return 0 if len(rings) == _BATCH else _LOOK_SECONDS

    def close(self) -> None:
        """Hang up."""
        self._ringer.close()
