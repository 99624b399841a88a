"""What an update, a reading and a look-up cost among a thousand plans, and among a million.

One PostgreSQL database for each size, all there at once; in each the same work is done on as many real plans,
turn by turn, so that what else the machine does meets all sizes alike.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from tempfile import gettempdir

from rich.console import Console

from bench.hub_deliveries import recipients_in
from bench.measure import Aim, Better, Row, Turn, in_turns
from bench.set_ups import Servers, operated
from bench.town import REAL, Town, filled
from hub.clock import monotonic

AIM = Aim(Better.LOWER, 1.3)
#: How many plans there are; others by HUB_BENCH_PLANS, such as ``1000,10000``.
SIZES = tuple(int(size) for size in os.environ.get("HUB_BENCH_PLANS", "1000,10000,100000,1000000").split(","))
_ROUNDS = 9
_KILOBYTES_A_PLAN = 24  # on the database's disk, with its indexes and its share of the log
_console = Console(stderr=True)


#: What is done, how many times in a turn, and the words for it.
_WORK: Mapping[str, tuple[Callable[[Town], None], int]] = {
    "an update taken in": (Town.takes_in, REAL),
    "an update brought to two recipients": (Town.delivers, REAL),
    "a plan read": (Town.reads, REAL),
    "a plan found by a number": (Town.finds, REAL),
    "all queues counted": (Town.counts, 1),
}


def rows(servers: Servers | None) -> Iterator[Row]:
    """Measure on PostgreSQL; nothing without it."""
    if servers is None:
        return
    with ExitStack() as stack:
        urls = recipients_in(stack)
        towns = {size: _town(size, servers, urls, stack) for size in _sizes_with_room()}
        asked = [(what, size) for size in towns for what in _WORK]
        measured = in_turns([_turn(towns[size], what) for what, size in asked], _ROUNDS)
        for size, town in towns.items():
            _console.print(f"{town.kilobytes() / size:.1f} kB on disk for each of {size:,} plans")
    taken, (first, *others) = dict(zip(asked, measured, strict=True)), towns
    for what in _WORK:
        for size in others:
            hub, bare = taken[what, size], taken[what, first]
            yield Row(f"{what}, among {size:,} plans", f"among {first:,}", "ms", hub, bare, AIM)


def _turn(town: Town, what: str) -> Turn:
    """Return a turn that gives milliseconds for each piece of its work."""
    work, times = _WORK[what]

    def each() -> float:
        start = monotonic()
        work(town)
        return (monotonic() - start) * 1000 / times

    return each


def _sizes_with_room() -> Sequence[int]:
    """Return the sizes that the disk has room for, and say which it has not."""
    free = shutil.disk_usage(gettempdir()).free // 1024
    sizes = [size for size in SIZES if sum(one for one in SIZES if one <= size) * _KILOBYTES_A_PLAN < free]
    for size in SIZES[len(sizes) :]:
        _console.print(f"Left out: {size:,} plans. They want some {size * _KILOBYTES_A_PLAN // 1024**2} GB of disk.")
    return sizes


def _town(size: int, servers: Servers, urls: Sequence[str], stack: ExitStack) -> Town:
    set_up = stack.enter_context(operated(servers))
    told = partial(_tell, size)
    return stack.enter_context(filled(set_up, urls, size - REAL - 1, told))


def _tell(size: int, copies: int) -> None:
    _console.print(f"{copies:,} of {size:,} plans")
