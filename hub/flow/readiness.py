"""Whether a process of the hub can do its work: with the database it can; without the broker it takes in and waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from typing_extensions import TypedDict

from hub.errors import BrokerDiffers, BrokerDown, Unavailable
from hub.store.migrations import is_current
from hub.store.transaction import Store


class LoopHealth(TypedDict):
    """When a loop last did a turn without trouble (ISO 8601; null: never), and the code of its trouble, or nothing."""

    last_turn_at: str | None
    trouble: str


class Readiness(TypedDict):
    """How a process is: ``ready``, or ``degraded`` where something waits that will go on by itself; its loops."""

    status: str
    database: str
    tables: str
    broker: str
    running: dict[str, LoopHealth]


def readiness(store: Store, broker_answers: Callable[[], object], health: Callable[[], Mapping[str, Any]]) -> Readiness:
    """Say how a process is: ``ready``, or ``degraded`` where something waits that will go on by itself.

    :param broker_answers: returns when the broker answers; raises BrokerDown when it does not.
    :param health: how each loop of the process is; one whose ``trouble`` is not empty makes it degraded.
    :raises Unavailable: nothing can be done: the database does not answer, or has older tables.
    """
    store.ping()
    if not is_current(store):
        raise Unavailable("The database has older tables than this version of the hub.", "Run: hub migrate")
    broker = "answers"
    try:
        broker_answers()
    except BrokerDiffers:
        broker = "has queues that differ"
    except BrokerDown:
        broker = "does not answer"
    loops = dict(health())
    is_well = broker == "answers" and not any(_is_troubled(loop) for loop in loops.values())
    status = "ready" if is_well else "degraded"
    return {"status": status, "database": "answers", "tables": "newest", "broker": broker, "running": loops}


def _is_troubled(loop: object) -> bool:
    return isinstance(loop, Mapping) and bool(loop.get("trouble"))
