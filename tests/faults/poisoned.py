"""Run the hub so that deliveries of some plans are poison: ``python poisoned.py KILLS BREAKS serve``.

KILLS and BREAKS are files of plans' ids, read at each delivery: sending one of the first kills the process (SIGKILL),
as the kernel does when memory runs out, or a library that is no Python; one of the second ends in an error that nobody
expects. The product has no word of this: its own function is wrapped here.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import hub.flow.sending
from hub.cli import main

if __name__ == "__main__":
    kills, breaks = Path(sys.argv[1]), Path(sys.argv[2])
    send = hub.flow.sending.send

    def poisoned(attempt: Any, authorities: Any, store: Any) -> Any:
        """Send, unless the plan is poison."""
        if str(attempt.update.plan) in kills.read_text():
            os.kill(os.getpid(), signal.SIGKILL)
        if str(attempt.update.plan) in breaks.read_text():
            raise ArithmeticError("A bug.")
        return send(attempt, authorities, store)

    hub.flow.sending.send = poisoned
    sys.argv[1:3] = []
    main()
