"""The fault proxy does to a connection what it says, and to no other than it says."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from hub.clock import monotonic
from tests.faults.fault_proxy import DOWN, UP, FaultProxy, a_fault_proxy
from tests.faults.harms import (
    Bandwidth,
    Corrupt,
    Duplicate,
    Garbage,
    Harm,
    Latency,
    LimitData,
    Reset,
    Slicer,
    SlowClose,
    Swallow,
)
from tests.patience import wait_for

pytestmark = pytest.mark.files

SAID = b"one plan for a family" * 10


class _Echo(socketserver.BaseRequestHandler):
    """Says back what it hears, and says goodbye when nothing more comes."""

    def handle(self) -> None:
        try:
            while heard := self.request.recv(65_536):
                self.request.sendall(heard)
            self.request.sendall(b"goodbye")
        except OSError:
            return


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    with _Server(("127.0.0.1", 0), _Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        with a_fault_proxy(f"tcp://127.0.0.1:{server.server_address[1]}", seed=7) as proxy:
            yield proxy
        server.shutdown()


def _connected(proxy: FaultProxy, timeout: float = 5) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.own_port), timeout=timeout)


def _echoed(proxy: FaultProxy, said: bytes = SAID) -> tuple[bytes, float]:
    """Say something and nothing more; return all that comes back, and how many seconds that took."""
    with closing(_connected(proxy)) as line:
        begun = monotonic()
        line.sendall(said)
        line.shutdown(socket.SHUT_WR)
        heard = b""
        while piece := line.recv(65_536):
            heard += piece
    return heard, monotonic() - begun


def _all_of(line: socket.socket, many: int) -> bytes:
    heard = b""
    while len(heard) < many:
        heard += line.recv(many - len(heard))
    return heard


def test_without_harm_all_comes_through(proxy: FaultProxy) -> None:
    assert _echoed(proxy)[0] == SAID + b"goodbye"
    assert proxy.connections == 1
    wait_for(lambda: proxy.open, lambda many: many == 0, 2)


@pytest.mark.parametrize(
    ("harm", "at_least"),
    [
        (Latency(0.2), 0.2),
        (Bandwidth(1_000), len(SAID) / 1_000),
        (SlowClose(0.3), 0.3),
        (Slicer(70, 0.1), 0.3),
    ],
)
def test_a_slow_network_is_slow_and_loses_nothing(proxy: FaultProxy, harm: Harm, at_least: float) -> None:
    with proxy.harmed(harm):
        heard, seconds = _echoed(proxy)
    assert heard == SAID + b"goodbye"
    assert seconds >= at_least
    assert min(_echoed(proxy)[1] for _ in range(5)) < at_least, "It goes on when it should have ended."


def test_jitter_differs_from_piece_to_piece(proxy: FaultProxy) -> None:
    with proxy.harmed(Latency(0.1, jitter=0.1)), closing(_connected(proxy)) as line:
        took = []
        for _ in range(8):
            begun = monotonic()
            line.sendall(b"x")
            assert line.recv(1) == b"x"
            took.append(monotonic() - begun)
    assert max(took) - min(took) > 0.03


@pytest.mark.parametrize("way", [UP, DOWN])
def test_a_half_open_connection_says_nothing(proxy: FaultProxy, way: str) -> None:
    with proxy.harmed(Swallow(), way), closing(_connected(proxy, timeout=0.3)) as line:
        line.sendall(SAID)
        with pytest.raises(TimeoutError):
            line.recv(1)


def test_what_is_lost_is_not_made_up_for(proxy: FaultProxy) -> None:
    with closing(_connected(proxy, timeout=2)) as line:
        with proxy.harmed(Swallow(after=4)):
            line.sendall(SAID)
            assert line.recv(65_536) == SAID[:4]
            wait_for(lambda: proxy.has_lost, bool, 2)
        with pytest.raises(ConnectionResetError):
            line.recv(1)


def test_a_half_open_connection_may_be_closed_after_a_while(proxy: FaultProxy) -> None:
    begun = monotonic()
    with proxy.harmed(Swallow(closes=0.2)), closing(_connected(proxy)) as line:
        line.sendall(SAID)
        assert line.recv(1) == b""
    assert monotonic() - begun >= 0.2


@pytest.mark.parametrize("after", [0, 10])
def test_a_connection_is_reset_after_so_many_bytes(proxy: FaultProxy, after: int) -> None:
    with proxy.harmed(Reset(after=after)), closing(_connected(proxy)) as line:
        line.sendall(SAID)
        assert _all_of(line, after) == SAID[:after]
        with pytest.raises(ConnectionResetError):
            line.recv(1)


def test_a_connection_ends_after_so_many_bytes_as_if_all_was_said(proxy: FaultProxy) -> None:
    with proxy.harmed(LimitData(after=10)):
        assert _echoed(proxy)[0] == SAID[:10]


def test_garbage_is_as_long_and_something_else(proxy: FaultProxy) -> None:
    with proxy.harmed(Garbage(), UP):
        heard = _echoed(proxy)[0]
    assert len(heard) == len(SAID + b"goodbye")
    assert heard.endswith(b"goodbye"), "Only one way is harmed."
    assert not heard.startswith(SAID[:8])


def test_one_bit_is_flipped(proxy: FaultProxy) -> None:
    with proxy.harmed(Corrupt(), UP):
        heard = _echoed(proxy)[0]
    differing = [mine ^ theirs for mine, theirs in zip(SAID, heard, strict=False) if mine != theirs]
    assert [bin(bits).count("1") for bits in differing] == [1]


def test_the_same_seed_harms_the_same_bit(proxy: FaultProxy) -> None:
    with a_fault_proxy(f"tcp://127.0.0.1:{proxy.port}", seed=7) as other:
        heard = []
        for one in (proxy, other):
            with one.harmed(Corrupt(), UP):
                heard.append(_echoed(one)[0])
    assert heard[0] == heard[1]


def test_a_piece_comes_twice(proxy: FaultProxy) -> None:
    with proxy.harmed(Duplicate(), UP):
        assert _echoed(proxy)[0] == SAID + SAID + b"goodbye"


def test_several_harms_are_met_in_their_order(proxy: FaultProxy) -> None:
    with proxy.harmed(Slicer(21)), proxy.harmed(Duplicate()):
        heard = _echoed(proxy)[0]
    assert heard.startswith(SAID[:21] * 2)
    assert len(heard) == 2 * len(SAID + b"goodbye")


def test_open_connections_are_broken_and_new_ones_may_be_refused(proxy: FaultProxy) -> None:
    with closing(_connected(proxy)) as line:
        line.sendall(b"x")
        assert line.recv(1) == b"x"
        assert proxy.break_all() == 1
        with pytest.raises(ConnectionResetError):
            line.recv(1)
    proxy.is_shut = True
    with pytest.raises(ConnectionResetError), closing(_connected(proxy)) as line:  # perhaps as it connects already
        line.recv(1)
    proxy.clear()
    assert _echoed(proxy)[0] == SAID + b"goodbye"


def test_an_address_leads_through_the_proxy_and_keeps_its_name_and_path(proxy: FaultProxy) -> None:
    assert proxy.url("amqp://guest:guest@127.0.0.1:5672/here?x=1") == (
        f"amqp://guest:guest@127.0.0.1:{proxy.own_port}/here?x=1"
    )
