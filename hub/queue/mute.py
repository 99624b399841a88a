"""Queues that give no answer while their broker does, and how long they are left alone.

RabbitMQ 3.10 may start after a crash with a quorum queue that elects no leader: declared it is there, and whoever
listens to it or rings into it waits for good. One such queue must not hold up the others.
"""

from __future__ import annotations

import structlog

from hub.clock import monotonic

_ALONE_SECONDS = 60.0

_log = structlog.get_logger()


class Mute:
    """Remembers which queues gave no answer. Safe to share between threads."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def __contains__(self, queue: str) -> bool:
        return self._until.get(queue, 0.0) > monotonic()

    @property
    def want_asking(self) -> bool:
        """Tell whether a queue has been left alone for long enough."""
        return any(until <= monotonic() for until in list(self._until.values()))

    def add(self, queue: str) -> None:
        """Leave a queue alone for a while: it has given no answer."""
        self._until[queue] = monotonic() + _ALONE_SECONDS

    def discard(self, queue: str) -> None:
        """Forget that a queue gave no answer: it has given one."""
        self._until.pop(queue, None)


def say_mute(queue: str) -> None:
    """Tell operators of a queue that gives no answer."""
    _log.warning(
        "queue-mute",
        queue=queue,
        sentence=f"The broker answers, and its queue {queue} does not; other queues do its work.",
        next_step=f"See rabbitmq-queues quorum_status {queue}; without a leader, restart the broker's node.",
    )
