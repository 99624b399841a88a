"""The database is away for a moment while deliveries are under way: nobody waits for a lease, nothing goes twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from hub.authority import Authorities, DeliveryKey, Document, Receipt
from hub.flow.accept import accept
from hub.store.transaction import Store
from hub.testing.builders import TEST_CPR
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.integration.queue.wire import Wire
from tests.integration.set_up import SERVERS, SetUp, a_set_up, authorities_of, eventually

pytestmark = [
    pytest.mark.integration,
    pytest.mark.servers,
    # A connection that is cut while SQLAlchemy makes it ready is dropped by its pool, and closed as it is forgotten.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

#: Longer than a test waits: what comes about in time did not come by a lease that ran out, nor by another ring.
LONG = {"lease_seconds": 600, "ring_again_seconds": 600}


class Cutting(MemoryAdapter):
    """A recipient whose answer finds the hub cut off from its database, once."""

    wire: Wire | None = None

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        receipt = super().send(document, key)
        if self.wire is not None:
            self.wire.cut()
            self.wire = None
        return receipt


@pytest.fixture
def set_up(tmp_path: Path) -> Iterator[SetUp]:
    with a_set_up(SERVERS, tmp_path) as made:
        yield made


@pytest.fixture
def wire(set_up: SetUp) -> Iterator[Wire]:
    url = make_url(set_up.settings.database_url)
    with Wire(url.host or "127.0.0.1", url.port or 5432) as made:
        yield made


@contextmanager
def running(wire: Wire, set_up: SetUp, authorities: Authorities, workers: int = 8) -> Iterator[None]:
    """Run the same hub within the block, with a wire to its database that can be cut."""
    url = make_url(set_up.settings.database_url).set(host="127.0.0.1", port=wire.port)
    store = Store(url.render_as_string(hide_password=False), set_up.store.keyring, set_up.store.municipality)
    with replace(set_up, store=store).running(authorities, workers=workers, **LONG):
        yield
    store.close()


def test_what_a_recipient_answered_is_remembered_when_the_database_is_back(set_up: SetUp, wire: Wire) -> None:
    children, social = MemoryAdapter("children"), Cutting("social")
    children.delivers = False
    authorities = authorities_of(children, social)
    plan = set_up.opens_plan(authorities)
    with running(wire, set_up, authorities):
        eventually(lambda: set_up.row(plan, "social").due_at is None)
        social.wire = wire
        accept(children.message(Told(TEST_CPR, goals={"g": "Ro"})), set_up.store, authorities)
        eventually(lambda: social.wire is None)
        wire.mend()
        eventually(lambda: set_up.row(plan, "social").lease is None)
        assert set_up.row(plan, "social").due_at is None
    assert list(social.holds.values()) == ["Ro"]
    assert len(social.received) == 1


def test_a_ring_that_met_no_database_is_not_forgotten(set_up: SetUp, wire: Wire) -> None:
    children, social = MemoryAdapter("children"), Cutting("social")
    children.delivers = False
    authorities = authorities_of(children, social)
    plans = [set_up.opens_plan(authorities, f"010170{number:04d}") for number in range(1, 7)]
    social.takes_seconds = 0.3
    with running(wire, set_up, authorities, workers=2):
        eventually(lambda: all(set_up.row(plan, "social").due_at is None for plan in plans))
        for number in range(1, 7):
            told = Told(f"010170{number:04d}", case=f"C{number}", goals={"g": "Ro"})
            accept(children.message(told), set_up.store, authorities)
        eventually(lambda: social.received)  # two are being told, and the rings of the others lie ready
        wire.cut()
        wire.mend()
        eventually(lambda: list(social.holds.values()) == ["Ro"] * 6)
        eventually(lambda: all(set_up.row(plan, "social").due_at is None for plan in plans))
    assert len(social.received) == 6
