"""The limit: how many commits a second PostgreSQL makes, and how many of them the hub makes while it is busy.

Bare is a loop that inserts one row and commits, as many at once as the hub's threads, in the same database. Of the hub
those commits are counted that have written something; what only reads makes no disk wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count
from typing import Any

import sqlalchemy as sa

from bench import hub_deliveries
from bench.hub_deliveries import joined, open_case, recipients_in, running, take_in
from bench.measure import Row, in_turns
from bench.programs import Answer, Program
from bench.set_ups import WORKERS, Servers, SetUp, operated
from bench.waiting import until
from hub.cli.assembly import open_store
from hub.clock import monotonic
from hub.store.transaction import Store

CASES = 100
_ROUNDS = 5
_COMMITS = 200  # of each connection in a round of the bare loop
_TABLE = "CREATE TABLE bare_commits (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, said text NOT NULL)"
_UNIT, _BARE = "commits/s", f"one row a commit, {WORKERS} at once"


def rows(servers: Servers | None) -> Iterator[Row]:
    """Measure on PostgreSQL; nothing without it."""
    if servers is None:
        return
    with ExitStack() as stack:
        urls = recipients_in(stack)
        set_up = stack.enter_context(operated(servers))
        stack.callback(hub_deliveries.forget_queues, set_up)
        door = stack.enter_context(Program(taking_in, set_up, urls))
        worker = stack.enter_context(Program(delivering, set_up, urls))
        bare = stack.enter_context(Program(committing, set_up))
        versions = count()

        def takes_in() -> float:
            with worker.asleep():
                found = float(door.ask(next(versions)))
            door.ask("settled")  # a worker that is put to sleep over its work would hold the next in turn up
            return found

        def delivers() -> float:
            with worker.asleep():
                door.ask(next(versions))
                begun, start = door.ask("commits"), monotonic()
            before = worker.ask("commits")
            door.ask("settled")
            return float((worker.ask("commits") - before + door.ask("commits") - begun) / (monotonic() - start))

        accepted, delivered, limit = in_turns([takes_in, delivers, lambda: float(bare.ask(WORKERS))], _ROUNDS)
    yield Row(f"taking in, {WORKERS} threads", _BARE, _UNIT, accepted, limit)
    yield Row(f"delivering, one process of {WORKERS} threads", _BARE, _UNIT, delivered, limit)


@contextmanager
def taking_in(set_up: SetUp, urls: Sequence[str]) -> Iterator[Answer]:
    """Give every case the version that is asked for, and answer with commits a second.

    ``settled`` waits until nothing is due, ``commits`` tells how many there were.
    """
    store, authorities = set_up.new_store(), joined(urls)
    for number in range(CASES):
        open_case(number, store, authorities)
    commits = _counted(store)

    def accept_all(version: int) -> float:
        before, start = commits(), monotonic()
        with ThreadPoolExecutor(WORKERS) as doors:
            list(doors.map(lambda number: take_in(number, version, store, authorities), range(CASES)))
        return (commits() - before) / (monotonic() - start)

    def answered(question: Any) -> Any:
        if question == "settled":
            return until(lambda: not hub_deliveries.due(store))
        return commits() if question == "commits" else accept_all(question)

    yield answered
    store.close()


@contextmanager
def delivering(set_up: SetUp, urls: Sequence[str]) -> Iterator[Answer]:
    """Deliver all the time, as ``hub worker`` does; any question is answered by how many commits there were."""
    store = open_store(set_up.settings())
    commits = _counted(store)
    with running(set_up, store, joined(urls)):
        yield lambda _question: commits()
    store.close()


@contextmanager
def committing(set_up: SetUp) -> Iterator[Answer]:
    """Commit one row after the other over so many connections, and answer with commits a second."""
    engine = sa.create_engine(sa.make_url(set_up.database_url).set(drivername="postgresql+psycopg"), pool_size=WORKERS)
    with engine.begin() as connection:
        connection.exec_driver_sql(_TABLE)

    def often(connection: sa.Connection) -> None:
        for _ in range(_COMMITS):
            connection.exec_driver_sql("INSERT INTO bare_commits (said) VALUES ('a row')")
            connection.commit()

    def rate(how_many: int) -> float:
        with ExitStack() as stack:
            connections = [stack.enter_context(engine.connect()) for _ in range(how_many)]
            threads = stack.enter_context(ThreadPoolExecutor(how_many))
            start = monotonic()
            list(threads.map(often, connections))
            return how_many * _COMMITS / (monotonic() - start)

    yield rate
    engine.dispose()


def _counted(store: Store) -> Callable[[], int]:
    """Count the commits of a store that have written something from now on."""
    numbers, newest = count(1), 0

    def committed(connection: sa.Connection) -> None:
        nonlocal newest
        if not connection.get_execution_options().get("hub_read_only", False):
            newest = next(numbers)  # the counter is safe between threads, and two that race differ by one

    sa.event.listen(store.engine, "commit", committed)
    return lambda: newest
