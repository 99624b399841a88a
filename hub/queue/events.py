"""Hear events that wait at somebody else's broker: the promise to fetch what one names is committed, then it is taken.

A crash between the two brings the event again, and the promise is the same one.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace

from hub.authority import Authorities, Authority, Fetches, Hears
from hub.clock import new_id
from hub.errors import Fault, Refused, SettingsRefused
from hub.flow.announce import announce
from hub.store.transaction import Store

_WAIT_SECONDS = 1.0


class Events:
    """Hears the events of one queue (:class:`hub.queue.running.Loop`)."""

    def __init__(self, name: str, adapter: Hears, store: Store, authorities: Authorities) -> None:
        self.name = f"events-{name}"
        self._adapter, self._store, self._authorities = adapter, store, authorities
        self.bell = threading.Event()

    def turn(self) -> float:
        """Take in one event, if one comes; a refused one is audited and goes where its queue sends it.

        :raises Unavailable: the broker or the database does not answer; the event waits on.
        """
        with suppress(Refused), self._adapter.hear(_WAIT_SECONDS) as parcel:
            if parcel is not None:
                announce(replace(parcel, correlation_id=str(new_id())), self._store, self._authorities)
        return 0.0

    def close(self) -> None:
        """Let go of nothing: the adapter hangs up by itself."""


def listeners(store: Store, authorities: Authorities) -> list[Events]:
    """Return one for each queue that is configured.

    :raises SettingsRefused: a queue's events name the cases of nobody whose cases can be fetched.
    """
    return [
        Events(name, one.adapter, store, authorities)
        for name, one in authorities.items()
        if isinstance(one.adapter, Hears) and _is_heard(name, one.adapter, authorities)
    ]


def _is_heard(name: str, adapter: Hears, authorities: Authorities) -> bool:
    if not adapter.announces:
        return False
    whose: Authority | None = authorities.get(adapter.announces)
    if whose is None or not isinstance(whose.adapter, Fetches):
        fault = Fault(f"authorities.{name}.announces", "It names no authority whose cases the hub can fetch.")
        raise SettingsRefused("Events cannot be heard.", "Join that authority, or name another.", [fault])
    return True
