"""A client looks people up by their numbers, and not more of them in a minute than its work can explain.

A number counts whether the hub knows it or not, so that being stopped tells nothing of whom it knows. Counted in the
database, for all processes together. Who is stopped is an alarm for operators.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from typing_extensions import TypedDict

from hub.clock import now
from hub.errors import TooManyLookups
from hub.plan.identifier import Identifier
from hub.store.lookups import WINDOW
from hub.store.transaction import Store

#: People that one client may look up in a minute, where the settings say nothing else.
MOST_LOOKUPS = 20


class StoppedClient(TypedDict):
    """A client that was stopped: how many look-ups were refused, and whether one was within the last hour."""

    client: str
    since: datetime
    last_at: datetime
    refused: int
    is_red: bool


def count_lookup(numbers: Sequence[Identifier], most: int, store: Store, *, actor: str, correlation_id: str) -> None:
    """Count one look-up of a person.

    :param numbers: of the one person. :param most: people that one client may look up in a minute.
    :raises TooManyLookups: the client has looked up as many others in the last minute.
    """
    text = "\x1f".join(sorted(f"{number.system}\x1e{number.value}" for number in numbers))
    subject = store.keyring.digest("lookup", text.encode())
    with store.begin() as unit:
        at = now()
        is_stopped = unit.lookups.others(actor, subject, at) >= most
        if not is_stopped:
            unit.lookups.note(actor, subject, at)
        elif unit.lookups.block(actor, at):  # once a minute: a flood of refusals must not flood the audit
            unit.audit.record("refused", actor, at, correlation_id, code=TooManyLookups.code, most=most)
    if is_stopped:
        raise TooManyLookups(
            f"This client has looked up {most} people within a minute, which is as many as it may.",
            retry_after=WINDOW.total_seconds(),
        )


def stopped(store: Store) -> list[StoppedClient]:
    """Return which clients were stopped in the last thirty days, for operators; nothing of whom they looked for."""
    with store.begin(read_only=True) as unit:
        found, at = unit.lookups.blocks(now()), now()
    return [
        {
            "client": one.client,
            "since": one.since,
            "last_at": one.last_at,
            "refused": one.refused,
            "is_red": one.last_at > at - 60 * WINDOW,
        }
        for one in found
    ]
