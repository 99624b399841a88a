"""A TCP proxy that harms what passes through it, as networks do; the harm is switched on and off while it runs.

    with a_fault_proxy(recipient.url, seed=7) as proxy:
        hub_is_told(proxy.url(recipient.url))
        with proxy.harmed(Latency(0.2, jitter=0.1)):              # of what the server says
            ...
        proxy.add(Reset(after=100), UP)                           # of what the client says
        proxy.clear()

Harms (``tests.faults.harms``) meet connections that are open already, too; several are met in the order in which they
were added.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.faults.harms import Flow, Harm, SlowClose, Swallow

#: Which way bytes go: from the client to the server, or back.
UP, DOWN = "up", "down"
_CHUNK = 65_536
_LINGER_NOT = struct.pack("ii", 1, 0)
_PORTS = {"postgresql": 5432, "amqp": 5672}


@dataclass(eq=False)
class _Pair:
    """A connection: the client's side and the server's."""

    writers: tuple[asyncio.StreamWriter, asyncio.StreamWriter]
    has_lost: bool = False

    def close(self) -> None:
        for writer in self.writers:
            writer.close()

    def reset(self) -> None:
        for writer in self.writers:
            held: socket.socket | None = writer.get_extra_info("socket")
            if held is not None:
                with suppress(OSError):
                    held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            writer.transport.abort()


@dataclass
class FaultProxy:
    """Stands before one server.

    :ivar connections: how many were made through it so far.
    :ivar is_shut: new connections are reset at once, as if nobody listened.
    """

    host: str
    port: int
    seed: int = 0
    address: str = "127.0.0.1"
    own_port: int = 0
    connections: int = 0
    is_shut: bool = False
    _harms: list[tuple[str, Harm]] = field(default_factory=list)
    _pairs: set[_Pair] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    @property
    def open(self) -> int:
        """Count the connections that are open."""
        return len(self._pairs)

    @property
    def has_lost(self) -> bool:
        """Tell whether bytes of a connection that is open are lost."""
        return any(pair.has_lost for pair in list(self._pairs))

    def url(self, of: str) -> str:
        """Return an address that leads through the proxy. :param of: the same one, past it."""
        at = urlsplit(of)
        user = f"{at.netloc.rpartition('@')[0]}@" if "@" in at.netloc else ""
        return at._replace(netloc=f"{user}{self.address}:{self.own_port}").geturl()

    def add(self, harm: Harm, way: str = DOWN) -> None:
        """Harm what passes from now on."""
        self._harms = [*self._harms, (way, harm)]

    def remove(self, harm: Harm) -> None:
        """Harm so no more. Connections of which bytes are lost are reset: nothing could be made of them."""
        self._harms = [one for one in self._harms if one[1] is not harm]
        self._call(self._reset_the_lost())

    def clear(self) -> None:
        """Harm nothing any more."""
        self._harms = []
        self.is_shut = False
        self._call(self._reset_the_lost())

    @contextmanager
    def harmed(self, harm: Harm, way: str = DOWN) -> Iterator[None]:
        """Harm what passes until the block ends."""
        self.add(harm, way)
        try:
            yield
        finally:
            self.remove(harm)

    def break_all(self) -> int:
        """Reset every connection that is open; return how many there were."""
        return int(self._call(self._reset_all()))

    def start(self) -> None:
        """Listen, on a thread of its own."""
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy", daemon=True)
        self._thread.start()
        server = self._call(asyncio.start_server(self._connected, self.address, 0))
        self.own_port, self._server = server.sockets[0].getsockname()[1], server

    def stop(self) -> None:
        """Hang up, and listen no more."""
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _call(self, deed: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(deed, self._loop).result(10)

    async def _reset_the_lost(self) -> None:
        for pair in [pair for pair in self._pairs if pair.has_lost]:
            pair.reset()

    async def _reset_all(self) -> int:
        pairs = list(self._pairs)
        for pair in pairs:
            pair.reset()
        return len(pairs)

    async def _end(self) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await self._reset_all()
        while self._pairs:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)  # a transport that was broken off closes its socket in the loop's next turn

    async def _connected(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        try:
            server, asks = await asyncio.open_connection(self.host, self.port) if not self.is_shut else (None, None)
        except OSError:
            server, asks = None, None
        if server is None or asks is None:
            _Pair((answers, answers)).reset()
            return
        self.connections += 1
        pair = _Pair((answers, asks))
        self._pairs.add(pair)
        pumps = [
            asyncio.ensure_future(self._pump(client, asks, UP, pair)),
            asyncio.ensure_future(self._pump(server, answers, DOWN, pair)),
        ]
        self._tasks.update(pumps)
        await asyncio.wait(pumps)
        self._tasks.difference_update(pumps)
        self._pairs.discard(pair)
        pair.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: str, pair: _Pair) -> None:
        flow = Flow(pair, self._dice)
        with suppress(OSError, asyncio.CancelledError):
            while piece := await reader.read(_CHUNK):
                async for bent in self._bent(piece, flow, self._now(way)):
                    writer.write(bent)
                    await writer.drain()
                flow.passed += len(piece)
            for harm in self._now(way):
                if isinstance(harm, SlowClose):
                    await asyncio.sleep(harm.seconds)
            if not pair.has_lost and writer.can_write_eof():
                writer.write_eof()
            elif any(isinstance(harm, Swallow) for harm in self._now(way)):
                pair.has_lost = True

    def _now(self, way: str) -> list[Harm]:
        return [harm for one, harm in self._harms if one == way]

    async def _bent(self, piece: bytes, flow: Flow, harms: list[Harm]) -> AsyncIterator[bytes]:
        if not harms:
            yield piece
            return
        async for bent in harms[0].through(piece, flow):
            async for further in self._bent(bent, flow, harms[1:]):
                yield further


@contextmanager
def a_fault_proxy(url: str, *, seed: int = 0, address: str = "127.0.0.1") -> Iterator[FaultProxy]:
    """Stand before a server until the block ends.

    :param url: where the server is; a scheme, a host and a port.
    :param address: of loopback, to listen at.
    """
    at = urlsplit(url)
    proxy = FaultProxy(at.hostname or "127.0.0.1", at.port or _PORTS.get(at.scheme, 80), seed, address)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
