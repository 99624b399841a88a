"""Celery's side of the deliveries: a task that does the same two commits and the same request.

Accept's stand-in inserts the document and commits, then publishes one task for each recipient. The task commits a row
that says it begins, sends the request, and commits a row that says it is settled. It is late-acknowledged, publishes
are confirmed by the broker, its queue is durable and the database is set up as the hub's: the same promises where
Celery can make them. What it does not do is all that the hub does besides: check, translate, seal, merge, consent,
difference, order, audit.

The queue is a classic one, Celery's default. With quorum queues it declares 28 further ones for delayed tasks, which
nobody needs here and which stay behind on the broker.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from uuid import UUID

import httpx
import orjson
import sqlalchemy as sa
from celery import Celery

from bench.hub_deliveries import case_of
from bench.programs import Answer
from bench.set_ups import WORKERS, SetUp
from bench.waiting import until
from hub.authority import contract_folder
from hub.cli.assembly import open_store
from hub.clock import monotonic, new_id, now

_TASK = "bench.deliver"
_UPDATE = (contract_folder("social/v1") / "examples" / "plan-opdatering.json").read_bytes()

_tables = sa.MetaData()
_accepted = sa.Table(
    "accepted",
    _tables,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("document", sa.LargeBinary, nullable=False),
)
_begun, _settled = (
    sa.Table(
        name,
        _tables,
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("accepted_id", sa.Uuid, nullable=False),
        sa.Column("recipient", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    for name in ("begun", "settled")
)


@contextmanager
def deliveries(set_up: SetUp, urls: Sequence[str], cases: int) -> Iterator[Answer]:
    """Make the tables; then each question is a version that all cases get, answered by deliveries/s."""
    engine = _engine(set_up)
    _tables.create_all(engine)
    app = _app(set_up, urls)
    task = app.tasks[_TASK]

    def accept(document: bytes) -> None:
        own = new_id()
        with engine.begin() as connection:
            connection.execute(_accepted.insert().values(id=own, document=document))
        for recipient in range(len(urls)):
            task.apply_async(args=[str(own), recipient])

    def rate(version: int) -> float:
        documents = [case_of(number, version) for number in range(cases)]
        before, wanted = _count(engine), cases * len(urls)
        start = monotonic()
        list(doors.map(accept, documents))
        until(lambda: _count(engine) - before >= wanted)
        return wanted / (monotonic() - start)

    with ThreadPoolExecutor(WORKERS) as doors:
        if set_up.is_embedded:
            with _working(app, "threads"):
                yield rate
        else:
            yield rate


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

    def deliver(accepted: str, recipient: int) -> None:
        engine = _engine(set_up)
        _insert(engine, _begun, accepted, recipient)
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"{recipient}:{accepted}:1"}
        answer = _client().post(urls[recipient], content=_UPDATE, headers=headers).raise_for_status()
        if orjson.loads(answer.content)["Status"] != "taken-in":
            raise ValueError("No receipt.")
        _insert(engine, _settled, accepted, recipient)

    app.task(deliver, name=_TASK)
    return app


def _insert(engine: sa.Engine, table: sa.Table, accepted: str, recipient: int) -> None:
    with engine.begin() as connection:
        connection.execute(
            table.insert().values(id=new_id(), accepted_id=UUID(accepted), recipient=recipient, at=now())
        )


def _count(engine: sa.Engine) -> int:
    with engine.connect().execution_options(hub_read_only=True) as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(_settled)).scalar_one())


@cache
def _engine(set_up: SetUp) -> sa.Engine:
    """Return this process's engine, set up as the hub's: durable commits, the same pool."""
    return open_store(set_up.settings()).engine


@cache
def _client() -> httpx.Client:
    """Return this process's client; it keeps its connections, as most would."""
    return httpx.Client(timeout=10, trust_env=False)
