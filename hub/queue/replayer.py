"""The replayer: go on with every replay, one small step at a time, whichever process gets to it."""

from __future__ import annotations

import threading
from functools import partial
from uuid import UUID

import structlog

from hub.authority import Authorities
from hub.errors import told
from hub.flow.replay_steps import active, step
from hub.queue.worker import outcome_of
from hub.store.transaction import Store

_LOOK_SECONDS, _IDLE_SECONDS = 0.1, 1.0
_STEPS = 50  # of one replay in one turn; then the next has its turn

_log = structlog.get_logger()


class Replayer:
    """Does steps of replays (:class:`hub.queue.running.Loop`)."""

    name = "replayer"

    def __init__(self, store: Store, authorities: Authorities) -> None:
        self._store, self._authorities = store, authorities
        self.bell = threading.Event()

    def turn(self) -> float:
        """Go on with each replay for as long as it may; return how many seconds to rest."""
        found = active(self._store)
        for replay in found:
            outcome = outcome_of(partial(self._goes_on, replay))  # one that is poisoned must not keep others waiting
            if isinstance(outcome, Exception):
                _log.error("replay-held-up", replay=str(replay), **told(outcome))
        return _LOOK_SECONDS if found else _IDLE_SECONDS

    def _goes_on(self, replay: UUID) -> None:
        for _ in range(_STEPS):
            if not step(replay, self._store, self._authorities):
                return

    def close(self) -> None:
        """Nothing is held."""
