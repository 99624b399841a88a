"""Processes of their own, each of which answers one question after the other over a pipe."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.connection import Connection
from typing import Any, Self

import uvicorn

from hub.cli.collecting import spare_what_stays
from hub.cli.log_lines import log_as_json

_ANSWER_SECONDS = 120
_STOP_SECONDS = 20

Answer = Callable[[Any], Any]


class Program:
    """A process; ``with`` waits until it is ready, and ends it."""

    def __init__(self, opener: Callable[..., AbstractContextManager[Answer]], *arguments: Any) -> None:
        """Start it.

        :param opener: a function of a module; what it gives answers questions, and what follows its ``yield`` tidies.
        """
        context = multiprocessing.get_context("spawn")  # a fresh interpreter: nothing of ours lives on in it
        self._pipe, others_end = context.Pipe()
        self._process = context.Process(target=_answer_until_told, args=(others_end, opener, arguments))
        self._process.start()
        others_end.close()

    def __enter__(self) -> Self:
        self._hear()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.is_alive():
            self._pipe.send(None)
            self._process.join(_STOP_SECONDS)
        if self._process.is_alive():
            self._process.kill()

    def ask(self, question: Any) -> Any:
        """Ask and wait for the answer. :raises RuntimeError: the process died, or takes over two minutes."""
        self._pipe.send(question)
        return self._hear()

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Let the process do nothing for a while."""
        os.kill(self._process.pid or 0, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid or 0, signal.SIGCONT)

    def _hear(self) -> Any:
        try:
            if self._pipe.poll(_ANSWER_SECONDS):
                return self._pipe.recv()
        except EOFError:
            raise RuntimeError("A program of the benchmark ended by itself; its last words stand above.") from None
        raise RuntimeError(f"A program of the benchmark gave no answer in {_ANSWER_SECONDS} seconds.")


def _answer_until_told(pipe: Connection, opener: Callable[..., AbstractContextManager[Answer]], arguments: Any) -> None:
    log_as_json()  # as the hub's own programs do
    with opener(*arguments) as answer:
        pipe.send("ready")
        while (question := pipe.recv()) is not None:
            pipe.send(answer(question))


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an application as ``hub serve`` does, on a free port, and give its URL."""
    config = uvicorn.Config(app, port=0, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    spare_what_stays()
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()
