"""The sealer: seal what was done within a second or two, and sign checkpoints.

Any number of processes may run one; the database lets one of them seal at a time. Rows that wait for longer than
``HUB_AUDIT_LAG_SECONDS`` are the loop's trouble, which ``GET /readyz`` tells.
"""

from __future__ import annotations

import threading

from hub.clock import monotonic
from hub.errors import Unavailable
from hub.flow.seal import BATCH, checkpoint, has_late_rows, seal
from hub.settings import Settings
from hub.store.transaction import Store

_LOOK_SECONDS = 1.0
#: How long one turn seals batch after batch.
_LONGEST_SECONDS = 5.0
#: Rows that committed so late that ten thousand others were sealed before them are found this often.
_WHOLE_SECONDS = 600.0


class Sealer:
    """Seals (:class:`hub.queue.running.Loop`)."""

    name = "sealer"

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._next_whole = 0.0
        self.bell = threading.Event()

    def turn(self) -> float:
        """Seal what there is, sign a checkpoint if one is due; return how many seconds to rest.

        :raises Unavailable: rows wait for too long although this turn has sealed what it could.
        """
        is_done = self._seal()
        checkpoint(self._store, self._settings)
        if has_late_rows(self._store, self._settings):
            raise Unavailable(
                "Audit entries wait to be sealed for longer than HUB_AUDIT_LAG_SECONDS.",
                "Look at: hub audit status. More is done than is sealed, or a worker holds the sealing; restart it.",
            )
        return _LOOK_SECONDS if is_done else 0.0

    def close(self) -> None:
        """Nothing is held."""

    def _seal(self) -> bool:
        """Seal what there is; tell whether no full batch was left.

        What is done meanwhile waits for the next turn: a seal of every few rows would cost more than what it seals.
        """
        began = monotonic()
        is_whole = began >= self._next_whole
        while seal(self._store, is_whole=is_whole) == BATCH:
            if monotonic() - began > _LONGEST_SECONDS:
                return False
        if is_whole:
            self._next_whole = monotonic() + _WHOLE_SECONDS
        return True
