"""Breakers, bulkheads and holds over real deliveries: who is called when, and that nothing that waits is lost."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from hub.authority import PlanUpdate
from hub.clock import new_id, now
from hub.errors import Conflict, HubError, NotFound, RecipientDown, RecipientFailed
from hub.flow.deliver import deliver
from hub.flow.settle import Settled, fail
from hub.flow.standing import BOTH, Asked, hold, probe, release, standings
from hub.store.call_tables import calls, circuits
from hub.store.circuits import Direction, HoldReason, State, pause
from hub.store.tables import outbox
from hub.store.transaction import Unit
from hub.testing.builders import TEST_CPR, a_consent, a_contribution
from hub.testing.clock import frozen
from tests.integration.databases import a_store
from tests.integration.set_up import eventually
from tests.integration.world import SOMEBODY, Dies, World, some_settings
from tests.source import ROOT

pytestmark = pytest.mark.integration

PEOPLE = (TEST_CPR, "0101640097", "0101625638")
DOWN = RecipientDown("It does not answer.")
#: Brings a row twice, as a worker's process does, and says what became of it and how often its recipient heard of it.
BRINGS = """
import sys
from uuid import UUID
from hub.cli.log_lines import log_as_json
from hub.queue.worker import bring
from tests.integration.databases import a_store
from tests.integration.world import World

log_as_json()
world = World(a_store(sys.argv[1]))
said = [bring(UUID(sys.argv[2]), world.store, world.authorities, world.settings) for _ in range(2)]
print(*said, len(world.systems["social"].heard))
"""


def raises(error: BaseException) -> Any:
    def do(update: PlanUpdate) -> None:
        raise error

    return do


def nothing(update: PlanUpdate) -> None:
    """Do nothing."""


@pytest.fixture
def plans(world: World) -> list[UUID]:
    """Three people's plans, each with something due to social services."""
    opened = [world.opens_plan(cpr).plans[0] for cpr in PEOPLE]
    for number, plan in enumerate(opened):
        world.says(a_consent(SOMEBODY).to("social").build(), plan)
        world.accepts(a_contribution("children", f"C{number}").about(PEOPLE[number]).with_draft(f"g{number}").build())
    with world.store.begin() as unit:  # only social's rows, and they are as a relay finds them
        unit.connection.execute(outbox.update().where(outbox.c.recipient != "social").values(due_at=None))
    return opened


@pytest.fixture
def time(world: World) -> Iterator[Any]:
    with frozen(now() + timedelta(minutes=1)) as clock:
        yield clock


def standing(world: World, direction: Direction = Direction.RECIPIENT) -> Mapping[str, Any]:
    rows = standings(world.systems, world.store, world.settings)
    return next(row for row in rows if (row["authority"], row["direction"]) == ("social", direction))


def rung(world: World) -> set[UUID]:
    """Return the plans whose rows a relay would ring for now."""
    with world.store.begin() as unit:
        ids = [ring.id for ring in unit.outbox.take_rings(100, now())]
        rows = unit.connection.execute(sa.select(outbox.c.id, outbox.c.plan_id).where(outbox.c.id.in_(ids))).all()
        unit.connection.execute(outbox.update().where(outbox.c.id.in_(ids)).values(ring_after=now()))
    return {row.plan_id for row in rows}


def goes_down(world: World, plan: UUID, error: HubError = DOWN) -> None:
    world.systems["social"].before = raises(error)
    assert world.delivers(plan, "social") is Settled.PAUSED
    world.systems["social"].before = nothing


def an_operator(world: World, *directions: Direction, name: str = "social") -> Asked:
    return Asked(name, directions or BOTH, world.systems, "an-operator", "c-1")


# --- the breaker --------------------------------------------------------------------------------------------------


