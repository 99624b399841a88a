"""Whoever gives the audit's checkpoints to its witnesses: a loop of its own, so that sealing waits for none of them."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from hub.authority.witnessing import Witness
from hub.errors import Unavailable, WitnessDiffers
from hub.flow.witness import tell, witnessed
from hub.settings import Settings
from hub.store.transaction import Store

_LOOK_SECONDS = 1.0


class Witnesses:
    """Tells each witness what it lacks (:class:`hub.queue.running.Loop`)."""

    name = "witnesses"

    def __init__(self, store: Store, witnesses: Sequence[Witness], settings: Settings) -> None:
        self._store, self._witnesses, self._settings = store, witnesses, settings
        self.bell = threading.Event()

    def turn(self) -> float:
        """Tell each witness; return how many seconds to rest.

        :raises Unavailable: one has failed, or lags; it is told again by itself, and the others were told.
        """
        for witness in self._witnesses:
            tell(witness, self._store)
        with self._store.begin(read_only=True) as unit:
            found = witnessed(unit, self._settings)
        if any(one.differs for one in found):
            sentence = "A witness of the audit holds other checkpoints than this hub."
            raise Unavailable(sentence, WitnessDiffers.default_next_step)
        if any(one.trouble or one.is_late for one in found):
            raise Unavailable(
                "A witness of the audit does not take checkpoints.",
                "Look at: hub audit status. Mend it, or HUB_AUDIT_WITNESSES; it is given what it lacks by itself.",
            )
        return _LOOK_SECONDS

    def close(self) -> None:
        """Nothing is held."""
