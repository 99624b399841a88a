"""A database with plans that are worked on: what one of the hub's processes does with them, deed by deed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from bench.crowd import copy_plans
from bench.hub_deliveries import RECIPIENTS, cpr_of, joined, open_case, take_in
from bench.set_ups import ACTOR, SetUp
from hub.authority import Authorities
from hub.clock import now
from hub.consent.reader import Reader
from hub.flow.deliver import deliver
from hub.flow.settle import Settled
from hub.flow.show import find_plan, show_plan
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Role
from hub.settings import Settings
from hub.store.lease import Ring
from hub.store.transaction import Store

REAL = 30  # plans that are worked on
_READER = Reader(RECIPIENTS[0], Role.AUTHORITY_SYSTEM)
_AGAIN = timedelta(seconds=30)
_BYTES_ON_DISK = sa.func.pg_database_size(sa.func.current_database())


@dataclass
class Town:
    """A database with its plans; ``version`` is that of the cases which come next."""

    store: Store
    settings: Settings
    authorities: Authorities
    plans: Sequence[UUID] = ()
    version: int = 0

    def takes_in(self) -> None:
        """Take a new version of each real case in."""
        for number in range(1, REAL + 1):
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
            return unit.outbox.take_rings(REAL, now(), _AGAIN)

    def reads(self) -> None:
        """Read each plan as a member that sees it by consent."""
        for plan in self.plans:
            show_plan(plan, _READER, self.store, actor=ACTOR, correlation_id="c")

    def finds(self) -> None:
        """Find each plan by its citizen's number."""
        for number in range(1, REAL + 1):
            self.found(number)

    def found(self, number: int) -> UUID:
        """Find one plan by its citizen's number."""
        numbers = [cpr_identifier(cpr_of(number), "hub")]
        return find_plan(numbers, _READER, self.store, actor=ACTOR, correlation_id="c", most=REAL + 1)

    def kilobytes(self) -> float:
        """Return what the database takes on its disk, with indexes."""
        with self.store.begin(read_only=True) as unit:
            return float(unit.connection.execute(sa.select(_BYTES_ON_DISK)).scalar_one()) / 1024

    def counts(self) -> None:
        """Count what waits and what is dead, as a page of the operators and the metrics port do."""
        with self.store.begin(read_only=True) as unit:
            unit.outbox.counts(now())


@contextmanager
def filled(set_up: SetUp, urls: Sequence[str], copies: int, told: Callable[[int], object]) -> Iterator[Town]:
    """Fill a database with a real plan, its copies, and then the real plans that are worked on.

    :param urls: where the recipients answer. :param copies: none is what SQLite can have.
    :param told: is told how many copies there are, after each batch.
    """
    town = Town(set_up.new_store(), set_up.settings(), joined(urls))
    if copies:
        open_case(0, town.store, town.authorities)
        take_in(0, 0, town.store, town.authorities)
        town.delivers()
        copy_plans(town.store.engine, copies, told)
    for number in range(1, REAL + 1):
        open_case(number, town.store, town.authorities)
    town.takes_in()
    town.delivers()
    town.plans = [town.found(number) for number in range(1, REAL + 1)]
    yield town
    town.store.close()