def test_a_recipient_that_does_not_answer_opens_its_circuit_and_all_can_see_since_when_and_why(
    world: World, plans: list[UUID], time: Any
) -> None:
    goes_down(world, plans[0])
    stands = standing(world)
    assert (stands["state"], stands["reason"], stands["failures"]) == ("open", "recipient-down", 1)
    assert stands["since"] == now()
    assert now() < stands["until"] == stands["next_probe_at"] <= now() + timedelta(seconds=1.2)
    assert (stands["last_attempt_at"], stands["last_result"], stands["last_success_at"]) == (
        now(), "recipient-down", None,
    )  # fmt: skip
    (said,) = world.audited("breaker-opened")
    assert orjson.loads(said["details"]) == {
        "authority": "social", "direction": "recipient", "code": "recipient-down",
    }  # fmt: skip


def test_while_it_is_open_nobody_is_asked_and_what_waits_is_not_rung_for(
    world: World, plans: list[UUID], time: Any
) -> None:
    goes_down(world, plans[0])
    heard = len(world.systems["social"].heard)
    assert [world.delivers(plan, "social") for plan in plans[1:]] == [Settled.PAUSED, Settled.PAUSED]
    assert len(world.systems["social"].heard) == heard
    world.accepts(a_contribution("children", "C1").about(PEOPLE[1]).version(2).with_draft("g1", title="New").build())
    with world.store.begin() as unit:
        unit.connection.execute(outbox.update().where(outbox.c.recipient != "social").values(due_at=None))
    assert rung(world) == set(), "a row that waits is not picked up again and again, whatever happens to its plan"
    time.advance(timedelta(seconds=2))
    assert rung(world) == {plans[0]}, "the one that failed probes; the others wait for what becomes of it"


