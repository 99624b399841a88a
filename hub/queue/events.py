"""Hear events that wait at somebody else's broker: the promise to fetch what one names is committed, then it is taken.

A crash between the two brings the event again, and the promise is the same one.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace

import structlog

from hub.authority import Authorities, Authority, Fetches, Hears, Parcel
from hub.clock import new_id
from hub.errors import ContractViolation, Fault, Refused, SettingsRefused, Unavailable, told
from hub.flow.announce import announce
from hub.flow.refusal import refusals_written
from hub.store.transaction import Store

_log = structlog.get_logger()
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
                self._take(replace(parcel, correlation_id=str(new_id())))
        return 0.0

    def _take(self, parcel: Parcel) -> None:
        """Commit the promise to fetch. An event that breaks the hub is given up, or it would come again for good."""
        try:
            announce(parcel, self._store, self._authorities)
        except (Refused, Unavailable):
            raise
        except Exception as error:
            _log.error("event-failed", listener=self.name, **told(error))
            with refusals_written(self._store, parcel.authority, parcel.correlation_id):
                raise ContractViolation("The event could not be read.", "Look into the log of this time.") from None

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
