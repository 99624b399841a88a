"""Relay, queue and workers together: what is accepted reaches its recipients, whatever the recipients do."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from hub.authority import Authority, DeliveryKey, Document, PlanUpdate, Receipt
from hub.clock import now
from hub.errors import RecipientDown, RecipientFailed, RecipientRefused
from hub.flow.accept import accept
from hub.flow.revise import withdraw
from hub.queue.broker import Broker
from hub.queue.running import Running
from hub.store.transaction import Store
from hub.testing.builders import TEST_CPR
from hub.testing.clock import frozen
from hub.testing.memory_adapter import MemoryAdapter, MemoryMapping, Told
from tests.integration.set_up import COORDINATOR, SetUp, authorities_of, eventually

pytestmark = pytest.mark.integration

ANOTHER_CPR = "0101640097"
TOMORROW = now() + timedelta(days=1)


def told(version: int, title: str, person: str = TEST_CPR, case: str = "C1") -> Told:
    return Told(person, case=case, version=version, goals={"g1": title})


@pytest.fixture
def children() -> MemoryAdapter:
    return MemoryAdapter("children", channel="xml")


@pytest.fixture
def social() -> MemoryAdapter:
    return MemoryAdapter("social")


def test_a_change_accepted_reaches_the_recipient(set_up: SetUp, children: MemoryAdapter, social: MemoryAdapter) -> None:
    authorities = authorities_of(children, social)
    plan = set_up.opens_plan(authorities)
    with set_up.running(authorities):
        accept(children.message(told(1, "Ro om aftenen")), set_up.store, authorities)
        eventually(lambda: list(social.holds.values()) == ["Ro om aftenen"])
        eventually(lambda: set_up.row(plan, "social").due_at is None)
    assert children.received == []


def test_a_burst_of_changes_is_few_deliveries_and_the_newest_state(
    set_up: SetUp, children: MemoryAdapter, social: MemoryAdapter
) -> None:
    authorities = authorities_of(children, social)
    set_up.opens_plan(authorities)
    social.takes_seconds = 0.5
    with set_up.running(authorities):
        for version in range(1, 51):
            accept(children.message(told(version, f"Mål {version}")), set_up.store, authorities)
        eventually(lambda: list(social.holds.values()) == ["Mål 50"], 30)
    assert len(social.received) < 25


def test_a_recipient_that_is_down_is_paused_without_counting_and_catches_up(
    set_up: SetUp, children: MemoryAdapter, social: MemoryAdapter
) -> None:
    authorities = authorities_of(children, social)
    plan = set_up.opens_plan(authorities)
    social.fail_with(RecipientDown("It does not answer."))
    with set_up.running(authorities):
        accept(children.message(told(1, "Ro om aftenen")), set_up.store, authorities)
        eventually(lambda: len(social.received) >= 2)
        eventually(lambda: set_up.row(plan, "social").lease is None)
        assert set_up.row(plan, "social").attempts == 0
        assert set_up.row(plan, "social").dead_at is None
        social.fail_with(None)
        eventually(lambda: list(social.holds.values()) == ["Ro om aftenen"])


def test_a_message_on_which_a_recipient_fails_eight_times_is_a_dead_letter_and_others_flow(
    set_up: SetUp, children: MemoryAdapter, social: MemoryAdapter
) -> None:
    employment = MemoryAdapter("employment")
    authorities = authorities_of(children, social, employment)
    plan = set_up.opens_plan(authorities)
    social.fail_with(RecipientFailed("It failed."))
    with frozen(TOMORROW) as clock, set_up.running(authorities):
        accept(children.message(told(1, "Ro om aftenen")), set_up.store, authorities)
        for attempts in range(1, 8):
            set_up.comes_to(plan, "social", attempts)
            clock.advance(timedelta(days=2))
        eventually(lambda: set_up.row(plan, "social").dead_at is not None)
        assert len(social.received) == 8
        assert set_up.row(plan, "social").dead_cause == "recipient-failed"
        assert list(employment.holds.values()) == ["Ro om aftenen"]


def test_a_message_that_a_recipient_refuses_is_a_dead_letter_at_once(
    set_up: SetUp, children: MemoryAdapter, social: MemoryAdapter
) -> None:
    authorities = authorities_of(children, social)
    plan = set_up.opens_plan(authorities)
    social.fail_with(RecipientRefused("It will not."))
    with set_up.running(authorities):
        accept(children.message(told(1, "Ro om aftenen")), set_up.store, authorities)
        eventually(lambda: set_up.row(plan, "social").dead_at is not None)
    assert len(social.received) == 1
    assert set_up.row(plan, "social").dead_cause == "recipient-refused"


class BrokenWords(MemoryMapping):
    """Words with a bug whose error tells of a person."""

    def from_plan(self, update: PlanUpdate) -> Document:
        raise KeyError(TEST_CPR)


def test_a_bug_in_a_mapping_is_counted_and_buried_and_nothing_of_a_person_is_told(
    set_up: SetUp, children: MemoryAdapter, social: MemoryAdapter
) -> None:
    authorities = {**authorities_of(children), "social": Authority("social", social, BrokenWords("social"))}
    plan = set_up.opens_plan(authorities)
    with capture_logs() as logs, frozen(TOMORROW) as clock, set_up.running(authorities):
        accept(children.message(told(1, "Ro om aftenen")), set_up.store, authorities)
        for attempts in range(1, 8):
            set_up.comes_to(plan, "social", attempts)
            clock.advance(timedelta(days=2))
        eventually(lambda: set_up.row(plan, "social").dead_at is not None)
    row = set_up.row(plan, "social")
    assert row.dead_cause == "bug"
    assert "KeyError" in row.dead_note
    failures = [log for log in logs if log["event"] == "delivery-failed"]
    assert len(failures) == 8
    assert failures[0]["error"] == "KeyError"
    assert TEST_CPR not in repr([row, logs])


def test_a_withdrawal_leaves_though_the_row_is_a_dead_letter(
    set_up: SetUp, children: MemoryAdapter, social: MemoryAdapter
) -> None:
    authorities = authorities_of(children, social)
    plan = set_up.opens_plan(authorities)
    another = set_up.shares(plan, {"social": authorities["social"]})
    with set_up.store.begin(read_only=True) as unit:
        given = [consent.id for consent in unit.consents.of([another.person]) if consent.kind == "sharing"]
    with set_up.running(authorities):
        accept(children.message(told(1, "Ro om aftenen")), set_up.store, authorities)
        eventually(lambda: social.holds)
        social.fail_with(RecipientRefused("It will not."))
        accept(children.message(told(2, "Ro om natten")), set_up.store, authorities)
        eventually(lambda: set_up.row(plan, "social").dead_at is not None)
        social.fail_with(None)
        for consent in given:
            withdraw(consent, COORDINATOR, set_up.store, actor="test", correlation_id="c")
        eventually(lambda: not social.holds)
    assert set_up.row(plan, "social").dead_at is not None
    assert social.received[-1][1]["disclosed"] == []


class Watchful(MemoryAdapter):
    """Notices when two deliveries of one plan are on the wire at once."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.under_way: set[UUID] = set()
        self.collisions: list[UUID] = []
        self._watch = threading.Lock()

    def send(self, document: Document, key: DeliveryKey) -> Receipt:
        with self._watch:
            if key.plan in self.under_way:
                self.collisions.append(key.plan)
            self.under_way.add(key.plan)
        try:
            return super().send(document, key)
        finally:
            with self._watch:
                self.under_way.discard(key.plan)


