"""What scenarios measure beside the verdict: how late deliveries are, and how long answers take."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.faults.lab import Lab
from tests.faults.load import Load
from tests.faults.recipients import Delivery
from tests.faults.senders import version_in


def lags(lab: Lab, load: Load, recipient: str, since: float, until: float) -> list[float]:
    """Return how many seconds after its acknowledgement each message was at a recipient.

    :param since: messages acknowledged from then on count; until then. :return: infinity for one that never came.
    """
    seen = lab.recipients[recipient].seen()
    return [
        max(0.0, _arrived(seen, answered.message.case.plan, answered.message.version) - at)
        for at, answered in list(load.answers)
        if since <= at <= until and answered.status in (200, 201)
    ]


def _arrived(seen: Iterable[Delivery], plan: object, version: int) -> float:
    """Return when a version of a case, or a later one that made it superfluous, came first."""
    for one in seen:
        if one.plan == plan and any(version_in(title) >= version for title in one.titles.values()):
            return one.began_at
    return math.inf


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of them, from 0 to 1, do not exceed; 0 for none."""
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)] if values else 0.0


def threads(lab: Lab, name: str) -> int:
    """Count the threads of a process. Linux only."""
    process = lab.processes.programs[name].process
    return len(list(Path(f"/proc/{process.pid if process else 0}/task").iterdir()))
