"""The housekeeper: clear what was kept for long enough and wrap keys anew, in steps too small to be waited for."""

from __future__ import annotations

import threading

from hub.flow import rotation
from hub.flow.housekeeping import PAUSE, expect, step
from hub.queue.worker import outcome_of
from hub.settings import Settings
from hub.store.transaction import Store

_LOOK_SECONDS = 10.0


class Housekeeper:
    """Does one step after the other (:class:`hub.queue.running.Loop`)."""

    name = "housekeeper"

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._is_expected = False
        self.bell = threading.Event()

    def turn(self) -> float:
        """Do one step; return how many seconds to rest, so that deliveries go in between.

        Keys that cannot be wrapped anew keep nothing from being cleared: that they cannot is raised afterwards.
        """
        if not self._is_expected:
            expect(self._store, self._settings)
            self._is_expected = True
        wrapped = outcome_of(lambda: rotation.step(self._store))
        if isinstance(wrapped, int):
            return rotation.PAUSE.total_seconds()
        stepped = step(self._store, self._settings)
        if wrapped is not None:
            raise wrapped
        return _LOOK_SECONDS if stepped is None else PAUSE.total_seconds()

    def close(self) -> None:
        """Nothing is held."""
