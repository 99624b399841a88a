"""A hub at work beside a register of people: what happens to people comes about by itself, on both set-ups."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub.authority import REGISTER, Authorities, Register
from hub.clock import now
from hub.flow.accept import accept
from hub.flow.register_tasks import show_tasks
from hub.flow.show import find_plan
from hub.flow.standing import Asked, hold, release
from hub.plan.identifier import cpr_identifier
from hub.queue.running import Running
from hub.store.circuits import Direction, HoldReason
from hub.store.register_tasks import TaskKind
from hub.testing.builders import TEST_CPR
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.integration.registers import People, a_register
from tests.integration.set_up import COORDINATOR, SERVERS, SetUp, authorities_of, eventually

pytestmark = pytest.mark.integration
NEW = "0201609996"
YESTERDAY = (now() - timedelta(days=1)).date().isoformat()


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    with a_register(tmp_path / "register") as running:
        yield running


@contextmanager
def at_work(set_up: SetUp, authorities: Authorities, register: Register) -> Iterator[Running]:
    running = Running(set_up.store, set_up.broker, authorities, set_up.settings, register=register)
    running.start()
    try:
        yield running
    finally:
        assert running.stop(15)


def kinds(set_up: SetUp) -> list[TaskKind]:
    return [task.kind for task in show_tasks(COORDINATOR, set_up.store, actor="t", correlation_id="c")]


def test_what_becomes_of_people_comes_about_by_itself(set_up: SetUp, people: People) -> None:
    children, social = MemoryAdapter("children"), MemoryAdapter("social")
    authorities = authorities_of(children, social)
    with capture_logs() as logs, at_work(set_up, authorities, people.register) as running:
        plan = set_up.opens_plan(authorities)
        told = Told(TEST_CPR, case="C1", goals={"g1": "Egen bolig"})
        accept(children.message(told), set_up.store, authorities)
        eventually(lambda: list(social.holds.values()) == ["Egen bolig"])
        eventually(lambda: list(people.subscriptions().values()) == [TEST_CPR], 30)
        people.lets(TEST_CPR, new_cpr=NEW)
        eventually(lambda: found(set_up) == plan, 30)
        people.lets(NEW, died=YESTERDAY)
        eventually(lambda: not social.holds, 30)
        assert kinds(set_up) == [TaskKind.DEATH]
        assert running.health()[f"hub-{REGISTER}"]["trouble"] == ""
    assert TEST_CPR not in str(logs)
    assert NEW not in str(logs)


def found(set_up: SetUp) -> object:
    with set_up.store.begin(read_only=True) as unit:
        person = unit.people.find([cpr_identifier(NEW, "hub")])
    if person is None:
        return None
    return find_plan([cpr_identifier(NEW, "hub")], COORDINATOR, set_up.store, actor="t", correlation_id="c")


def test_a_register_that_is_held_is_not_asked_until_it_is_released(set_up: SetUp, people: People) -> None:
    authorities = authorities_of(MemoryAdapter("social"))
    asked = Asked(REGISTER, (Direction.SOURCE,), [REGISTER], "operator", "c")
    with at_work(set_up, authorities, people.register):
        set_up.opens_plan(authorities)
        eventually(lambda: people.subscriptions(), 30)
        eventually(lambda: not any(job["kind"] == "fetch" and job["due_at"] for job in set_up.jobs()))
        hold(asked, HoldReason.MAINTENANCE, set_up.store)
        people.lets(TEST_CPR, died=YESTERDAY)
        with pytest.raises(AssertionError):
            eventually(lambda: kinds(set_up), 3)
        release(asked, set_up.store, set_up.settings)
        eventually(lambda: kinds(set_up) == [TaskKind.DEATH], 30)


@pytest.mark.servers
@pytest.mark.parametrize("set_up", [SERVERS], indirect=True)
def test_two_processes_that_follow_add_up_without_asking_twice(set_up: SetUp, people: People) -> None:
    authorities = authorities_of(MemoryAdapter("social"))
    with at_work(set_up, authorities, people.register), at_work(set_up, authorities, people.register):
        set_up.opens_plan(authorities)
        eventually(lambda: people.subscriptions(), 30)
        people.lets(TEST_CPR, died=YESTERDAY)
        eventually(lambda: kinds(set_up), 30)
    assert len(people.subscriptions()) == 1
    assert kinds(set_up) == [TaskKind.DEATH]