def test_a_probe_that_is_answered_closes_the_circuit_and_the_rest_follows(
    world: World, plans: list[UUID], time: Any
) -> None:
    goes_down(world, plans[0])
    for plan in plans[1:]:
        world.delivers(plan, "social")
    time.advance(timedelta(seconds=2))
    assert standing(world)["state"] == State.HALF_OPEN
    assert world.delivers(plans[0], "social") is Settled.DELIVERED
    assert standing(world)["state"] == State.CLOSED
    assert rung(world) == set(plans[1:])
    assert [world.delivers(plan, "social") for plan in plans[1:]] == [Settled.DELIVERED, Settled.DELIVERED]
    assert len(world.audited("breaker-closed")) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_delivery_that_closes_a_circuit_is_settled_once_though_the_disk_of_the_log_is_full(
    world: World, plans: list[UUID], url: str
) -> None:
    goes_down(world, plans[0])
    world.waits()
    brings = [sys.executable, "-c", BRINGS, url, str(world.row(plans[0], "social").id)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(brings, stdout=subprocess.PIPE, stderr=full, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == [Settled.DELIVERED, Settled.NOT_DUE, "1"]
    assert standing(world)["state"] == State.CLOSED
    assert len(world.audited("breaker-closed")) == 1


def test_a_probe_that_fails_opens_it_again_for_twice_as_long(world: World, plans: list[UUID], time: Any) -> None:
    began = now()
    for failures, pause_seconds in enumerate((1, 2, 4, 8, 16), start=1):
        goes_down(world, plans[0])
        stands = standing(world)
        assert (stands["failures"], stands["since"]) == (failures, began)
        waits = (stands["until"] - now()).total_seconds()
        assert pause_seconds * 0.8 <= waits <= pause_seconds * 1.2
        time.advance(stands["until"] - now())
    assert len(world.audited("breaker-opened")) == 1


def test_only_one_call_probes_however_many_workers_and_processes_want_to(world: World, plans: list[UUID]) -> None:
    goes_down(world, plans[0])
    world.waits()
    other = World(a_store(world.store.engine.url.render_as_string(hide_password=False)), world.systems, world.settings)
    begins, ends = threading.Event(), threading.Event()

    def hangs(update: PlanUpdate) -> None:
        begins.set()
        assert ends.wait(20)

    world.systems["social"].before = hangs
    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(world.delivers, plans[0], "social")
        assert begins.wait(20)
        others = [pool.submit(one.delivers, plan, "social") for one in (world, other) for plan in plans[1:]]
        assert {one.result(20) for one in others} == {Settled.PAUSED}
        assert (standing(world)["is_probed"], standing(world)["under_way"]) == (True, 1)
        ends.set()
        assert first.result(20) is Settled.DELIVERED
    other.store.close()


def test_of_calls_that_were_under_way_when_it_opened_none_opens_it_further(
    world: World, plans: list[UUID], time: Any
) -> None:
    everyone = threading.Barrier(3, timeout=20)

    def fails_with_the_others(update: PlanUpdate) -> None:
        everyone.wait()
        raise DOWN

    world.systems["social"].before = fails_with_the_others
    with ThreadPoolExecutor(3) as pool:
        assert set(pool.map(lambda plan: world.delivers(plan, "social"), plans)) == {Settled.PAUSED}
    assert standing(world)["failures"] == 1
    assert standing(world)["until"] <= now() + timedelta(seconds=1.2)


def test_what_a_recipient_asks_for_is_waited_out_and_an_hour_at_most(
    world: World, plans: list[UUID], time: Any
) -> None:
    goes_down(world, plans[0], RecipientDown("Not now.", retry_after=120))
    assert standing(world)["until"] == now() + timedelta(seconds=120)
    time.advance(timedelta(seconds=119))
    assert world.delivers(plans[1], "social") is Settled.PAUSED
    time.advance(timedelta(seconds=2))
    goes_down(world, plans[0], RecipientDown("Not now.", retry_after=1e9))
    assert standing(world)["until"] == now() + timedelta(hours=1)


def test_a_pause_ends_at_five_minutes() -> None:
    assert all(240 <= pause(failures, None).total_seconds() <= 360 for failures in (9, 12, 10_000))


def test_a_worker_that_dies_of_its_probe_leaves_it_to_another_when_its_time_is_up(
    world: World, plans: list[UUID], time: Any
) -> None:
    goes_down(world, plans[0])
    time.advance(timedelta(seconds=2))
    world.systems["social"].before = raises(Dies())
    with pytest.raises(Dies):
        world.delivers(plans[0], "social")
    world.systems["social"].before = nothing
    assert world.delivers(plans[1], "social") is Settled.PAUSED
    time.advance(timedelta(seconds=world.settings.lease_seconds))
    assert world.delivers(plans[1], "social") is Settled.DELIVERED


def test_a_probe_that_finds_nothing_to_say_leaves_it_to_the_next(world: World, plans: list[UUID], time: Any) -> None:
    assert world.delivers(plans[0], "social") is Settled.DELIVERED
    goes_down(world, plans[1])
    world.delivers(plans[2], "social")
    time.advance(timedelta(seconds=2))
    with world.store.begin() as unit:
        unit.outbox.mark_due([plans[0]], now(), "c")
    assert world.delivers(plans[0], "social") is Settled.UP_TO_DATE
    assert (standing(world)["state"], standing(world)["is_probed"]) == ("half-open", False)
    assert [world.row(plan, "social").is_waiting for plan in plans] == [False, False, True]


def test_a_delivery_that_was_never_sent_says_nothing_of_its_recipient(world: World, plans: list[UUID]) -> None:
    world.systems["social"].delivers = False
    assert world.delivers(plans[0], "social") is Settled.DEAD
    stands = standing(world)
    assert (stands["last_attempt_at"], stands["last_result"], stands["under_way"]) == (None, "", 0)


def test_a_recipient_that_fails_on_a_message_is_there(world: World, plans: list[UUID], time: Any) -> None:
    world.systems["social"].before = raises(RecipientFailed("It failed."))
    assert world.delivers(plans[0], "social") is Settled.LATER
    stands = standing(world)
    assert (stands["state"], stands["last_result"], stands["last_success_at"]) == ("closed", "recipient-failed", None)


# --- the bulkhead -------------------------------------------------------------------------------------------------


def test_no_more_calls_are_under_way_than_allowed_in_all_processes_together(world: World, plans: list[UUID]) -> None:
    world.settings = some_settings(calls_at_once=2)
    other = World(a_store(world.store.engine.url.render_as_string(hide_password=False)), world.systems, world.settings)
    under_way, most, watch = [0], [0], threading.Lock()
    together, ends = threading.Barrier(3, timeout=20), threading.Event()

    def hangs(update: PlanUpdate) -> None:
        with watch:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        together.wait()
        assert ends.wait(20)
        with watch:
            under_way[0] -= 1

    world.systems["social"].before = hangs
    with ThreadPoolExecutor(3) as pool:
        first = [pool.submit(one.delivers, plan, "social") for one, plan in zip((world, other), plans, strict=False)]
        together.wait()
        assert world.delivers(plans[2], "social") is Settled.PAUSED
        assert rung(world) == set(), "the third waits and is not picked up again and again"
        assert (standing(world)["under_way"], standing(world)["at_most"], standing(world)["state"]) == (2, 2, "closed")
        ends.set()
        assert {one.result(20) for one in first} == {Settled.DELIVERED}
    assert rung(world) == {plans[2]}, "whoever ends a call lets the next one in"
    together.reset()
    world.systems["social"].before = nothing
    assert world.delivers(plans[2], "social") is Settled.DELIVERED
    assert most == [2]
    other.store.close()


def test_a_call_finds_the_places_that_another_has_made_while_it_looked(world: World) -> None:
    engine = world.store.engine
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")

    def enters(unit: Unit) -> bool:
        return (
            unit.breakers.enter(unit.breakers.of("social", Direction.RECIPIENT), new_id(), now(), 60, at_most=2)
            is not None
        )

    looks = list[bool]()

    def is_overtaken(*said: Any) -> None:
        looks.append(said[2].lstrip().startswith("WITH"))
        if looks.count(True) == 1 and looks[-1]:  # the first look for a free place has just found none
            with world.store.begin() as another:
                assert enters(another)

    sa.event.listen(engine, "after_cursor_execute", is_overtaken)
    try:
        with world.store.begin() as unit:
            assert enters(unit)
    finally:
        sa.event.remove(engine, "after_cursor_execute", is_overtaken)
    assert standing(world)["under_way"] == 2


@pytest.mark.parametrize("answers", [True, False])
def test_whoever_begins_to_wait_just_as_the_last_call_ends_is_rung_for(
    world: World, plans: list[UUID], *, answers: bool
) -> None:
    if world.store.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    world.settings = some_settings(calls_at_once=1)
    with world.store.begin() as unit:
        call = unit.breakers.enter(unit.breakers.of("social", Direction.RECIPIENT), new_id(), now(), 60, at_most=1)
        assert call is not None
    with ThreadPoolExecutor(1) as pool:
        with world.store.begin() as unit:  # the last call ends, sees nobody wait, and is not committed yet
            if answers:
                assert not unit.breakers.answered(call, now(), "taken-in", brought=True).may_be_waited_for
            else:
                unit.outbox.probe_at("social", unit.breakers.did_not_answer(call, now(), "recipient-down", None)[0])
            waits = pool.submit(world.delivers, plans[1], "social")
            eventually(lambda: bool(world.row(plans[1], "social").is_waiting))
        assert waits.result(20) is Settled.PAUSED
    if answers:
        assert plans[1] in rung(world)
    else:
        assert world.row(plans[1], "social").ring_after < now() + timedelta(minutes=1), "it is the next probe"


def test_an_authority_may_have_a_limit_of_its_own() -> None:
    settings = some_settings(calls_at_once=3, calls_at_once_of={"social": 1})
    assert [settings.calls_at_most(name) for name in ("social", "children")] == [1, 3]


def test_a_withdrawal_goes_before_what_has_waited_longer(world: World, plans: list[UUID]) -> None:
    with world.store.begin() as unit:
        for plan in plans:
            unit.outbox.wait(world.row(plan, "social").id, now())
        unit.connection.execute(outbox.update().values(is_urgent=outbox.c.plan_id == plans[2]))
        unit.outbox.wake("social", 1, now())
    assert rung(world) == {plans[2]}


def test_a_poisonous_delivery_gives_its_place_back(world: World, plans: list[UUID]) -> None:
    world.settings = some_settings(calls_at_once=1)
    world.systems["social"].before = raises(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        world.delivers(plans[0], "social")
    assert world.delivers(plans[1], "social") is Settled.PAUSED
    fail(world.store, world.row(plans[0], "social").id, ZeroDivisionError(), world.settings)
    assert plans[1] in rung(world)
    world.systems["social"].before = nothing
    assert world.delivers(plans[1], "social") is Settled.DELIVERED


def test_the_place_of_a_worker_that_died_is_free_when_its_lease_has_run_out(
    world: World, plans: list[UUID], time: Any
) -> None:
    world.settings = some_settings(calls_at_once=1)
    world.systems["social"].before = raises(Dies())
    with pytest.raises(Dies):
        world.delivers(plans[0], "social")
    world.systems["social"].before = nothing
    assert world.delivers(plans[1], "social") is Settled.PAUSED
    time.advance(timedelta(seconds=world.settings.lease_seconds))
    assert world.delivers(plans[1], "social") is Settled.DELIVERED


def test_a_limit_that_is_lowered_holds_at_once(world: World, plans: list[UUID]) -> None:
    assert world.delivers(plans[0], "social") is Settled.DELIVERED
    with world.store.begin() as unit:
        token = world.row(plans[1], "social").id
        assert unit.breakers.enter(unit.breakers.of("social", Direction.RECIPIENT), token, now(), 60, 4)
        assert unit.breakers.enter(unit.breakers.of("social", Direction.RECIPIENT), plans[1], now(), 60, 1) is None
        assert unit.breakers.room("social", Direction.RECIPIENT, now(), 1) == 0


# --- an operator --------------------------------------------------------------------------------------------------


def test_a_held_recipient_is_sent_nothing_not_even_a_withdrawal_and_that_is_said_loudly(
    world: World, plans: list[UUID]
) -> None:
    yes = world.says(a_consent(SOMEBODY).to("social").build(), plans[0])
    world.drains()
    assert world.held(plans[0], "social")
    hold(an_operator(world), HoldReason.SUSPECTED_ERROR, world.store)
    heard = len(world.systems["social"].heard)
    with world.store.begin() as unit:
        person = unit.plans.get(plans[0])
        assert person is not None
        given = [one.id for one in unit.consents.of([person.plan.person]) if one.kind == "sharing"]
    for consent in {yes.id, *given}:
        world.takes_back(consent)
    assert world.delivers(plans[0], "social") is Settled.PAUSED
    assert len(world.systems["social"].heard) == heard
    stands = standing(world)
    assert (stands["state"], stands["reason"], stands["held_by"]) == ("held", "suspected-error", "an-operator")
    assert (stands["withdrawals_waiting"], stands["alarm"]) == (1, "withdrawals-wait")
    release(an_operator(world), world.store, world.settings)
    assert rung(world) >= {plans[0]}
    assert world.delivers(plans[0], "social") is Settled.DELIVERED
    assert world.systems["social"].holds(plans[0]) == set()
    assert standing(world)["alarm"] == ""
    deeds = [
        (deed, one["actor"], one["correlation_id"]) for deed in ("held", "released") for one in world.audited(deed)
    ]
    assert deeds == [("held", "an-operator", "c-1")] * 2 + [("released", "an-operator", "c-1")] * 2


def test_an_outage_does_not_end_a_hold_and_a_release_does_not_end_an_outage(
    world: World, plans: list[UUID], time: Any
) -> None:
    goes_down(world, plans[0])
    hold(an_operator(world, Direction.RECIPIENT), HoldReason.MAINTENANCE, world.store)
    time.advance(timedelta(hours=1))
    assert world.delivers(plans[0], "social") is Settled.PAUSED
    assert (standing(world)["state"], standing(world, Direction.SOURCE)["state"]) == ("held", "closed")
    release(an_operator(world, Direction.RECIPIENT), world.store, world.settings)
    assert standing(world)["state"] == "half-open"
    assert world.delivers(plans[0], "social") is Settled.DELIVERED


def test_an_operator_ends_a_pause_and_the_next_call_probes(world: World, plans: list[UUID], time: Any) -> None:
    goes_down(world, plans[0], RecipientDown("Not now.", retry_after=600))
    world.delivers(plans[1], "social")
    assert probe(an_operator(world), world.store, world.settings) is True
    assert plans[0] in rung(world)
    assert world.delivers(plans[0], "social") is Settled.DELIVERED
    assert standing(world)["state"] == "closed"
    assert plans[1] in rung(world)


def test_what_cannot_be_held_released_or_probed_is_refused_with_advice(world: World, plans: list[UUID]) -> None:
    with pytest.raises(Conflict):
        release(an_operator(world), world.store, world.settings)
    with pytest.raises(Conflict):
        probe(an_operator(world), world.store, world.settings)
    with pytest.raises(NotFound):
        hold(an_operator(world, name="nobody"), HoldReason.OTHER, world.store)
    hold(an_operator(world), HoldReason.OTHER, world.store)
    with pytest.raises(Conflict):
        hold(an_operator(world), HoldReason.OTHER, world.store)
    with pytest.raises(Conflict):
        probe(an_operator(world), world.store, world.settings)


# --- clocks and writes --------------------------------------------------------------------------------------------


def test_a_success_is_written_down_when_it_says_something_new(world: World, plans: list[UUID], time: Any) -> None:
    began = now()
    world.delivers(plans[0], "social")
    time.advance(timedelta(seconds=2))
    world.delivers(plans[1], "social")
    assert standing(world)["last_success_at"] == began
    time.advance(timedelta(seconds=4))
    world.delivers(plans[2], "social")
    assert standing(world)["last_success_at"] == began + timedelta(seconds=6)


def test_a_failure_moves_the_clock_of_attempts_and_not_the_clock_of_data(
    world: World, plans: list[UUID], time: Any
) -> None:
    began = now()
    world.delivers(plans[0], "social")
    time.advance(timedelta(minutes=1))
    goes_down(world, plans[1])
    stands = standing(world)
    assert (stands["last_success_at"], stands["last_attempt_at"]) == (began, began + timedelta(minutes=1))
    assert stands["last_result"] == "recipient-down"


def test_what_an_authority_brings_moves_its_own_clock(world: World, plans: list[UUID], time: Any) -> None:
    with world.store.begin(read_only=True) as unit:
        before = unit.breakers.of("children", Direction.SOURCE)
    time.advance(timedelta(minutes=1))
    message = a_contribution("children", "C0").about(PEOPLE[0]).version(2).with_draft("g0", title="New").build()
    world.accepts(message)
    with world.store.begin(read_only=True) as unit:
        after = unit.breakers.of("children", Direction.SOURCE)
    assert before.last_success_at is not None
    assert (after.last_success_at, after.last_attempt_at) == (now(), None)
    assert after.last_success_at != before.last_success_at


def test_nothing_of_a_call_is_left_when_all_have_ended(world: World, plans: list[UUID]) -> None:
    for plan in plans:
        deliver(world.row(plan, "social").id, world.store, world.authorities, world.settings)
    with world.store.begin(read_only=True) as unit:
        leases = unit.connection.execute(sa.select(calls.c.lease)).scalars().all()
        probes = unit.connection.execute(sa.select(circuits.c.probe)).scalars().all()
    assert set(leases) | set(probes) == {None}
