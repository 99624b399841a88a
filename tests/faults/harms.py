"""Harms: what a fault proxy does to the bytes that pass (see ``tests.faults.fault_proxy``).

Those of Toxiproxy (latency, bandwidth, slow_close, timeout, reset_peer, slicer, limit_data), and three of our own:
garbage, corrupt, duplicate.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


class Pair(Protocol):
    """A connection: the client's side and the server's."""

    has_lost: bool

    def close(self) -> None:
        """Close both sides in good order."""
        ...

    def reset(self) -> None:
        """Break both sides (RST)."""
        ...


@dataclass
class Flow:
    """One way of one connection, as a harm sees it.

    :ivar passed: bytes that have come by so far, before the piece at hand.
    :ivar dice: of the proxy; seeded.
    """

    pair: Pair
    dice: random.Random
    passed: int = 0


class Harm(Protocol):
    """Does something to each piece that passes; what it yields goes on."""

    def through(self, piece: bytes, flow: Flow) -> AsyncIterator[bytes]:
        """Let a piece through, or not, or another."""
        ...


@dataclass(frozen=True)
class Latency:
    """Each piece comes later. :ivar seconds: how much. :ivar jitter: more or less by up to so many seconds."""

    seconds: float
    jitter: float = 0.0

    async def through(self, piece: bytes, flow: Flow) -> AsyncIterator[bytes]:
        """Wait, then let it through."""
        await asyncio.sleep(max(0.0, self.seconds + flow.dice.uniform(-self.jitter, self.jitter)))
        yield piece


@dataclass(frozen=True)
class Bandwidth:
    """So many bytes come through in a second."""

    bytes_per_second: float

    async def through(self, piece: bytes, flow: Flow) -> AsyncIterator[bytes]:
        """Let a tenth of a second's worth through at a time; below ten bytes a second, one byte."""
        size = max(1, int(self.bytes_per_second / 10))
        for start in range(0, len(piece), size):
            await asyncio.sleep(size / self.bytes_per_second)
            yield piece[start : start + size]


@dataclass(frozen=True)
class SlowClose:
    """The end of what one side says reaches the other so many seconds late."""

    seconds: float

    async def through(self, piece: bytes, flow: Flow) -> AsyncIterator[bytes]:
        """Let all through; the pump waits at the end."""
        yield piece


@dataclass(frozen=True)
class Swallow:
    """Nothing comes through, and nobody is told: a connection that is half open.

    :ivar after: bytes of a connection that come through before. :ivar closes: seconds until the connection is closed;
        None: never, until the harm is taken away.
    """

    after: int = 0
    closes: float | None = None

    async def through(self, piece: bytes, flow: Flow) -> AsyncIterator[bytes]:
        """Keep it."""
        kept = max(0, self.after - flow.passed)
        if kept:
            yield piece[:kept]
        if len(piece) > kept:
            flow.pair.has_lost = True
            if self.closes is not None:
                await asyncio.sleep(self.closes)
                flow.pair.close()


@dataclass(frozen=True)
class Reset:
    """The connection is reset (RST). :ivar after: bytes that come through before."""

    after: int = 0

    async def through(self, piece: bytes, flow: Flow) -> AsyncIterator[bytes]:
        """Let what is allowed through, then break both sides."""
        kept = max(0, self.after - flow.passed)
        if kept:
            yield piece[:kept]
        if len(piece) > kept:
            await asyncio.sleep(0.02)  # an RST would overtake what is still on its way to the reader
            flow.pair.reset()


@dataclass(frozen=True)
class Slicer:
    """Pieces come in slices. :ivar size: bytes of each. :ivar seconds: between them."""

    size: int
    seconds: float = 0.0

    async def through(self, piece: bytes, flow: Flow) -> AsyncIterator[bytes]:
        """Let it through in slices."""
        for start in range(0, len(piece), self.size):
            yield piece[start : start + self.size]
            await asyncio.sleep(self.seconds)


@dataclass(frozen=True)
class LimitData:
    """After so many bytes the connection is closed in good order, as if all had been said."""

    after: int

    async def through(self, piece: bytes, flow: Flow) -> AsyncIterator[bytes]:
        """Let what is allowed through, then close."""
        kept = max(0, self.after - flow.passed)
        if kept:
            yield piece[:kept]
        if len(piece) > kept:
            await asyncio.sleep(0.02)
            flow.pair.close()


@dataclass(frozen=True)
class Garbage:
    """Random bytes come instead of what was said, as many of them."""

    async def through(self, piece: bytes, flow: Flow) -> AsyncIterator[bytes]:
        """Let something else through."""
        yield flow.dice.randbytes(len(piece))


@dataclass(frozen=True)
class Corrupt:
    """A bit is flipped. :ivar chance: that one of a piece's is, from 0 to 1. TCP's own checksum does not see it."""

    chance: float = 1.0

    async def through(self, piece: bytes, flow: Flow) -> AsyncIterator[bytes]:
        """Flip one bit, or none."""
        bent = bytearray(piece)
        if flow.dice.random() < self.chance:
            bent[flow.dice.randrange(len(bent))] ^= 1 << flow.dice.randrange(8)
        yield bytes(bent)


@dataclass(frozen=True)
class Duplicate:
    """A piece comes twice. :ivar chance: of that, from 0 to 1."""

    chance: float = 1.0

    async def through(self, piece: bytes, flow: Flow) -> AsyncIterator[bytes]:
        """Let it through, perhaps again."""
        yield piece
        if flow.dice.random() < self.chance:
            yield piece
