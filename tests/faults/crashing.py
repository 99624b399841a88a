"""Run the hub so that it kills itself (SIGKILL) once, at a named point: ``python crashing.py POINT TRIGGER serve``.

The product has no word of this: the points are wrapped around its own functions here. TRIGGER is a file: while it is
there, whoever comes by the point takes it away and dies; so it happens when a test wants it, and once.

before-commit    a message is taken in, and nothing is committed yet
after-commit     it is committed, and its sender has no answer yet
after-publish    the broker has confirmed a ring, and the row is not marked as rung
after-send       the recipient has answered, and the delivery is not settled

Those of a dropped file (INTAKE_POINTS):

after-claim      it is out of the senders' folder, and nothing has read it
after-accept     it is taken in or refused by the hub, and its folder knows nothing of it
after-receipt    its sender has a receipt, and the clear file still lies there
after-seal       it is refused, its sealed bytes lie in refused/, and there is no report and no receipt
after-refusal    its sender knows of the refusal, and the clear file still lies there
after-delete     the clear file is gone, and its place among the claimed is not
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hub.adapters._folder_claim
import hub.api.inbound
import hub.flow.deliver
import hub.queue.folders
from hub.adapters._folder_receipts import FolderReceipts
from hub.cli import main
from hub.store.inbox import Inbox
from hub.store.outbox import Outbox


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


#: point → (owner, function, whether it dies before or after)
POINTS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "before-commit": (Inbox, "answer", after),
    "after-commit": (hub.api.inbound, "accept", after),
    "after-publish": (Outbox, "rung", before),
    "after-send": (hub.flow.deliver, "settle", before),
}

INTAKE_POINTS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "after-claim": (hub.queue.folders, "accept", before),
    "after-accept": (hub.queue.folders, "outcome_of", after),
    "after-receipt": (FolderReceipts, "taken_in", after),
    "after-seal": (hub.adapters._folder_claim, "write", after),
    "after-refusal": (FolderReceipts, "refused", after),
    "after-delete": (Path, "unlink", after),
}


if __name__ == "__main__":
    owner, name, when = (POINTS | INTAKE_POINTS)[sys.argv[1]]
    setattr(owner, name, when(Path(sys.argv[2]), getattr(owner, name)))
    sys.argv[1:3] = []
    main()
