"""The sweeper: make due whatever was left behind.

Left behind is a (recipient, plan) whose last settled decision rests on an older plan, consent or policy version, or
whose ``recheck_at`` has passed because a consent starts or ends by the calendar. A delivery whose lease ran out needs
no sweeping: its row is still due, and ``ring_after`` is the lease's end, so the relay rings for it by itself.

Besides, it rings for what waits for room where there is some: a pause has passed, or a limit was raised. And where no
person register is asked, it forgets whom the hub followed in one that was, once they have no plan any more.
"""

from __future__ import annotations

import threading

from hub.clock import now
from hub.settings import Settings
from hub.store.circuits import Direction
from hub.store.transaction import Store

_BATCH = 1000


class Sweeper:
    """Looks for what was left behind (:class:`hub.queue.running.Loop`)."""

    name = "sweeper"

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self.bell = threading.Event()

    def turn(self) -> float:
        """Sweep one batch, in a transaction of its own so that nobody waits long; return how many seconds to rest."""
        with self._store.begin() as unit:
            at = now()
            swept = unit.outbox.sweep(at, unit.policies.in_force().version, _BATCH)
            for recipient in unit.outbox.waited_for():
                at_most = self._settings.calls_at_most(recipient)
                unit.outbox.wake(recipient, unit.breakers.room(recipient, Direction.RECIPIENT, at, at_most), at)
            if not self._settings.person_register:
                unit.register.people.forget_leavers()
        return 0 if swept == _BATCH else self._settings.sweep_seconds

    def close(self) -> None:
        """Nothing is held."""
