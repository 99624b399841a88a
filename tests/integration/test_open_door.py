"""A port by which callers come: their answers leave at once."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from hub.cli import serving
from hub.sandbox import __main__ as sandbox

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("opens", [serving.open_door, sandbox.open_door])
def test_what_comes_in_by_a_door_is_answered_without_a_rest(opens: Callable[[str, int], socket.socket]) -> None:
    with opens("127.0.0.1", 0) as door, socket.create_connection(door.getsockname(), 5):
        taken, _ = door.accept()
        with taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), "asyncio does not see to it here"
