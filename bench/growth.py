"""What an update, a reading and a look-up cost among a thousand plans, and among a million.

One PostgreSQL database for each size, all there at once; in each the same work is done on as many real plans,
turn by turn, so that what else the machine does meets all sizes alike.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from tempfile import gettempdir
from uuid import UUID

import sqlalchemy as sa
from rich.console import Console

from bench.crowd import copy_plans
from bench.hub_deliveries import RECIPIENTS, cpr_of, joined, open_case, take_in
from bench.measure import Aim, Better, Row, Turn, in_turns
from bench.programs import Program
from bench.recipients import recipient
from bench.set_ups import ACTOR, Servers, operated
from hub.authority import Authorities
from hub.clock import monotonic, now
from hub.consent.reader import Reader
from hub.flow.deliver import deliver
from hub.flow.settle import Settled
from hub.flow.show import find_plan, show_plan
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Role
from hub.settings import Settings
from hub.store.lease import Ring
from hub.store.transaction import Store

AIM = Aim(Better.LOWER, 1.3)
#: How many plans there are; others by HUB_BENCH_PLANS, such as ``1000,10000``.
SIZES = tuple(int(size) for size in os.environ.get("HUB_BENCH_PLANS", "1000,10000,100000,1000000").split(","))
_REAL = 30  # plans that are worked on, in each size
_ROUNDS = 9
_KILOBYTES_A_PLAN = 24  # on the database's disk, with its indexes and its share of the log
_READER = Reader(RECIPIENTS[0], Role.AUTHORITY_SYSTEM)
_AGAIN = timedelta(seconds=30)
_BYTES_ON_DISK = sa.func.pg_database_size(sa.func.current_database())
_console = Console(stderr=True)


@dataclass
class _Town:
    """A database with its plans; ``version`` is that of the cases which come next."""

    store: Store
    settings: Settings
    authorities: Authorities
    plans: Sequence[UUID] = ()
    version: int = 0

    def takes_in(self) -> None:
        """Take a new version of each real case in."""
        for number in range(1, _REAL + 1):
            take_in(number, self.version, self.store, self.authorities)
        self.version += 1

    def delivers(self) -> None:
        """Ring for what is due and bring each to its recipient. :raises AssertionError: it was not taken in."""
        while rings := self._rings():
            for ring in rings:
                if deliver(ring.id, self.store, self.authorities, self.settings) is not Settled.DELIVERED:
                    raise AssertionError("A delivery of the benchmark did not arrive.")

    def _rings(self) -> Sequence[Ring]:
        with self.store.begin() as unit:
            return unit.outbox.take_rings(_REAL, now(), _AGAIN)

    def reads(self) -> None:
        """Read each plan as a member that sees it by consent."""
        for plan in self.plans:
            show_plan(plan, _READER, self.store, actor=ACTOR, correlation_id="c")

    def finds(self) -> None:
        """Find each plan by its citizen's number."""
        for number in range(1, _REAL + 1):
            self.found(number)

    def found(self, number: int) -> UUID:
        """Find one plan by its citizen's number."""
        numbers = [cpr_identifier(cpr_of(number), "hub")]
        return find_plan(numbers, _READER, self.store, actor=ACTOR, correlation_id="c", most=_REAL + 1)

    def kilobytes(self) -> float:
        """Return what the database takes on its disk, with indexes."""
        with self.store.begin(read_only=True) as unit:
            return float(unit.connection.execute(sa.select(_BYTES_ON_DISK)).scalar_one()) / 1024

    def counts(self) -> None:
        """Count what waits and what is dead, as a page of the operators and the metrics port do."""
        with self.store.begin(read_only=True) as unit:
            unit.outbox.counts(now())


#: What is done, how many times in a turn, and the words for it.
_WORK: Mapping[str, tuple[Callable[[_Town], None], int]] = {
    "an update taken in": (_Town.takes_in, _REAL),
    "an update brought to two recipients": (_Town.delivers, _REAL),
    "a plan read": (_Town.reads, _REAL),
    "a plan found by a number": (_Town.finds, _REAL),
    "all queues counted": (_Town.counts, 1),
}


def rows(servers: Servers | None) -> Iterator[Row]:
    """Measure on PostgreSQL; nothing without it."""
    if servers is None:
        return
    with ExitStack() as stack:
        urls = [str(stack.enter_context(Program(recipient)).ask("url")) for _ in RECIPIENTS]
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


def _turn(town: _Town, what: str) -> Turn:
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


def _town(size: int, servers: Servers, urls: Sequence[str], stack: ExitStack) -> _Town:
    """Fill a database: a real plan, its copies, and then the real plans that are worked on."""
    set_up = stack.enter_context(operated(servers))
    town = _Town(set_up.new_store(), set_up.settings(), joined(urls))
    stack.callback(town.store.close)
    open_case(0, town.store, town.authorities)
    take_in(0, 0, town.store, town.authorities)
    town.delivers()
    copy_plans(town.store.engine, size - _REAL - 1, lambda copies: _console.print(f"{copies:,} of {size:,} plans"))
    for number in range(1, _REAL + 1):
        open_case(number, town.store, town.authorities)
    town.takes_in()
    town.delivers()
    town.plans = [town.found(number) for number in range(1, _REAL + 1)]
    return town
