"""Letters to citizens: find what there is to tell, and send what is due, one letter at a time.

Every process looks; of each thing there is one notice, and a letter is leased, so that any number of them add up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID

import structlog

from hub.authority import Posts
from hub.clock import monotonic, now
from hub.errors import Unavailable, told
from hub.flow.post import NO_POST, Posted, send_next
from hub.flow.remind import remind, remind_of_consents
from hub.queue.worker import outcome_of, raise_first
from hub.settings import Settings
from hub.store.transaction import Store

_IDLE_SECONDS, _PAUSED_SECONDS = 1.0, 1.0  # nobody waits for a letter by the second
_ROUND_SECONDS = 3_600.0  # between two looks through all consents

_log = structlog.get_logger()


class Posting:
    """Reminds and sends (:class:`hub.queue.running.Loop`)."""

    name = "posting"

    def __init__(self, store: Store, post: Posts | None, settings: Settings) -> None:
        self._store, self._post, self._settings = store, post, settings
        self._remind_at = self._round_at = 0.0
        self._after: UUID | None = None
        self._troubles: dict[str, Exception] = {}
        self._is_ready = False
        self.bell = threading.Event()

    def turn(self) -> float:
        """Look for what there is to tell when it is time, then send one letter; return how many seconds to rest.

        A look that ends in a bug keeps no letter waiting: that it has is raised once there is none, until one succeeds.
        """
        self._start()
        if self._remind_at <= monotonic():
            self._look("remind", lambda: remind(self._store, self._settings))
            self._remind_at = monotonic() + self._settings.remind_seconds
        if self._round_at <= monotonic():
            self._round_at = monotonic() + (0 if self._look("round", self._look_on) else _ROUND_SECONDS)
        rest = self._send()
        if rest:
            raise_first(self._troubles)
        return rest

    def close(self) -> None:
        """Nothing is held."""

    def _look_on(self) -> bool:
        """Look at some plans more; tell whether there are others behind them."""
        self._after = remind_of_consents(self._after, self._store, self._settings)
        return self._after is not None

    def _look(self, name: str, deed: Callable[[], int]) -> int:
        """Look for what there is to tell, and return what came of it; 0 after a bug."""
        outcome = outcome_of(deed)
        if isinstance(outcome, Unavailable):
            raise outcome
        if isinstance(outcome, Exception):
            self._troubles[name] = outcome
            return 0
        self._troubles.pop(name, None)
        return outcome

    def _start(self) -> None:
        if self._is_ready:
            return
        if self._post is not None:
            with self._store.begin() as unit:
                unit.notices.hurry(NO_POST, now())
        self._is_ready = True

    def _send(self) -> float:
        outcome = outcome_of(lambda: send_next(self._store, self._post, self._settings))
        if isinstance(outcome, Unavailable):
            raise outcome
        if isinstance(outcome, Exception):  # the letter comes back at the end of its lease, and has had an attempt
            _log.error("letter-failed", **told(outcome))
            return 0
        match outcome:
            case Posted.NOTHING:
                return _IDLE_SECONDS
            case Posted.PAUSED:
                return _PAUSED_SECONDS
            case _:
                return 0
