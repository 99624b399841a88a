"""How a process stands, from ``/proc``: memory, open descriptors, threads. Linux only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_RESIDENT, _THREADS = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE), re.compile(r"^Threads:\s+(\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Vitals:
    """One process at one instant.

    :ivar memory: resident, in bytes.
    """

    memory: int
    descriptors: int
    threads: int


def vitals(pid: int) -> Vitals | None:
    """Look at a process; None when it is not there any more."""
    folder = Path("/proc") / str(pid)
    try:
        status, descriptors = (folder / "status").read_text(), sum(1 for _ in (folder / "fd").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return None
    memory, threads = _RESIDENT.search(status), _THREADS.search(status)
    if memory is None or threads is None:  # it has ended, and nobody has asked yet how
        return None
    return Vitals(int(memory[1]) * 1024, descriptors, int(threads[1]))
