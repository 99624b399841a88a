"""A bell for operators' open pages: it rings when what they show has moved, and says nothing of what.

Server-sent events. Whoever hears it asks for the page's part as ever, which decides anew whether they may have it. A
page that listens holds a connection and no thread; one look a moment serves all of them. Where all places are taken the
answer is one ring and the end, after which the browser comes again in a second: that is a page that asks each second.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from hub.clock import monotonic
from hub.errors import Unavailable

_RING = b"event: moved\ndata:\n\n"
_NO_PLACE = b"retry: 1000\n" + _RING
#: A comment, which keeps what lies between from taking the connection for dead.
_STILL_HERE = b":\n\n"


@dataclass(frozen=True, slots=True)
class Places:
    """How many may listen at once, in all and of one session; and every how many seconds it looks, and asks who."""

    most: int = 100
    each: int = 4
    look_seconds: float = 0.5
    ask_seconds: float = 15.0


class Bell:
    """Where open pages listen. For one event loop."""

    def __init__(self, look: Callable[[], str], places: Places | None = None) -> None:
        """Hang it up. :param look: returns a mark of what pages show: the same while nothing has moved."""
        self._look, self._places = look, places or Places()
        self._here: Counter[int] = Counter()
        self._mark, self._looked_at = "", float("-inf")
        self._turn = asyncio.Lock()
        self._is_open = True

    def close(self) -> None:
        """Let everyone go, within a look's time: the hub is about to end."""
        self._is_open = False

    async def rings(self, listener: int, may_stay: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Give what is sent to one page, until it or the hub goes or its session has ended.

        :param listener: whose session it is.
        :param may_stay: tells, off the event loop, whether the session is still one that may listen.
        """
        places = self._places
        if not self._is_open or self._here.total() >= places.most or self._here[listener] >= places.each:
            yield _NO_PLACE
            return
        self._here[listener] += 1
        try:
            known, asked_at = "", monotonic()
            while self._is_open:
                if (mark := await self._current()) != known:
                    known = mark
                    yield _RING
                if monotonic() - asked_at >= places.ask_seconds:
                    if not await run_in_threadpool(may_stay):
                        return
                    asked_at = monotonic()
                    yield _STILL_HERE
                await asyncio.sleep(places.look_seconds)
        finally:
            self._here[listener] -= 1

    async def _current(self) -> str:
        """Return the mark as of a moment ago; while the database does not answer, nothing is known to have moved."""
        async with self._turn:
            if monotonic() - self._looked_at >= self._places.look_seconds:
                with suppress(Unavailable):
                    self._mark = await run_in_threadpool(self._look)
                self._looked_at = monotonic()
            return self._mark
