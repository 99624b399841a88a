"""A small world to tell stories in: a store, three authorities, and systems that hold what they are sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from hub.authority import (
    Authorities,
    Authority,
    DeliveryKey,
    Document,
    LedgerEntry,
    Parcel,
    PlanUpdate,
    Receipt,
    ReceiptStatus,
)
from hub.clock import now
from hub.consent.consent import Consent
from hub.consent.reader import Reader
from hub.flow.accept import accept
from hub.flow.deliver import deliver
from hub.flow.revise import Revised, give, open_plan, withdraw
from hub.flow.settle import Settled
from hub.flow.show import Shown, show_plan
from hub.plan.contribution import Contribution, PersonFacts
from hub.plan.identifier import cpr_identifier
from hub.plan.person import Role
from hub.settings import Settings
from hub.store.call_tables import calls, circuits
from hub.store.inbox import Receipt as HubReceipt
from hub.store.tables import attempts, audit, holdings, outbox
from hub.store.transaction import Store
from hub.testing.builders import TEST_CPR, a_consent_to_one_plan
from tests.integration.policy import a_generous_policy, publish_policy

AUTHORITIES = ("children", "employment", "social")
SOMEBODY = UUID(int=7)
COORDINATOR = Reader("coordination", Role.COORDINATOR)


class Dies(BaseException):
    """The process ends here, as by kill -9: no handler may catch it."""


@dataclass
class System:
    """An authority's system: tells the hub of its cases, and holds what it is sent.

    As its contract says, it answers a sequence that it has had already, or a later one, without taking anything in.
    """

    name: str
    delivers: bool = True
    channel: str = "rest"
    letters: dict[bytes, tuple[str, tuple[Contribution, ...]]] = field(default_factory=dict)
    shelf: dict[UUID, dict[UUID, str]] = field(default_factory=dict)
    sequences: dict[UUID, int] = field(default_factory=dict)
    #: Said beside each answer.
    reason: str = ""
    #: Whether it only says that an update has arrived, and what became of it later.
    says_later: bool = False
    heard: list[PlanUpdate] = field(default_factory=list)
    #: Asked before and after an update is taken in; may wait, and may raise.
    before: Callable[[PlanUpdate], None] = lambda update: None
    after: Callable[[PlanUpdate], None] = lambda update: None

    def __post_init__(self) -> None:
        self.contract = f"{self.name}/v1"

    def receive(self, parcel: Parcel) -> Document:
        message_id, contributions = self.letters[parcel.body]
        return Document(self.name, self.contract, "letter", message_id, contributions)

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        update: PlanUpdate = document.content
        self.before(update)
        self.heard.append(update)
        is_new = update.sequence > self.sequences.get(update.plan, 0)
        if is_new:
            self.sequences[update.plan] = update.sequence
            shelf = self.shelf.setdefault(update.plan, {})
            shelf.update({item.element.id: item.digest for item in update.disclosed})
            for element in update.withdrawn:
                shelf.pop(element, None)
        self.after(update)
        status = ReceiptStatus.RECEIVED if self.says_later else ReceiptStatus.TAKEN_IN
        return Receipt(status if is_new else ReceiptStatus.ALREADY_HELD, reason=self.reason)

    def holds(self, plan: UUID) -> set[UUID]:
        return set(self.shelf.get(plan, {}))


class Words:
    """The mapping of a system whose words are the hub's own."""

    def __init__(self, name: str) -> None:
        self.name = name

    def to_plan(self, document: Document) -> Sequence[Contribution]:
        contributions: Sequence[Contribution] = document.content
        return contributions

    def from_plan(self, update: PlanUpdate) -> Document:
        return Document(self.name, f"{self.name}/v1", "update", str(update.sequence), update)

    def ledger(self, contract: str) -> Sequence[LedgerEntry]:
        return ()


def some_settings(**given: Any) -> Settings:
    """Return settings with keys of the tests."""
    keys = {"keys": {1: b"\x01" * 32}, "index_key": b"\x02" * 32}
    return Settings(**{**keys, **given})


