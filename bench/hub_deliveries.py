"""The hub's side of the deliveries: its real spine, from the ring to settled.

Children and family services send a case of XML; social services and a third party get it. The third speaks the words
of social services too: one wire twice, so that the row is about the hub and not about one authority's wire.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bench.programs import Answer, Program
from bench.recipients import recipient
from bench.set_ups import ACTOR, WORKERS, SetUp
from bench.waiting import until
from hub.authority import Authorities, Authority, Parcel, contract_folder, load
from hub.cli.assembly import open_store
from hub.clock import new_id, now
from hub.consent.reader import Reader
from hub.flow.accept import accept
from hub.flow.revise import give, open_plan
from hub.plan.contribution import PersonFacts
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Role
from hub.queue.broker import Broker
from hub.queue.running import Running
from hub.store.tables import attempts, outbox
from hub.store.transaction import Store
from hub.testing.builders import a_consent, a_consent_to_one_plan

SENDER, RECIPIENTS = "children", ("social", "housing")
_COORDINATOR = Reader("coordination", Role.COORDINATOR)
_NOBODY_YET = UUID(int=0)
_EXAMPLES = [(contract_folder("children/v1") / "examples" / name).read_text() for name in ("changed.xml", "normal.xml")]


@contextmanager
def cases(set_up: SetUp, urls: Sequence[str], how_many: int) -> Iterator[Answer]:
    """Open a plan for each case, and answer by turns.

    A number is a version that all cases get, answered when all are accepted; ``rate`` waits until all is delivered and
    gives deliveries a second, from the first that was settled to the last.
    """
    store = set_up.new_store()
    authorities, begun = joined(urls), now()
    for number in range(how_many):
        open_case(number, store, authorities)
    with ThreadPoolExecutor(WORKERS) as doors:

        def accept_all(version: int) -> None:
            nonlocal begun
            begun = now()
            list(doors.map(lambda number: take_in(number, version, store, authorities), range(how_many)))

        def rate() -> float:
            until(lambda: not due(store))
            return settled_a_second(store, begun)

        yield lambda question: rate() if question == "rate" else accept_all(question)
    store.close()


def take_in(number: int, version: int, store: Store, authorities: Authorities) -> None:
    """Accept a version of a case."""
    accept(Parcel(SENDER, case_of(number, version), "application/xml", correlation_id="c"), store, authorities)


@contextmanager
def worker(set_up: SetUp, urls: Sequence[str], workers: int) -> Iterator[Answer]:
    """Deliver all the time, as ``hub worker`` does. :param workers: how many at once."""
    store = open_store(set_up.settings())
    with running(set_up, store, joined(urls), workers):
        yield lambda _question: None
    store.close()


def settled_a_second(store: Store, since: datetime) -> float:
    """Return how many deliveries a second were settled, from the first to the last after an instant."""
    ended = sa.select(sa.func.count(), sa.func.min(attempts.c.finished_at), sa.func.max(attempts.c.finished_at))
    with store.begin(read_only=True) as unit:
        count, first, last = unit.connection.execute(
            ended.where(attempts.c.outcome == "taken-in", attempts.c.finished_at >= since)
        ).one()
    return float((count - 1) / (last - first).total_seconds())


def recipients_in(stack: ExitStack, seconds: float = 0) -> list[str]:
    """Start the recipients, which end with the stack; return their URLs. :param seconds: that each answer takes."""
    return [str(stack.enter_context(Program(recipient, seconds)).ask("url")) for _ in RECIPIENTS]


def forget_queues(set_up: SetUp) -> None:
    """Delete the queues of a set-up that has ended."""
    with Broker(set_up.broker_url, set_up.prefix) as broker:
        broker.delete()


def case_of(number: int, version: int) -> bytes:
    """Return a version of a made-up child's case: every other one moves a goal, a measure and a meeting."""
    text = _EXAMPLES[version % 2]
    for name, value in {
        "MeddelelseId": str(new_id()),
        "SagId": f"27.24.00-G01-{number + 1}-26",
        "SagVersion": str(version + 1),
        "CPR": cpr_of(number),
    }.items():
        text = re.sub(f"<{name}>[^<]*<", f"<{name}>{value}<", text, count=1)
    return text.encode()


def cpr_of(number: int) -> str:
    """Return the made-up number of a case's citizen."""
    return f"010115{number:04d}"


@contextmanager
def running(set_up: SetUp, store: Store, authorities: Authorities, workers: int = WORKERS) -> Iterator[None]:
    """Run the loops of one process of the hub."""
    settings = set_up.settings().model_copy(update={"workers": workers})
    with Broker(set_up.broker_url, set_up.prefix) as broker:
        loops = Running(store, broker, authorities, settings)
        loops.start()
        yield
        loops.stop()


def joined(urls: Sequence[str]) -> Authorities:
    """Join the sender, which nothing is delivered to, and the recipients."""
    authorities = dict(load({SENDER: {}}))
    for name, url in zip(RECIPIENTS, urls, strict=True):
        speaks = load({"social": {"url": url, "token": "a token", "poll_every": 0}})["social"]
        authorities[name] = Authority(name, speaks.adapter, speaks.mapping)
    return authorities


def open_case(number: int, store: Store, authorities: Authorities) -> None:
    """Open a child's plan, and let both recipients see goals, measures and meetings."""
    opened = open_plan(
        PersonFacts((cpr_identifier(cpr_of(number), "hub"),)),
        a_consent_to_one_plan(_NOBODY_YET).build(),
        [SENDER, *RECIPIENTS],
        _COORDINATOR,
        store,
        authorities,
        coordinator=_COORDINATOR.organisation,
        actor=ACTOR,
        correlation_id="c",
    )
    shared = a_consent(_NOBODY_YET).to(*RECIPIENTS).for_categories("goals", "activities", "appointments").build()
    give(opened.plan, shared, _COORDINATOR, store, actor=ACTOR, correlation_id="c")


def due(store: Store) -> int:
    """Count the rows that are due."""
    return _count(store, sa.select(sa.func.count()).where(outbox.c.due_at.is_not(None)))


def _count(store: Store, query: sa.Select[Any]) -> int:
    with store.begin(read_only=True) as unit:
        return int(unit.connection.execute(query).scalar_one())
