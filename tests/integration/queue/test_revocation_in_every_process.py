"""A revocation in two real worker processes (``hub worker``), which share PostgreSQL and RabbitMQ and nothing else."""

from __future__ import annotations

import base64
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from hub.authority import Authorities, load
from hub.clock import monotonic
from hub.consent.consent import Consent
from hub.flow.accept import accept
from hub.flow.revise import Revised, withdraw
from hub.flow.revocation import ShownRevocation, show_revocation
from hub.flow.withdrawn import State
from hub.store.tables import attempts, outbox
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.generation.seed import SEED
from tests.integration.queue.recipients import taking_in
from tests.integration.set_up import COORDINATOR, SERVERS, SetUp, authorities_of, eventually

pytestmark = [
    pytest.mark.integration,
    pytest.mark.servers,
    pytest.mark.parametrize("set_up", [SERVERS], indirect=True),
]
#: Long enough for a process of Python to start on a busy machine.
PATIENCE = 60
PEOPLE = 12
_PAUSE = threading.Event()


@dataclass(frozen=True)
class Arrival:
    """An update that has arrived.

    :ivar through: which of the processes has sent it.
    """

    through: str
    plan: str
    sequence: int
    shows: frozenset[str]


@dataclass
class Recipient:
    """A system of social services. Each process knows another address of it, so that it can tell them apart.

    :ivar may_answer: cleared, it answers nobody.
    """

    may_answer: threading.Event = field(default_factory=threading.Event)
    arrivals: list[Arrival] = field(default_factory=list)
    shelves: dict[str, set[str]] = field(default_factory=dict)
    newest: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.may_answer.set()

    @contextmanager
    def address(self, through: str) -> Iterator[str]:
        with taking_in(lambda update, key: self.takes_in(through, update, key)) as url:
            yield url

    def takes_in(self, through: str, update: Any, key: str) -> dict[str, Any]:
        _, plan, number = key.rsplit(":", 2)
        sequence, shows = int(number), frozenset(one["Id"] for one in update["Elementer"])
        with self.lock:
            self.arrivals.append(Arrival(through, plan, sequence, shows))
            if sequence >= self.newest.get(plan, 0):  # as the contract says: a lower one is dropped
                self.newest[plan] = sequence
                self.shelves[plan] = (self.shelves.get(plan, set()) | shows) - set(update["TrukketTilbage"])
        self.may_answer.wait(30)
        return {"Status": "taken-in", "Sekvens": sequence}

    def has_heard_from(self, *through: str) -> bool:
        return {one.through for one in self.arrivals} >= set(through)

    def holds(self, plan: UUID) -> set[str]:
        return self.shelves.get(str(plan), set())