@dataclass
class World:
    """Everything a story needs. What one thread does in it, the hub does in one of its processes."""

    store: Store
    systems: dict[str, System] = field(default_factory=lambda: {name: System(name) for name in AUTHORITIES})
    settings: Settings = field(default_factory=some_settings)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def authorities(self) -> Authorities:
        return {name: Authority(name, system, Words(name)) for name, system in self.systems.items()}

    def begins(self) -> World:
        """Publish the rules: without them nothing is decided."""
        publish_policy(a_generous_policy(), self.store, actor="test", correlation_id="c")
        return self

    def opens_plan(
        self,
        cpr: str = TEST_CPR,
        circle: Iterable[str] = AUTHORITIES,
        name: str = "",
        issuer: str = "hub",
        until: datetime | None = None,
    ) -> Revised:
        """Let a person have one plan."""
        consent = a_consent_to_one_plan(SOMEBODY)
        return open_plan(
            PersonFacts((cpr_identifier(cpr, issuer),), name),
            (consent.until(until) if until else consent).build(),
            tuple(circle),
            COORDINATOR,
            self.store,
            self.authorities,
            coordinator="coordination",
            actor="test",
            correlation_id="c",
        )

    def says(self, consent: Consent, plan: UUID) -> Consent:
        """Let the plan's person give a consent; return it as the hub took it down."""
        return give(plan, consent, COORDINATOR, self.store, actor="test", correlation_id="c").consent

    def shows(self, plan: UUID, reader: Reader = COORDINATOR) -> Shown:
        return show_plan(plan, reader, self.store, actor="test", correlation_id="c")

    def takes_back(self, consent: UUID) -> Revised:
        return withdraw(consent, COORDINATOR, self.store, actor="test", correlation_id="c")

    def parcel(
        self, *contributions: Contribution, message_id: str = "", body: bytes = b"", correlation_id: str = "c"
    ) -> Parcel:
        """Put a letter in its sender's system and return it as it comes to the hub's door."""
        first = contributions[0]
        content = body or repr(contributions).encode()
        with self._lock:
            self.systems[first.authority].letters[content] = (message_id or first.message_id, contributions)
        return Parcel(first.authority, content, correlation_id=correlation_id)

    def accepts(self, *contributions: Contribution, **letter: Any) -> HubReceipt:
        return accept(self.parcel(*contributions, **letter), self.store, self.authorities)

    def row(self, plan: UUID, recipient: str) -> sa.Row[Any]:
        with self.store.begin(read_only=True) as unit:
            return unit.connection.execute(
                sa.select(outbox).where(outbox.c.plan_id == plan, outbox.c.recipient == recipient)
            ).one()

    def due(self) -> list[UUID]:
        with self.store.begin(read_only=True) as unit:
            query = sa.select(outbox.c.id).where(outbox.c.due_at.is_not(None)).order_by(outbox.c.id)
            return list(unit.connection.execute(query).scalars())

    def delivers(self, plan: UUID, recipient: str) -> Settled:
        return deliver(self.row(plan, recipient).id, self.store, self.authorities, self.settings)

    def sweeps(self) -> int:
        with self.store.begin() as unit:
            return unit.outbox.sweep(now(), unit.policies.in_force().version)

    def waits(self) -> None:
        """Let every wait and every lease run out, as a later time would."""
        past = now() - timedelta(days=1)
        with self.store.begin() as unit:
            unit.connection.execute(circuits.update().where(circuits.c.since.is_not(None)).values(open_until=past))
            unit.connection.execute(circuits.update().values(probe_until=past))
            unit.connection.execute(calls.update().values(lease_until=past))
            unit.connection.execute(outbox.update().values(not_before=past, ring_after=past))
            unit.connection.execute(outbox.update().where(outbox.c.lease.is_not(None)).values(lease_until=past))

    def drains(self) -> None:
        """Deliver all there is to deliver, and what the sweeper finds besides."""
        for _ in range(50):
            self.waits()
            found = self.due()
            if not found and not self.sweeps():
                return
            for row in found:
                deliver(row, self.store, self.authorities, self.settings)
        raise AssertionError("deliveries never come to an end")

    def audited(self, action: str) -> list[dict[str, Any]]:
        with self.store.begin(read_only=True) as unit:
            query = sa.select(audit).where(audit.c.action == action).order_by(audit.c.row)
            return [dict(row._mapping) for row in unit.connection.execute(query)]

    def count(self, table: sa.Table) -> int:
        with self.store.begin(read_only=True) as unit:
            return unit.connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()

    def held(self, plan: UUID, recipient: str) -> set[UUID]:
        """Return what the hub believes the recipient to hold for sure."""
        query = sa.select(holdings.c.element_id).where(holdings.c.outbox_id == self.row(plan, recipient).id)
        with self.store.begin(read_only=True) as unit:
            return set(unit.connection.execute(query).scalars())

    def open_attempts(self) -> int:
        with self.store.begin(read_only=True) as unit:
            query = sa.select(sa.func.count()).select_from(attempts).where(attempts.c.is_open)
            return unit.connection.execute(query).scalar_one()


def citizen_of(world: World, plan: UUID) -> Reader:
    """Return the plan's citizen as a reader of the own plan."""
    with world.store.begin(read_only=True) as unit:
        stored = unit.plans.get(plan)
    assert stored is not None
    return Reader("citizen", Role.CITIZEN, "citizen-access", person=stored.plan.person)
