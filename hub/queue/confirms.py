"""Keep count of what a broker has confirmed of a batch of rings.

A broker numbers the messages of a channel from 1 and answers in any order, one number or all up to one. A message that
fits no queue is returned *and* confirmed, so a confirm alone does not say that it waits in a queue.
"""

from __future__ import annotations

from itertools import takewhile
from uuid import UUID


class Confirms:
    """The rings of one channel, from its opening on. For one thread."""

    def __init__(self) -> None:
        self._sent = 0
        self._waiting: dict[int, UUID] = {}
        self._kept: set[UUID] = set()
        self._returned: set[UUID] = set()

    @property
    def is_waiting(self) -> bool:
        """Tell whether the broker owes an answer."""
        return bool(self._waiting)

    @property
    def waiting(self) -> frozenset[UUID]:
        """The rings of which the broker owes an answer."""
        return frozenset(self._waiting.values())

    def expect(self, ring: UUID) -> int:
        """A ring is about to be sent; return its number."""
        self._sent += 1
        self._waiting[self._sent] = ring
        return self._sent

    def acked(self, number: int, up_to: bool) -> None:
        """The broker has taken one number, or all up to it."""
        self._kept.update(self._answered(number, up_to))

    def nacked(self, number: int, up_to: bool) -> None:
        """The broker has not taken one number, or all up to it."""
        self._answered(number, up_to)

    def returned(self, ring: UUID) -> None:
        """The broker knows no queue for a ring; its confirm still comes."""
        self._returned.add(ring)

    def take(self) -> frozenset[UUID]:
        """Return the rings that wait in a queue now, and forget them."""
        kept = frozenset(self._kept - self._returned)
        self._kept.clear()
        self._returned.clear()
        return kept

    def _answered(self, number: int, up_to: bool) -> list[UUID]:
        numbers = (
            list(takewhile(lambda one: one <= number, self._waiting)) if up_to else [number]
        )  # they stand in order
        return [self._waiting.pop(n) for n in numbers if n in self._waiting]
