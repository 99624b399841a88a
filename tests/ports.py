"""Free ports on loopback, for servers that a test starts."""

from __future__ import annotations

import socket


def free_ports(how_many: int) -> list[int]:
    """Find free ports; all are held until all are found, so that no two are the same."""
    doors = [socket.create_server(("127.0.0.1", 0)) for _ in range(how_many)]
    ports: list[int] = [door.getsockname()[1] for door in doors]
    for door in doors:
        door.close()
    return ports
