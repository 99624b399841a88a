"""A wire to a server that a test can cut: a TCP relay on loopback, so that no shared server need be stopped."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

_ANSWER_SECONDS = 0.3


class Wire:
    """Carries bytes between whoever connects to ``port`` and a server."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._door.getsockname()[1]
        self._is_cut = threading.Event()
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self._welcome, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        self._door.close()

    def cut(self) -> None:
        """Break every connection, and let none through.

        What the server has been sent already it still answers: whoever asks learns no more, and is in no doubt either.
        """
        self._is_cut.set()
        threading.Event().wait(_ANSWER_SECONDS)
        with self._lock:
            cut, self._sockets = self._sockets, []
        for end in cut:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut.clear()

    def _welcome(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                if self._is_cut.is_set():
                    near.close()
                    continue
                far = socket.create_connection(self._server)
                with self._lock:
                    self._sockets += [near, far]
                for source, target, is_cut in ((near, far, self._is_cut), (far, near, threading.Event())):
                    threading.Thread(target=_carry, args=(source, target, is_cut), daemon=True).start()


def _carry(source: socket.socket, target: socket.socket, is_cut: threading.Event) -> None:
    with suppress(OSError):
        while content := source.recv(65_536):
            if is_cut.is_set():
                return
            target.sendall(content)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
