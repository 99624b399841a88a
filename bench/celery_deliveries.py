"""Celery's side of the deliveries: tasks that do two commits and a request in between.

A task is given a row of the outbox. It is late-acknowledged, publishes are confirmed by the broker, its queue is
durable: the same promises where Celery can make them. There are three tasks:

whole     the same two commits and the same request, by the hub's own ``flow.deliver``: what the hub decides, writes and
          sends is the same, and only what brings a due row to it is Celery's instead of the hub's
writes    the same rows without what they are decided by: the row taken, an attempt, an audit row; an example update
          posted; the row settled, the attempt ended, what the recipient holds, an audit row, by the hub's own
          statements on its own tables. Not: open and judge what may be seen, difference, breaker, bulkhead, words
bare      two commits of one inserted row each, and an example update posted

The queue is a classic one, Celery's default. With quorum queues it declares 28 further ones for delayed tasks, which
nobody needs here and which stay behind on the broker.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from functools import cache
from itertools import count
from uuid import UUID

import httpx
import orjson
import sqlalchemy as sa
from celery import Celery

from bench.hub_deliveries import RECIPIENTS, due, joined, open_case, settled_a_second, take_in
from bench.programs import Answer
from bench.set_ups import ACTOR, WORKERS, SetUp
from bench.waiting import until
from hub.authority import Authorities, contract_folder
from hub.cli.assembly import open_store
from hub.clock import new_id, now
from hub.flow.deliver import deliver
from hub.flow.settle import Settled
from hub.store.lease import Basis, Lease
from hub.store.tables import outbox
from hub.store.transaction import Store


class Task(StrEnum):
    """What a task does; see above."""

    WHOLE = "whole"
    WRITES = "writes"
    BARE = "bare"


_UPDATE = (contract_folder("social/v1") / "examples" / "plan-opdatering.json").read_bytes()
_DIGEST = "0" * 32
_ELEMENTS = [UUID(int=number) for number in range(1, 5)]  # as many as the hub's own deliveries tell of
_WITHDRAWN: list[str] = []

_begun, _settled = (
    sa.Table(
        name,
        sa.MetaData(),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("outbox_id", sa.Uuid, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    for name in ("bench_begun", "bench_settled")
)


@contextmanager
def deliveries(set_up: SetUp, urls: Sequence[str], how_many: int, what: Task) -> Iterator[Answer]:
    """Make a standing row for each case and recipient, and answer by turns.

    ``publish`` makes all due and publishes, and the broker confirms, a task for each; ``rate`` waits until all are
    settled and gives deliveries a second, from the first that was settled to the last.
    """
    store, authorities, versions = set_up.new_store(), joined(urls), count()
    for number in range(how_many):
        open_case(number, store, authorities)
    with store.engine.begin() as connection:
        for table in (_begun, _settled):
            table.create(connection)
    rows, plans = _rows(store), _plans(store)
    task = _app(set_up, urls).tasks[what]
    begun = now()

    def makes_due() -> None:
        if what is Task.WHOLE:  # something must have changed, or there is nothing to say
            version = next(versions)
            for number in range(how_many):
                take_in(number, version, store, authorities)
            return
        with store.begin() as unit:
            unit.outbox.mark_due(plans, begun, "c")

    def publish() -> None:
        nonlocal begun
        begun = now()
        makes_due()
        for row, recipient in rows:
            task.apply_async(args=[str(row), recipient])

    def rate() -> float:
        is_bare = what is Task.BARE
        until(lambda: _count(store, begun) >= len(rows) if is_bare else not due(store))
        return _bare_rate(store, begun) if is_bare else settled_a_second(store, begun)

    yield lambda question: rate() if question == "rate" else publish()
    store.close()


@contextmanager
def worker(set_up: SetUp, urls: Sequence[str], pool: str) -> Iterator[Answer]:
    """Do tasks in a process of its own, in ``threads`` or ``prefork`` ed processes."""
    with _working(_app(set_up, urls), pool):
        yield lambda _question: None


def forget_queues(set_up: SetUp) -> None:
    """Delete the queue of a set-up that has ended."""
    app = _app(set_up, ())
    with app.connection() as connection, connection.channel() as channel:
        channel.queue_delete(set_up.prefix)
        channel.exchange_delete(set_up.prefix)


@contextmanager
def _working(app: Celery, pool: str) -> Iterator[None]:
    worker = app.WorkController(
        app=app, pool_cls=pool, concurrency=WORKERS, without_heartbeat=True, without_mingle=True, without_gossip=True
    )
    thread = threading.Thread(target=worker.start, daemon=True)
    thread.start()
    yield
    worker.stop()


def _app(set_up: SetUp, urls: Sequence[str]) -> Celery:
    for name in ("celery", "kombu"):  # as quiet as the hub's libraries, and memory:// has no host to miss
        logging.getLogger(name).setLevel(logging.ERROR)
    app = Celery("bench", broker=set_up.broker_url, set_as_current=False)
    app.conf.update(
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_default_queue=set_up.prefix,
        # The memory transport looks once a second by default; the hub's looks as often as this.
        broker_transport_options={"polling_interval": 0.01} if set_up.is_embedded else {"confirm_publish": True},
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
    )

    def whole(row: str, _recipient: int) -> None:
        _whole(set_up, tuple(urls), UUID(row))

    def writes(row: str, recipient: int) -> None:
        _writes(set_up, urls, UUID(row), recipient)

    def bare(row: str, recipient: int) -> None:
        _bare(set_up, urls, UUID(row), recipient)

    app.task(whole, name=Task.WHOLE)
    app.task(writes, name=Task.WRITES)
    app.task(bare, name=Task.BARE)
    return app


def _whole(set_up: SetUp, urls: tuple[str, ...], row: UUID) -> None:
    settled = deliver(row, _store(set_up), _joined(urls), set_up.settings())
    if settled is not Settled.DELIVERED:
        raise ValueError(f"Nothing was delivered: {settled}.")


def _writes(set_up: SetUp, urls: Sequence[str], row: UUID, recipient: int) -> None:
    store = _store(set_up)
    with store.begin() as unit:
        at = now()
        lease = unit.outbox.lease(row, at, 60)
        if lease is None:
            raise ValueError("The row is not due.")
        sequence = lease.sequence + 1
        unit.outbox.starts(lease, sequence, b"0" * 32)
        attempt = unit.attempts.record(row, sequence, dict.fromkeys(_ELEMENTS, _DIGEST), at, lease.mark)
        unit.audit.record("delivery-started", ACTOR, at, "c", lease.plan, **_told(lease, sequence))
    _post(urls[recipient], f"{RECIPIENTS[recipient]}:{lease.plan}:{sequence}")
    with store.begin() as unit:
        at = now()
        unit.outbox.settle(lease, Basis(1, 1, 1, None), at)
        unit.attempts.finish(attempt, "taken-in", at, is_settled=True)
        unit.audit.record("delivered", ACTOR, at, "c", lease.plan, **_told(lease, sequence))
        was = dict.fromkeys(_ELEMENTS, "1" * 32) if sequence > 1 else {}
        unit.holdings.replace(row, dict.fromkeys(_ELEMENTS, _DIGEST), at, was)


def _bare(set_up: SetUp, urls: Sequence[str], row: UUID, recipient: int) -> None:
    engine = _store(set_up).engine
    for table in (_begun, _settled):
        with engine.begin() as connection:
            connection.execute(table.insert(), {"id": new_id(), "outbox_id": row, "at": now()})
        if table is _begun:
            _post(urls[recipient], f"{recipient}:{row}:1")


def _post(url: str, key: str) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    answer = _client().post(url, content=_UPDATE, headers=headers).raise_for_status()
    if orjson.loads(answer.content)["Status"] != "taken-in":
        raise ValueError("No receipt.")


def _told(lease: Lease, sequence: int) -> dict[str, object]:
    """Return details as long as those that the hub writes into the audit."""
    return {
        "recipient": lease.recipient, "delivery": lease.id, "sequence": sequence, "elements": _ELEMENTS,
        "withdrawn": _WITHDRAWN, "categories": ["activities", "appointments", "goals"], "rules": ["CONSENT"],
        "consents": [f"{lease.id}/1"], "policy": 1,
    }  # fmt: skip


def _rows(store: Store) -> list[tuple[UUID, int]]:
    query = sa.select(outbox.c.id, outbox.c.recipient).where(outbox.c.recipient.in_(RECIPIENTS))
    with store.begin(read_only=True) as unit:
        return [(row.id, RECIPIENTS.index(row.recipient)) for row in unit.connection.execute(query)]


def _plans(store: Store) -> list[UUID]:
    with store.begin(read_only=True) as unit:
        return list(unit.connection.execute(sa.select(outbox.c.plan_id).distinct()).scalars())


def _count(store: Store, since: object) -> int:
    query = sa.select(sa.func.count()).where(_settled.c.at >= since)
    with store.begin(read_only=True) as unit:
        return int(unit.connection.execute(query).scalar_one())


def _bare_rate(store: Store, since: object) -> float:
    query = sa.select(sa.func.count(), sa.func.min(_settled.c.at), sa.func.max(_settled.c.at))
    with store.begin(read_only=True) as unit:
        count, first, last = unit.connection.execute(query.where(_settled.c.at >= since)).one()
    return float((count - 1) / (last - first).total_seconds())


@cache
def _store(set_up: SetUp) -> Store:
    """Return this process's store, set up as the hub's: durable commits, the same pool."""
    return open_store(set_up.settings())


@cache
def _joined(urls: tuple[str, ...]) -> Authorities:
    return joined(urls)


@cache
def _client() -> httpx.Client:
    """Return this process's client; it keeps its connections, as most would."""
    return httpx.Client(timeout=10, trust_env=False)
