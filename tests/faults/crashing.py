"""Run the hub so that it kills itself (SIGKILL) once, at a named point: ``python crashing.py POINT FLAG serve``.

The product has no word of this: the points are wrapped around its own functions here. FLAG is a file that is made at
the kill, so that the hub lives when it is started again.

before-commit    a message is taken in, and nothing is committed yet
after-commit     it is committed, and its sender has no answer yet
after-publish    the broker has confirmed a ring, and the row is not marked as rung
after-send       the recipient has answered, and the delivery is not settled
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hub.api.inbound

import hub.flow.deliver
from hub.cli import main
from hub.store.inbox import Inbox
from hub.store.outbox import Outbox

POINTS = ("before-commit", "after-commit", "after-publish", "after-send")


def die_once(flag: Path) -> None:
    """Kill this process as the kernel would, unless it was done before."""
    try:
        flag.touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def before(flag: Path, function: Callable[..., Any]) -> Callable[..., Any]:
    """Die before the function begins."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        die_once(flag)
        return function(*args, **kwargs)

    return wrapped


def after(flag: Path, function: Callable[..., Any]) -> Callable[..., Any]:
    """Die after the function has ended well."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        answer = function(*args, **kwargs)
        die_once(flag)
        return answer

    return wrapped


def arm(point: str, flag: Path) -> None:
    """Put the named point in place."""
    if point == "before-commit":
        Inbox.answer = after(flag, Inbox.answer)  # type: ignore[method-assign]
    elif point == "after-commit":
        hub.api.inbound.accept = after(flag, hub.api.inbound.accept)
    elif point == "after-publish":
        Outbox.rung = before(flag, Outbox.rung)  # type: ignore[method-assign]
    elif point == "after-send":
        hub.flow.deliver.settle = before(flag, hub.flow.deliver.settle)
    else:
        raise SystemExit(f"No such point: {point}. There are: {', '.join(POINTS)}.")


if __name__ == "__main__":
    arm(sys.argv[1], Path(sys.argv[2]))
    sys.argv[1:3] = []
    main()