def test_two_processes_never_deliver_the_same_row_at_once(set_up: SetUp, children: MemoryAdapter) -> None:
    social = Watchful("social")
    social.takes_seconds = 0.02
    authorities = authorities_of(children, social)
    people: Sequence[str] = (TEST_CPR, ANOTHER_CPR)
    for cpr in people:
        set_up.opens_plan(authorities, cpr)
    other = Store(set_up.settings.database_url, set_up.store.keyring, set_up.settings.municipality)
    second = Running(
        other,
        Broker(set_up.settings.broker_url, set_up.settings.queue_prefix),
        authorities,
        set_up.settings,
    )
    second.start()
    with set_up.running(authorities):
        for version in range(1, 21):
            for cpr in people:
                message = told(version, f"Mål {version}", cpr, case=f"C-{cpr[:4]}")
                accept(children.message(message), set_up.store, authorities)
        eventually(lambda: list(social.holds.values()) == ["Mål 20", "Mål 20"])
    assert second.stop(15)
    other.close()
    assert social.collisions == []
    sequences: dict[UUID, list[int]] = {}
    for key, _ in social.received:
        sequences.setdefault(key.plan, []).append(key.sequence)
    assert all(sequence == sorted(sequence) for sequence in sequences.values())


def test_what_a_consent_allowed_until_today_is_withdrawn_when_it_expires(
    set_up: SetUp, children: MemoryAdapter, social: MemoryAdapter
) -> None:
    authorities = authorities_of(children, social)
    with frozen(TOMORROW) as clock, set_up.running(authorities):
        set_up.opens_plan(authorities, until=TOMORROW + timedelta(days=1))
        accept(children.message(told(1, "Ro om aftenen")), set_up.store, authorities)
        eventually(lambda: social.holds)
        clock.advance(timedelta(hours=23))
        threading.Event().wait(0.6)  # three sweeps find nothing to do
        assert social.holds
        clock.advance(timedelta(hours=1))
        eventually(lambda: not social.holds)


def test_a_process_that_is_told_to_stop_finishes_what_is_on_the_wire_and_takes_nothing_new(
    set_up: SetUp, children: MemoryAdapter, social: MemoryAdapter
) -> None:
    authorities = authorities_of(children, social)
    plans = [set_up.opens_plan(authorities, cpr) for cpr in (TEST_CPR, ANOTHER_CPR)]
    social.takes_seconds = 1
    with set_up.running(authorities, workers=1):
        for cpr in (TEST_CPR, ANOTHER_CPR):
            accept(children.message(told(1, "Ro", cpr, case=f"C-{cpr[:4]}")), set_up.store, authorities)
        eventually(lambda: any(set_up.row(plan, "social").lease for plan in plans))
    assert len(social.received) == 1
    assert [set_up.row(plan, "social").lease for plan in plans] == [None, None]
    assert sum(set_up.row(plan, "social").due_at is None for plan in plans) == 1
    with set_up.running(authorities):  # and the other is rung for again at once: its ring went back to its queue
        eventually(lambda: len(social.holds) == 2, 20)  # sooner than one that is lost is rung for again


def test_health_tells_of_each_loop_when_it_last_did_a_turn(set_up: SetUp, children: MemoryAdapter) -> None:
    with set_up.running(authorities_of(children), workers=2) as running:
        eventually(lambda: all(pulse["last_turn_at"] for pulse in running.health().values()))
        health: dict[str, dict[str, Any]] = running.health()
    names = {"relay", "sweeper", "housekeeper", "posting", "replayer", "sealer"}
    names |= {"jobs-1", "jobs-2", "worker-1", "worker-2", "ear"}
    assert health.keys() == {f"hub-{name}" for name in names}
    assert {pulse["trouble"] for pulse in health.values()} == {""}