@dataclass
class Town:
    """A hub with workers of its own processes, and an authority that writes."""

    set_up: SetUp
    folder: Path
    recipient: Recipient
    sender: MemoryAdapter
    authorities: Authorities
    stack: ExitStack

    def starts_worker(self, name: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start ``hub worker``; it is stopped when the test ends."""
        url = self.stack.enter_context(self.recipient.address(name))
        known = self.set_up.settings
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("HUB_")},
            "HUB_DATABASE_URL": known.database_url,
            "HUB_BROKER_URL": known.broker_url,
            "HUB_QUEUE_PREFIX": known.queue_prefix,
            "HUB_KEYS__1": base64.b64encode(known.keys[1].get_secret_value()).decode(),
            "HUB_INDEX_KEY": base64.b64encode(known.index_key.get_secret_value()).decode(),
            "HUB_SWEEP_SECONDS": "0.2",
            "HUB_AUTHORITIES": orjson.dumps({"social": {"url": url, "token": "a token", "poll_every": 0}}).decode(),
            **settings,
        }
        said = self.stack.enter_context((self.folder / f"{name}.log").open("wb"))
        worker = subprocess.Popen([sys.executable, "-m", "hub", "worker"], env=environment, stdout=said, stderr=said)
        self.stack.callback(worker.wait, 30)
        self.stack.callback(worker.terminate)
        return worker

    def opens_plan(self, number: int) -> UUID:
        return self.set_up.opens_plan(self.authorities, cpr_of(number))

    def writes(self, number: int, version: int) -> None:
        told = Told(cpr_of(number), case=f"C{number}", version=version, goals={"g1": f"Mål {version}"})
        accept(self.sender.message(told), self.set_up.store, self.authorities)

    def sharing(self, plan: UUID) -> Consent:
        with self.set_up.store.begin(read_only=True) as unit:
            stored = unit.plans.get(plan)
            assert stored is not None
            return next(one for one in unit.consents.of([stored.plan.person]) if one.kind == "sharing")

    def revokes(self, consent: UUID) -> Revised:
        return withdraw(consent, COORDINATOR, self.set_up.store, actor="test", correlation_id="c")

    def shown(self, consent: UUID) -> ShownRevocation:
        day = timedelta(hours=24)
        return show_revocation(consent, COORDINATOR, self.set_up.store, day, actor="test", correlation_id="c")

    def is_taken_back(self, consent: UUID) -> bool:
        return all(one.state is State.RECEIPT for one in self.shown(consent).withdrawn)

    def started_showing(self, plan: UUID) -> list[Any]:
        """Return when each delivery of the plan started that shows something."""
        query = sa.select(attempts).join(outbox, outbox.c.id == attempts.c.outbox_id).where(outbox.c.plan_id == plan)
        with self.set_up.store.begin(read_only=True) as unit:
            rows = unit.connection.execute(query).all()
        return [row for row in rows if any(orjson.loads(row.leaving).values())]


def cpr_of(number: int) -> str:
    return f"0101{number + 10:02d}0001"


@pytest.fixture
def town(set_up: SetUp, tmp_path: Path) -> Iterator[Town]:
    sender = MemoryAdapter("children")
    sender.delivers = False
    # This process writes and revokes, and delivers nothing: its address leads nowhere.
    social = load({"social": {"url": "http://127.0.0.1:9", "token": "a token", "poll_every": 0}})
    with ExitStack() as stack:
        recipient = Recipient()
        town = Town(set_up, tmp_path, recipient, sender, {**authorities_of(sender), **social}, stack)
        stack.callback(recipient.may_answer.set)
        yield town


def test_no_process_starts_a_delivery_of_what_a_third_one_has_revoked(town: Town) -> None:
    chance = random.Random(SEED)
    plans = {number: town.opens_plan(number) for number in range(PEOPLE)}
    consents = {number: town.sharing(plan).id for number, plan in plans.items()}
    town.starts_worker("one")
    town.starts_worker("two")
    versions = dict.fromkeys(plans, 0)

    def somebody_writes() -> None:
        number = chance.choice(list(plans))  # also of those who have revoked
        versions[number] += 1
        town.writes(number, versions[number])

    until = monotonic() + PATIENCE
    while not town.recipient.has_heard_from("one", "two"):
        assert monotonic() < until, "both processes deliver"
        somebody_writes()
        _PAUSE.wait(0.02)
    for number in chance.sample(list(plans), len(plans)):
        for _ in range(chance.randint(0, 4)):
            somebody_writes()
        town.revokes(consents[number])
        somebody_writes()
    for number in plans:
        versions[number] += 1
        town.writes(number, versions[number])
    for consent in consents.values():
        eventually(lambda consent=consent: town.is_taken_back(consent), PATIENCE)  # type: ignore[misc]
    for number, plan in plans.items():
        revocation = town.shown(consents[number]).revocation
        before = town.started_showing(plan)
        assert all(one.started_at <= revocation.at for one in before), "a delivery started after the commit"
        last = max((one.sequence for one in before), default=0)
        late = [one for one in town.recipient.arrivals if one.plan == str(plan) and one.sequence > last and one.shows]
        assert not late, "and no other arrives"
        assert not town.recipient.holds(plan)


def test_what_a_process_had_on_the_wire_when_it_was_killed_is_taken_back_by_another(town: Town) -> None:
    plan = town.opens_plan(0)
    consent = town.sharing(plan).id
    town.recipient.may_answer.clear()
    killed = town.starts_worker("one", HUB_LEASE_SECONDS="3")
    town.writes(0, 1)
    eventually(lambda: town.recipient.holds(plan), PATIENCE)
    assert town.revokes(consent).under_way == 1
    killed.kill()
    assert killed.wait(30) != 0
    town.recipient.may_answer.set()
    assert town.recipient.holds(plan), "it has it, and nobody heard that it has"
    town.writes(0, 2)
    town.starts_worker("two", HUB_LEASE_SECONDS="3")
    eventually(lambda: town.is_taken_back(consent) and town.shown(consent).withdrawn, PATIENCE)
    assert not town.recipient.holds(plan)
    assert [one.through for one in town.recipient.arrivals if one.shows] == ["one"]
    (lost,) = town.shown(consent).under_way
    assert lost.recipient == "social"
    assert lost.settled_at is not None
