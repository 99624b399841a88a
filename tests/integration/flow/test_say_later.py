"""That a delivery arrived and what became of it are two things; who said only the first owes the second."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from hub.clock import new_id, now
from hub.errors import Conflict, NotFound, Unavailable
from hub.flow.replay import replay
from hub.flow.say_later import BUSINESS_REFUSAL, Fate, LaterWord, Reason, say_later
from hub.flow.settle import Settled
from hub.store.later_receipts import OwedReceipt
from hub.store.tables import outbox
from hub.testing.builders import TEST_CPR, a_consent, a_contribution
from tests.integration.set_up import eventually
from tests.integration.world import SOMEBODY, World

pytestmark = pytest.mark.integration


@pytest.fixture
def plan(world: World) -> UUID:
    """A plan of which social services have received one goal, and have not said what became of it."""
    opened = world.opens_plan().plans[0]
    world.says(a_consent(SOMEBODY).to("social").build(), opened)
    world.drains()
    world.systems["social"].says_later = True
    tells(world, 1, "g1")
    assert world.delivers(opened, "social") is Settled.DELIVERED
    return opened


def tells(world: World, version: int, *goals: str) -> None:
    said = a_contribution("children").about(TEST_CPR).version(version).message(f"m{version}").snapshot()
    for goal in goals:
        said = said.with_draft(goal)
    world.accepts(said.build())


def say(
    world: World, plan: UUID, fate: Fate, sequence: int = 1, reason: str = "", whose: str = "social"
) -> OwedReceipt:
    word = LaterWord(sequence, fate, world.row(plan, "social").id, reason=reason)
    return say_later(word, whose, world.store, actor="social-system", correlation_id="c")


def receives_a_withdrawal(world: World, plan: UUID) -> None:
    """The goal is taken in, goes from its case, and social services have received what says so."""
    say(world, plan, Fate.TAKEN_IN)
    tells(world, 2)
    assert world.delivers(plan, "social") is Settled.DELIVERED


def awaited(world: World, hours: int = 0) -> int:
    with world.store.begin(read_only=True) as unit:
        return sum(one["missing"] for one in unit.later_receipts.counts(now() - timedelta(hours=hours)))


def test_what_has_arrived_counts_as_held_and_its_receipt_is_awaited(world: World, plan: UUID) -> None:
    assert len(world.held(plan, "social")) == 1
    assert world.open_attempts() == 0
    assert (awaited(world), awaited(world, hours=1)) == (1, 0), "overdue only after its deadline"
    assert world.row(plan, "social").due_at is None


def test_the_word_that_it_is_taken_in_ends_the_wait_and_a_repeat_changes_nothing(world: World, plan: UUID) -> None:
    for _ in range(2):
        say(world, plan, Fate.TAKEN_IN)
    assert awaited(world) == 0
    assert world.row(plan, "social").dead_at is None
    (said,) = world.audited("receipt")
    told = orjson.loads(said["details"])
    assert (told["recipient"], told["sequence"], told["receipt"]) == ("social", 1, "taken-in")


def test_a_delivery_may_be_named_by_its_plan(world: World, plan: UUID) -> None:
    say_later(LaterWord(1, Fate.TAKEN_IN, plan=plan), "social", world.store, actor="s", correlation_id="c")
    assert awaited(world) == 0


def test_a_refusal_makes_a_dead_letter_with_its_cause(world: World, plan: UUID) -> None:
    say(world, plan, Fate.REFUSED, reason=Reason.NO_CASE)
    row = world.row(plan, "social")
    assert (row.dead_cause, row.dead_note) == (BUSINESS_REFUSAL, "Its recipient refuses it: no-case.")
    assert row.dead_at is not None
    (dead,) = world.audited("dead-letter")
    assert orjson.loads(dead["details"])["cause"] == BUSINESS_REFUSAL
    tells(world, 2, "g1", "g2")
    heard = len(world.systems["social"].heard)
    world.drains()
    assert len(world.systems["social"].heard) == heard, "nothing new leaves until it is replayed"


def test_what_was_refused_goes_again_once_an_operator_replays_it(world: World, plan: UUID) -> None:
    say(world, plan, Fate.REFUSED, reason=Reason.UNKNOWN_PERSON)
    assert world.held(plan, "social") == set()
    assert world.open_attempts() == 1, "it may hold it all the same: a revocation would take it back"
    social = world.systems["social"]
    social.sequences.clear()  # what it has refused it does not have
    social.shelf.clear()
    replay(world.row(plan, "social").id, world.store, actor="an-operator", correlation_id="c")
    assert world.delivers(plan, "social") is Settled.DELIVERED
    assert len(social.holds(plan)) == 1
    assert awaited(world) == 1, "and its receipt is awaited anew"
    say(world, plan, Fate.TAKEN_IN, sequence=world.row(plan, "social").sequence)
    assert awaited(world) == 0


def test_a_withdrawal_of_what_was_refused_still_leaves(world: World, plan: UUID) -> None:
    say(world, plan, Fate.REFUSED, reason=Reason.OTHER)
    tells(world, 2)
    world.drains()
    assert world.systems["social"].heard[-1].withdrawn
    assert world.systems["social"].holds(plan) == set()


def test_that_a_withdrawal_arrived_is_no_receipt_of_deletion(world: World, plan: UUID) -> None:
    receives_a_withdrawal(world, plan)
    assert open_withdrawals(world) == 1
    say(world, plan, Fate.TAKEN_IN, sequence=2)
    assert open_withdrawals(world) == 0


def test_what_else_is_delivered_meanwhile_ends_no_wait_for_a_receipt_of_deletion(world: World, plan: UUID) -> None:
    receives_a_withdrawal(world, plan)
    tells(world, 3, "g2")
    assert world.delivers(plan, "social") is Settled.DELIVERED
    assert open_withdrawals(world) == 1
    say(world, plan, Fate.TAKEN_IN, sequence=2)
    assert open_withdrawals(world) == 0


def test_what_is_shown_again_is_owed_no_more(world: World, plan: UUID) -> None:
    receives_a_withdrawal(world, plan)
    tells(world, 3, "g1")
    assert world.delivers(plan, "social") is Settled.DELIVERED
    assert open_withdrawals(world) == 0


def test_a_withdrawal_that_is_refused_stays_open_and_goes_again_after_a_replay(world: World, plan: UUID) -> None:
    say(world, plan, Fate.TAKEN_IN)
    tells(world, 2)
    world.delivers(plan, "social")
    say(world, plan, Fate.REFUSED, sequence=2, reason=Reason.NOT_UNDERSTOOD)
    assert open_withdrawals(world) == 1
    world.systems["social"].says_later = False
    replay(world.row(plan, "social").id, world.store, actor="an-operator", correlation_id="c")
    assert world.delivers(plan, "social") is Settled.DELIVERED
    assert world.systems["social"].heard[-1].withdrawn
    assert open_withdrawals(world) == 0


def open_withdrawals(world: World) -> int:
    with world.store.begin(read_only=True) as unit:
        return sum(one["open"] for one in unit.withdrawals.counts(now(), timedelta(hours=1)).values())


def test_another_word_than_the_first_is_refused(world: World, plan: UUID) -> None:
    say(world, plan, Fate.TAKEN_IN)
    with pytest.raises(Conflict):
        say(world, plan, Fate.REFUSED, reason=Reason.OTHER)
    assert world.row(plan, "social").dead_at is None


@pytest.mark.parametrize(("whose", "sequence"), [("employment", 1), ("social", 2), ("social", 0)])
def test_nobody_gives_anothers_receipt_nor_one_that_is_not_awaited(
    world: World, plan: UUID, whose: str, sequence: int
) -> None:
    with pytest.raises(NotFound):
        say(world, plan, Fate.TAKEN_IN, sequence, whose=whose)
    assert awaited(world) == 1


def test_who_answers_with_what_became_of_it_owes_nothing(world: World) -> None:
    opened = world.opens_plan().plans[0]
    world.says(a_consent(SOMEBODY).to("social").build(), opened)
    tells(world, 1, "g1")
    assert world.delivers(opened, "social") is Settled.DELIVERED
    assert awaited(world) == 0
    with pytest.raises(NotFound):
        say(world, opened, Fate.TAKEN_IN)


def test_while_the_next_delivery_is_under_way_the_word_is_to_be_said_again(world: World, plan: UUID) -> None:
    tells(world, 2, "g1", "g2")

    def speaks(_: object) -> None:
        with pytest.raises(Unavailable) as later:
            say(world, plan, Fate.REFUSED, reason=Reason.OTHER)
        assert later.value.retry_after

    world.systems["social"].before = speaks
    assert world.delivers(plan, "social") is Settled.DELIVERED
    say(world, plan, Fate.REFUSED, reason=Reason.OTHER)
    assert world.row(plan, "social").dead_cause == BUSINESS_REFUSAL


def test_whoever_speaks_while_a_repeat_is_settled_speaks_of_what_the_repeat_carried(world: World, plan: UUID) -> None:
    if world.store.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    row, element = world.row(plan, "social").id, new_id()
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted AND transactionid IS NOT NULL")

    def spoken_of() -> OwedReceipt | None:
        with world.store.begin() as unit:
            return unit.later_receipts.of("social", 1, outbox_id=row, plan=None)

    with ThreadPoolExecutor(1) as pool:
        with world.store.begin() as unit:
            unit.connection.execute(outbox.update().where(outbox.c.id == row).values(attempts=0))
            repeat = unit.attempts.record(row, 1, {element: "digest"}, now(), 1)
            unit.later_receipts.owe(row, 1, repeat, now())
            speaks = pool.submit(spoken_of)
            eventually(lambda: unit.connection.execute(waiting).scalar_one())
        owed = speaks.result(20)
    assert owed is not None
    assert (owed.attempt, owed.leaving) == (repeat, {element: "digest"})
