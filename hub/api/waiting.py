"""Callers that wait for something to come into their feed.

The one place of the API that waits asynchronously (docs/adr/0003): a caller who waits holds a connection and no thread.
One look at the database serves all of them, and how many may wait is bounded, for all and for each recipient.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from starlette.concurrency import run_in_threadpool

from hub.clock import monotonic
from hub.errors import Unavailable

_LOOK_SECONDS = 0.25
#: Of one recipient: a client that asks again and again without end must not keep others out.
_EACH = 8
_RETRY_SECONDS = 5.0


class WaitingRoom:
    """Where callers wait. For one event loop."""

    def __init__(self, newest: Callable[[], Mapping[str, int]]) -> None:
        """Open a room.

        :param newest: looks up the newest position of every feed.
        """
        self._look = newest
        self._waiting: Counter[str] = Counter()
        self._newest: Mapping[str, int] = {}
        self._looked_at = float("-inf")
        self._turn = asyncio.Lock()
        self._is_open = True

    def close(self) -> None:
        """Let everyone leave, within a look's time, and nobody wait any more: the hub is about to end."""
        self._is_open = False

    async def beyond(
        self, recipient: str, position: int, seconds: float, most: int, has_left: Callable[[], Awaitable[bool]]
    ) -> bool:
        """Wait until a feed goes beyond a position; tell whether it did in time, and before the room closed.

        :param most: how many callers may wait at once.
        :param has_left: tells whether the caller is gone; then nobody needs to wait on.
        :raises Unavailable: too many wait already.
        """
        if self._waiting.total() >= most or self._waiting[recipient] >= _EACH:
            raise Unavailable("Too many readers wait.", "Ask again without wait, or later.", retry_after=_RETRY_SECONDS)
        self._waiting[recipient] += 1
        try:
            return await self._comes(recipient, position, monotonic() + seconds, has_left)
        finally:
            self._waiting[recipient] -= 1

    async def _comes(
        self, recipient: str, position: int, until: float, has_left: Callable[[], Awaitable[bool]]
    ) -> bool:
        while (await self._current()).get(recipient, 0) <= position:
            left = until - monotonic()
            if not self._is_open or left <= 0 or await has_left():
                return False
            await asyncio.sleep(min(_LOOK_SECONDS, left))
        return True

    async def _current(self) -> Mapping[str, int]:
        """Return the newest position of every feed, as of a moment ago."""
        async with self._turn:
            if monotonic() - self._looked_at >= _LOOK_SECONDS:
                self._newest = await run_in_threadpool(self._look)
                self._looked_at = monotonic()
            return self._newest
