"""Run the hub so that it kills itself (SIGKILL) once, at a named point: ``python crashing.py POINT TRIGGER serve``.

``python crashing.py all FOLDER serve`` has all LAB_POINTS at once; the trigger of each is the file of its name in
FOLDER, so that one hub can be killed at one after the other.

The product has no word of this: the points are wrapped around its own functions here. TRIGGER is a file: while it is
there, whoever comes by the point takes it away and dies; so it happens when a test wants it, and once.

before-commit    a message is taken in, and nothing is committed yet
after-commit     it is committed, and its sender has no answer yet
after-publish    the broker has confirmed a ring, and the relay does not know it yet
after-send       the recipient has answered, and the delivery is not settled

Those of a dropped file (INTAKE_POINTS):

after-claim      it is out of the senders' folder, and nothing has read it
after-accept     it is taken in or refused by the hub, and its folder knows nothing of it
after-receipt    its sender has a receipt, and the clear file still lies there
after-seal       it is refused, its sealed bytes lie in refused/, and there is no report and no receipt
after-refusal    its sender knows of the refusal, and the clear file still lies there
after-delete     the clear file is gone, and its place among the claimed is not

Those of a message's whole way (LAB_POINTS):

api-parsed         a document is understood, and nothing is asked of the database yet
api-uncommitted    a message is taken in, and nothing is committed yet
api-committed      it is committed, and its sender has no answer yet
api-half-answer    its sender has half of the answer
relay-published    a ring is on its way, and the broker has not confirmed it
relay-confirmed    the broker has confirmed it, and the relay does not know it yet
worker-received    a ring is heard, and its delivery has not begun
worker-leased      the delivery has its lease and its attempt, and nothing of that is committed
worker-committed   the attempt is committed, and nothing has left
worker-sent        the request has left, and no answer is read
worker-answered    the recipient has answered, and the delivery is not settled
worker-settled     the delivery is settled, and its ring is not answered
sealer-sealed      rows of the audit are sealed, and no checkpoint stands over them
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from httpcore._sync.http11 import HTTP11Connection
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

import hub.adapters._folder_claim
import hub.api.inbound
import hub.flow.accept
import hub.flow.deliver
import hub.flow.ending
import hub.flow.sending
import hub.queue.folders
import hub.queue.sealer
import hub.queue.worker
from hub.adapters._folder_receipts import FolderReceipts
from hub.cli import main
from hub.queue.ringer import Ringer
from hub.store.inbox import Inbox


def die_once(trigger: Path) -> None:
    """Kill this process as the kernel would, if the trigger is there."""
    try:
        trigger.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)


def before(trigger: Path, function: Callable[..., Any]) -> Callable[..., Any]:
    """Die before the function begins."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        die_once(trigger)
        return function(*args, **kwargs)

    return wrapped


def after(trigger: Path, function: Callable[..., Any]) -> Callable[..., Any]:
    """Die after the function has ended well."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        answer = function(*args, **kwargs)
        die_once(trigger)
        return answer

    return wrapped


def after_some(trigger: Path, function: Callable[..., Any]) -> Callable[..., Any]:
    """Die after the function has ended with something."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        answer = function(*args, **kwargs)
        if answer:
            die_once(trigger)
        return answer

    return wrapped


def halfway(trigger: Path, send: Callable[..., Any]) -> Callable[..., Any]:
    """Die when half of the answer to a document has been written to the wire."""

    async def wrapped(cycle: Any, message: Any) -> None:
        is_answer = message["type"] == "http.response.body" and cycle.scope["path"].startswith("/in/")
        if is_answer and trigger.exists():
            cycle.transport.write(message["body"][: len(message["body"]) // 2])  # asyncio writes at once what it can
            die_once(trigger)
        await send(cycle, message)

    return wrapped


#: point → (owner, function, whether it dies before or after)
POINTS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "before-commit": (Inbox, "answer", after),
    "after-commit": (hub.api.inbound, "accept", after),
    "after-publish": (Ringer, "kept", after),
    "after-send": (hub.flow.ending, "settle", before),
}

INTAKE_POINTS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "after-claim": (hub.queue.folders, "accept", before),
    "after-accept": (hub.queue.folders, "outcome_of", after),
    "after-receipt": (FolderReceipts, "taken_in", after),
    "after-seal": (hub.adapters._folder_claim, "write", after),
    "after-refusal": (FolderReceipts, "refused", after),
    "after-delete": (Path, "unlink", after),
}

LAB_POINTS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "api-parsed": (hub.flow.accept, "_check_sender", before),
    "api-uncommitted": (Inbox, "answer", after),
    "api-committed": (hub.api.inbound, "accept", after),
    "api-half-answer": (RequestResponseCycle, "send", halfway),
    "relay-published": (Ringer, "kept", before),
    "relay-confirmed": (Ringer, "kept", after),
    "worker-received": (hub.queue.worker, "bring", before),
    "worker-leased": (hub.flow.deliver, "start", after),
    "worker-committed": (hub.flow.sending, "send", before),
    "worker-sent": (HTTP11Connection, "_receive_response_headers", before),
    "worker-answered": (hub.flow.ending, "settle", before),
    "worker-settled": (hub.queue.worker.Table, "settle", before),
    "sealer-sealed": (hub.queue.sealer, "seal", after_some),
}


def arrange(points: dict[str, tuple[Any, str, Callable[..., Any]]], triggers: dict[str, Path]) -> None:
    """Wrap the functions of points, each with its trigger."""
    for point, trigger in triggers.items():
        owner, name, when = points[point]
        setattr(owner, name, when(trigger, getattr(owner, name)))


if __name__ == "__main__":
    if sys.argv[1] == "all":
        arrange(LAB_POINTS, {point: Path(sys.argv[2]) / point for point in LAB_POINTS})
    else:
        arrange(POINTS | INTAKE_POINTS, {sys.argv[1]: Path(sys.argv[2])})
    sys.argv[1:3] = []
    main()
