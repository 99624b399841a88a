"""A revocation while a delivery is on a real wire: real servers, a real adapter, all loops running, on both set-ups."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.authority import Authorities, load
from hub.consent.consent import Consent
from hub.flow.accept import accept
from hub.flow.revise import withdraw
from hub.flow.revocation import ShownRevocation, show_revocation
from hub.flow.withdrawn import State
from hub.testing.builders import TEST_CPR
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.integration.queue.recipients import taking_in
from tests.integration.set_up import COORDINATOR, SetUp, authorities_of, eventually

pytestmark = pytest.mark.integration


@dataclass
class Recipient:
    """A system of social services that keeps what it is sent, and answers when it is let.

    :ivar arrived: set when an update has arrived whole and waits for its answer.
    """

    arrived: threading.Event = field(default_factory=threading.Event)
    may_answer: threading.Event = field(default_factory=threading.Event)
    holds: set[str] = field(default_factory=set)
    url: str = ""

    @contextmanager
    def served(self) -> Iterator[Recipient]:
        with taking_in(self.takes_in) as self.url:
            try:
                yield self
            finally:
                self.may_answer.set()

    def takes_in(self, update: Any, key: str) -> dict[str, Any]:
        self.holds |= {one["Id"] for one in update["Elementer"]}
        self.holds -= set(update["TrukketTilbage"])
        self.arrived.set()
        self.may_answer.wait(9)
        return {"Status": "taken-in", "Sekvens": int(key.rpartition(":")[2])}


def shown(set_up: SetUp, consent: UUID) -> ShownRevocation:
    deadline = timedelta(hours=24)
    return show_revocation(consent, COORDINATOR, set_up.store, deadline, actor="test", correlation_id="c")


def test_a_revocation_tells_of_a_delivery_on_the_wire_when_it_settled_and_that_it_was_taken_back(set_up: SetUp) -> None:
    sender = MemoryAdapter("children")
    sender.delivers = False
    with Recipient().served() as recipient:
        authorities: Authorities = {
            **authorities_of(sender),
            **load({"social": {"url": recipient.url, "token": "a token", "poll_every": 0}}),
        }
        plan = set_up.opens_plan(authorities)
        consent = _sharing(set_up, plan)
        accept(sender.message(Told(TEST_CPR, goals={"g1": "Ro om aftenen"})), set_up.store, authorities)
        with set_up.running(authorities):
            assert recipient.arrived.wait(10)
            revised = withdraw(consent.id, COORDINATOR, set_up.store, actor="test", correlation_id="c")
            on_the_wire = shown(set_up, consent.id)
            assert revised.under_way == 1
            assert [(one.recipient, one.settled_at) for one in on_the_wire.under_way] == [("social", None)]
            assert [(one.recipient, one.state) for one in on_the_wire.withdrawn] == [("social", State.NOT_SENT)]
            assert recipient.holds, "it has it, and has not said so"
            recipient.may_answer.set()
            eventually(lambda: shown(set_up, consent.id).under_way[0].settled_at)
            eventually(lambda: [one.state for one in shown(set_up, consent.id).withdrawn] == [State.RECEIPT])
    after = shown(set_up, consent.id)
    settled = after.under_way[0].settled_at
    assert settled is not None
    assert after.revocation.at < settled
    assert after.withdrawn[0].sent_at is not None
    assert settled <= after.withdrawn[0].sent_at, "the withdrawal follows what was under way"
    assert not recipient.holds


def _sharing(set_up: SetUp, plan: UUID) -> Consent:
    with set_up.store.begin(read_only=True) as unit:
        stored = unit.plans.get(plan)
        assert stored is not None
        return next(one for one in unit.consents.of([stored.plan.person]) if one.kind == "sharing")
