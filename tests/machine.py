"""What a test without a mark does to the machine: nothing. It computes, in one thread, and reads what the hub ships."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ROOT = Path(__file__).parents[1]
#: What may be read: the hub with its contracts, and the Python that runs it.
_SHIPPED = tuple(
    f"{Path(folder).resolve()}/"
    for folder in (_ROOT / "hub", _ROOT / "contracts", sys.prefix, sys.base_prefix, "/usr/share/zoneinfo")
)
_IMPORTED = (".py", ".pyc", ".so", ".pth")
_TOUCHES = (
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "subprocess.Popen",
    "os.system",
    "os.fork",
    "sqlite3.connect",
)
_WRITES = frozenset("wax+")


class _Watch:
    """Hears every audit event of the interpreter; there is one, for a hook can never be taken away again."""

    def __init__(self) -> None:
        self.heard: list[str] | None = None
        self.thread = 0
        sys.addaudithook(self._hear)

    def _hear(self, event: str, given: tuple[object, ...]) -> None:
        if self.heard is None or self.thread != threading.get_ident():
            return
        if event in _TOUCHES or (event == "open" and not _may_open(given[0], given[1])):
            self.heard.append(f"{event} {given[0]!r}")


def _may_open(path: object, mode: object) -> bool:
    if not isinstance(path, str):
        return not isinstance(path, bytes)  # a descriptor is of something that is open already
    if "__pycache__" in path or path.endswith(_IMPORTED) or path == "/dev/null":
        return True
    is_written = isinstance(mode, str) and not _WRITES.isdisjoint(mode)
    return not is_written and str(Path(path).absolute()).startswith(_SHIPPED)


_watch = _Watch()


@contextmanager
def left_alone() -> Iterator[None]:
    """Let a test compute. :raises AssertionError: it opened a file, a socket, a process or a database."""
    _watch.heard, _watch.thread = [], threading.get_ident()
    try:
        yield
        touched = _watch.heard
    finally:
        _watch.heard = None
    assert not touched, f"A test without a mark does no I/O (pyproject.toml, markers): {touched[:3]}"
