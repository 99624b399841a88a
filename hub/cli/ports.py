"""Free ports on loopback, for programs that are told their address before they start."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from itertools import islice

#: Below the ports that operating systems hand to outgoing connections (32768 and up on Linux, 49152 and up by
#: RFC 6335, section 6): one of those may be taken by anybody's connection before its program is up.
_PORTS = range(20_000, 32_768)


def free_ports(how_many: int) -> list[int]:
    """Find free ports; all are held until all are found, so that no two are the same.

    :raises OSError: there are not so many.
    """
    with ExitStack() as held:
        ports = list(islice(_held(held), how_many))
    if len(ports) < how_many:
        raise OSError(f"There are no {how_many} free ports from {_PORTS.start} to {_PORTS.stop - 1}.")
    return ports


def _held(held: ExitStack) -> Iterator[int]:
    """Hold free ports, one at a time; by chance, so that programs that look at the same moment look elsewhere."""
    for port in random.sample(_PORTS, len(_PORTS)):
        with suppress(OSError):
            held.enter_context(socket.create_server(("127.0.0.1", port)))
            yield port
