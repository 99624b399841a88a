"""A recipient that may be called so many times a minute: whose turn it is, urgent ones and the longest due first.

What may not leave yet waits as for room, and is rung for when its turn has come. So one limited recipient takes up no
worker, and no ring comes in vain again and again.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from hub.settings import Settings
from hub.store.transaction import Unit


def is_its_turn(unit: Unit, outbox_id: UUID, recipient: str, at: datetime, settings: Settings) -> bool:
    """Tell whether a delivery may start now, and if so count it; see that the next comes when it may.

    Last before the plan is opened: until the transaction ends, no other delivery to this recipient starts.
    """
    per_minute = settings.deliveries_per_minute_of.get(recipient)
    if per_minute is None:
        return True
    free = unit.paces.free(recipient, per_minute, at)
    is_next = free > 0 and unit.outbox.ahead_of(outbox_id, free) < free
    if is_next:
        unit.paces.take(recipient, per_minute, at)
    else:
        unit.outbox.wait(outbox_id, at)
    unit.outbox.next_at(recipient, unit.paces.next_at(recipient, at))
    return is_next


def gives_back(unit: Unit, recipient: str, at: datetime, settings: Settings) -> None:
    """Nothing was sent after all: it does not count."""
    per_minute = settings.deliveries_per_minute_of.get(recipient)
    if per_minute is not None:
        unit.paces.give_back(recipient, per_minute, at)
