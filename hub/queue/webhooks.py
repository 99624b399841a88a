"""Subscribers are told of what has come for them: some threads, each for one at a time.

By the webhook that the settings give a feed (``flow.push``), and by FHIR subscriptions (``flow.notify``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Generic, TypeVar
from uuid import UUID

import structlog

from hub.authority import Authorities
from hub.errors import told
from hub.flow.notify import due, notify
from hub.flow.push import TOLD, behind, push
from hub.queue.worker import outcome_of
from hub.settings import Settings
from hub.store.transaction import Store

_LOOK_SECONDS, _PAUSE_SECONDS = 0.25, 1.0
_THREADS = 4  # a subscriber that takes its ten seconds holds up one of them

_log = structlog.get_logger()
_Whom = TypeVar("_Whom")


class Webhooks(Generic[_Whom]):
    """Tells subscribers, one at a time (:class:`hub.queue.running.Loop`)."""

    def __init__(self, name: str, waiting: Callable[[], Sequence[_Whom]], tell: Callable[[_Whom], str]) -> None:
        self.name = name
        self._waiting, self._tell_one = waiting, tell
        self.bell = threading.Event()

    def turn(self) -> float:
        """Tell everyone for whom something has come; return how many seconds to rest. :raises StoreBusy: try again."""
        waiting = self._waiting()
        outcomes = [self._tell(one) for one in waiting]
        if TOLD in outcomes:
            return 0
        return _PAUSE_SECONDS if waiting else _LOOK_SECONDS

    def close(self) -> None:
        """Nothing is held."""

    def _tell(self, one: _Whom) -> str:
        outcome = outcome_of(partial(self._tell_one, one))  # one that is poisoned must not keep the others waiting
        if isinstance(outcome, Exception):
            _log.error("subscriber-not-told", subscriber=str(one), **told(outcome))
            return ""
        if outcome not in ("", TOLD):
            _log.warning("subscriber-not-told", subscriber=str(one), code=outcome)
        return outcome


def webhooks(store: Store, authorities: Authorities, settings: Settings) -> list[Webhooks[str]]:
    """Return the loops that tell subscribers of feeds; none where nobody subscribes."""
    subscribers = {
        name: authority.feed.subscriber
        for name, authority in authorities.items()
        if authority.feed is not None and authority.feed.subscriber is not None
    }

    def tell(recipient: str) -> str:
        return push(recipient, subscribers[recipient], store, settings)

    waiting = partial(behind, list(subscribers), store)
    return [Webhooks(f"webhooks-{n}", waiting, tell) for n in range(1, min(len(subscribers), _THREADS) + 1)]


def notifiers(store: Store, authorities: Authorities, settings: Settings) -> list[Webhooks[UUID]]:
    """Return the loops that tell FHIR subscriptions; none where the settings let nobody subscribe."""
    recipients = [name for name, authority in authorities.items() if authority.endpoints is not None]

    def tell(wanted: UUID) -> str:
        return notify(wanted, store, authorities, settings)

    waiting = partial(due, recipients, store)
    return [Webhooks(f"notifier-{n}", waiting, tell) for n in range(1, min(len(recipients), _THREADS) + 1)]
