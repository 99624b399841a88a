"""Run all loops of the hub until somebody kills them: ``python -m tests.integration.queue.replaying [POINT TRIGGER]``.

At a named point of a replay it kills itself (SIGKILL), once, while the file TRIGGER is there:

before-begun     an item's row is due and the item begun, and nothing is committed
after-begun      that is committed
before-outcome   what became of an item is written down, and nothing is committed
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import hub.queue.replayer
from hub.cli.assembly import open_rooms
from hub.cli.log_lines import log_as_json
from hub.queue.broker import Broker
from hub.queue.running import Running
from hub.store.replays import Replays
from tests.faults.crashing import after

POINTS = {
    "before-begun": (Replays, "begin"),
    "after-begun": (hub.queue.replayer, "step"),
    "before-outcome": (Replays, "end"),
}

if __name__ == "__main__":
    if sys.argv[1:]:
        owner, name = POINTS[sys.argv[1]]
        setattr(owner, name, after(Path(sys.argv[2]), getattr(owner, name)))
    log_as_json()
    rooms = open_rooms()
    broker = Broker(rooms.settings.broker_url, rooms.settings.queue_prefix)
    Running(rooms.store, broker, rooms.authorities, rooms.settings).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    threading.Event().wait()
