"""Subscribers are told of what has come into their feeds (``flow.push``): some threads, each for one at a time."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial

import structlog

from hub.authority import Authorities
from hub.authority.feeding import Subscriber
from hub.errors import told
from hub.flow.push import TOLD, behind, push
from hub.queue.worker import outcome_of
from hub.settings import Settings
from hub.store.transaction import Store

_LOOK_SECONDS, _PAUSE_SECONDS = 0.25, 1.0
_THREADS = 4  # a subscriber that takes its ten seconds holds up one of them

_log = structlog.get_logger()


class Webhooks:
    """Tells subscribers, one at a time (:class:`hub.queue.running.Loop`)."""

    def __init__(self, number: int, subscribers: Mapping[str, Subscriber], store: Store, settings: Settings) -> None:
        self.name = f"webhooks-{number}"
        self._subscribers, self._store, self._settings = subscribers, store, settings
        self.bell = threading.Event()

    def turn(self) -> float:
        """Tell everyone for whom something has come; return how many seconds to rest. :raises StoreBusy: try again."""
        waiting = behind(self._subscribers, self._store)
        outcomes = [self._tell(recipient) for recipient in waiting]
        if TOLD in outcomes:
            return 0
        return _PAUSE_SECONDS if waiting else _LOOK_SECONDS

    def close(self) -> None:
        """Nothing is held."""

    def _tell(self, recipient: str) -> str:
        deed = partial(push, recipient, self._subscribers[recipient], self._store, self._settings)
        outcome = outcome_of(deed)  # one that is poisoned must not keep the others waiting
        if isinstance(outcome, Exception):
            _log.error("subscriber-not-told", recipient=recipient, **told(outcome))
            return ""
        if outcome not in ("", TOLD):
            _log.warning("subscriber-not-told", recipient=recipient, code=outcome)
        return outcome


def webhooks(store: Store, authorities: Authorities, settings: Settings) -> list[Webhooks]:
    """Return the loops that tell subscribers; none where nobody subscribes."""
    subscribers = {
        name: authority.feed.subscriber
        for name, authority in authorities.items()
        if authority.feed is not None and authority.feed.subscriber is not None
    }
    return [Webhooks(n, subscribers, store, settings) for n in range(1, min(len(subscribers), _THREADS) + 1)]
