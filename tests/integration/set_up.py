"""The two ways to set the hub up, fresh for each test: one process with SQLite, and PostgreSQL with RabbitMQ."""

from __future__ import annotations

import base64
import os
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from hub.authority import Authorities
from hub.clock import monotonic, new_id
from hub.consent.consent import Consent
from hub.consent.reader import Reader
from hub.crypto.envelope import Keyring
from hub.errors import BrokerDown
from hub.flow.revise import give, open_plan
from hub.plan.contribution import PersonFacts
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Role
from hub.queue.broker import Broker
from hub.queue.running import Running
from hub.settings import Settings, read_settings
from hub.store.migrations import upgrade
from hub.store.tables import jobs, outbox
from hub.store.transaction import Store
from hub.testing.builders import TEST_CPR, a_consent, a_consent_to_one_plan
from hub.testing.memory_adapter import MemoryAdapter
from tests.integration.databases import a_database_for_a_hub
from tests.integration.policy import publish_policy

EMBEDDED, SERVERS = "embedded", "servers"
BROKER = os.environ.get("HUB_TEST_BROKER_URL", "amqp://guest:guest@127.0.0.1:5672//")
COORDINATOR = Reader("coordination", Role.COORDINATOR)
_NOBODY = UUID(int=0)
_PAUSE = threading.Event()


@dataclass(frozen=True)
class SetUp:
    """A hub that is set up and does nothing yet."""

    settings: Settings
    store: Store
    broker: Broker

    def opens_plan(self, authorities: Authorities, cpr: str = TEST_CPR, *, until: datetime | None = None) -> UUID:
        """Open a person's plan, whose circle is all authorities, and let each see the goals of the others."""
        opened = open_plan(
            PersonFacts((cpr_identifier(cpr, "hub"),)),
            a_consent_to_one_plan(_NOBODY).build(),
            list(authorities),
            COORDINATOR,
            self.store,
            authorities,
            coordinator="coordination",
            actor="test",
            correlation_id="c",
        )
        self.shares(opened.plans[0], authorities, until=until)
        return opened.plans[0]

    def shares(self, plan: UUID, authorities: Authorities, *, until: datetime | None = None) -> Consent:
        """Let the person say yes to sharing goals with all authorities."""
        said = a_consent(_NOBODY).to(*authorities).for_categories("goals")
        said = said.until(until) if until else said
        return give(plan, said.build(), COORDINATOR, self.store, actor="test", correlation_id="c").consent

    @contextmanager
    def running(self, authorities: Authorities, **changed: Any) -> Iterator[Running]:
        """Run all loops within the block; ``changed`` are settings that differ."""
        settings = self.settings.model_copy(update=changed)
        running = Running(self.store, self.broker, authorities, settings)
        running.start()
        try:
            yield running
        finally:
            assert running.stop(15)

    def row(self, plan: UUID, recipient: str) -> sa.Row[Any]:
        """Return the outbox row of a recipient."""
        query = sa.select(outbox).where(outbox.c.plan_id == plan, outbox.c.recipient == recipient)
        with self.store.begin(read_only=True) as unit:
            return unit.connection.execute(query).one()

    def comes_to(self, plan: UUID, recipient: str, attempts: int) -> None:
        """Wait until a message has failed so many times and waits for its next attempt."""
        eventually(lambda: self._stands_at(self.row(plan, recipient), attempts))

    def _stands_at(self, row: sa.Row[Any], attempts: int) -> bool:
        return bool(row.attempts == attempts and row.lease is None)

    def jobs(self) -> list[dict[str, Any]]:
        """Return every job."""
        with self.store.begin(read_only=True) as unit:
            return [dict(row._mapping) for row in unit.connection.execute(sa.select(jobs))]


def authorities_of(*adapters: MemoryAdapter) -> Authorities:
    """Join adapters."""
    return {adapter.name: adapter.authority() for adapter in adapters}


def eventually(holds: Callable[[], object], seconds: float = 40) -> None:
    """Wait until something holds. :raises AssertionError: it does not in time."""
    until = monotonic() + seconds
    while not holds():
        assert monotonic() < until, "it did not come about in time"
        _PAUSE.wait(0.02)


@contextmanager
def a_set_up(kind: str, folder: Path, broker_url: str = BROKER) -> Iterator[SetUp]:
    """Set a hub up with keys, tables and the Danish policy, and leave nothing of it behind.

    :param broker_url: with servers, a broker of the test's own instead of the shared one.
    """
    with a_database_for_a_hub("sqlite" if kind == EMBEDDED else "postgresql", folder) as url:
        settings = read_settings(
            database_url=url,
            broker_url="memory://" if kind == EMBEDDED else broker_url,
            queue_prefix=f"hub-test-{new_id().hex[:12]}",
            keys={1: base64.b64encode(os.urandom(32)).decode()},
            index_key=base64.b64encode(os.urandom(32)).decode(),
            sweep_seconds=0.2,
        )
        with Broker(settings.broker_url, settings.queue_prefix) as broker:
            must_answer(broker)
            keyring = Keyring(
                {version: key.get_secret_value() for version, key in settings.keys.items()},
                settings.index_key.get_secret_value(),
            )
            store = Store(settings.database_url, keyring, settings.municipality)
            upgrade(store)
            rules = tomllib.loads(files("hub.consent").joinpath("danish_rules.toml").read_text("utf-8"))
            publish_policy(rules, store, actor="test", correlation_id="c")
            yield SetUp(settings, store, broker)
            store.close()
            broker.delete()


def must_answer(broker: Broker) -> None:
    """Skip the test, or fail it where servers are required, when the broker does not answer."""
    try:
        broker.ping()
    except BrokerDown:
        if os.environ.get("HUB_TEST_REQUIRE_SERVERS") == "1":
            raise
        pytest.skip("no RabbitMQ answers; set HUB_TEST_BROKER_URL, or HUB_TEST_REQUIRE_SERVERS=1 to insist")
