"""Ten thousand dropped files: what the last thousand cost beside the first, in memory and in time."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.hub_deliveries import SENDER, case_of, open_case
from bench.measure import Aim, Better, Row
from bench.programs import Answer, Program
from bench.set_ups import SetUp, embedded
from hub.authority import Drops, load
from hub.clock import monotonic
from hub.queue.folders import take_file
from hub.store.inbox import Receipt

FILES = 10_000
_STEP = 1_000
_MEMORY, _TIME = Aim(Better.LOWER, 1.1), Aim(Better.LOWER, 1.5)


@contextmanager
def intake(set_up: SetUp, folder: str) -> Iterator[Answer]:
    """Take files in; a question is how many, the answer seconds and the highest memory so far, in MB."""
    store = set_up.new_store()
    joined = {SENDER: {"folder": folder, "settle_seconds": 0}, "social": {}}
    authorities = {**load(joined), "housing": load({"social": {}})["social"]}
    adapter = authorities[SENDER].adapter
    if not isinstance(adapter, Drops):
        raise TypeError(f"{SENDER} drops no files.")
    for number in range(_STEP):
        open_case(number, store, authorities)

    def take(files: int) -> tuple[float, float]:
        start = monotonic()
        for _ in range(files):
            with adapter.claim() as file:
                if file is None or not isinstance(take_file(file, SENDER, store, authorities), Receipt):
                    raise AssertionError("A file was not taken in.")
        return monotonic() - start, _highest()

    yield take
    store.close()


def rows() -> Iterator[Row]:
    """Drop every file at once, then take them in a thousand at a time."""
    with TemporaryDirectory(prefix="hub-bench-") as folder, embedded() as set_up:
        waiting = Path(folder) / "in"
        waiting.mkdir()
        for number in range(FILES):
            (waiting / f"{number:05}.xml").write_bytes(case_of(number % _STEP, number // _STEP))
        with Program(intake, set_up, folder) as program:
            steps = [program.ask(_STEP) for _ in range(FILES // _STEP)]
    seconds, memory = zip(*steps, strict=True)
    what = f"{FILES} files in one folder"
    yield Row(f"{what}, memory", f"after {_STEP}", "MB", memory[-1:], memory[:1], _MEMORY)
    each = [one / _STEP * 1e6 for one in seconds]
    yield Row(f"{what}, the last {_STEP}", f"the second {_STEP}", "µs", each[-1:], each[1:2], _TIME)


def _highest() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1024 * 1024 if sys.platform == "darwin" else 1024)
