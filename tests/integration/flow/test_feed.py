"""A recipient that cannot receive: it is told, fetches through the consent check, and says what became of it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa

from hub.authority import PlanUpdate
from hub.authority.feeding import Topic
from hub.clock import new_id, now
from hub.errors import Conflict, InvalidRequest, NotFound, RecipientRefused, Unavailable
from hub.flow import feed
from hub.flow.fetch import Said, fetch, take_receipt
from hub.flow.replay import replay
from hub.flow.settle import Settled
from hub.flow.standing import Asked, hold, release
from hub.store.circuits import Direction, HoldReason
from hub.store.feed_tables import feed_events, feed_fetches
from hub.store.revocation_tables import withdrawals
from hub.store.tables import attempts, outbox
from hub.testing.builders import a_consent, a_contribution, an_id
from hub.testing.clock import frozen
from tests.integration.databases import OPERATED
from tests.integration.flow.emergencies import ANOTHER_CPR
from tests.integration.flow.feeding import (
    FETCHER,
    a_shared_plan,
    a_world_that_feeds,
    changes,
    fetches,
    must_fetch,
    reads,
    says,
    topics,
)
from tests.integration.world import SOMEBODY, World, some_settings

pytestmark = pytest.mark.integration

GOAL, MORE = an_id("children", "g1"), an_id("children", "g2")
REFUSED = Said("refused", reason="Vi kender ikke borgeren.")


def told(world: World) -> tuple[UUID, UUID]:
    """Tell the social system of a shared plan; return the plan and the delivery."""
    plan, _ = a_shared_plan(world)
    assert world.delivers(plan, "social") is Settled.TOLD
    return plan, world.row(plan, "social").id


# --- telling ------------------------------------------------------------------------------------------------------


def test_a_recipient_that_fetches_is_told_and_sent_nothing(world: World) -> None:
    plan, delivery = told(world)
    (event,) = reads(world)
    assert (event.position, event.delivery, event.topic, event.is_urgent) == (1, delivery, Topic.CHANGED, False)
    assert not world.systems["social"].heard
    assert not world.held(plan, "social")
    assert world.open_attempts() == 0, "nothing has left yet"


def test_nobody_is_told_of_what_it_may_not_see(world: World) -> None:
    plan, yes = a_shared_plan(world)
    world.takes_back(yes.id)
    assert world.delivers(plan, "social") is Settled.UP_TO_DATE
    assert not reads(world)


def test_a_burst_is_one_event_as_long_as_it_was_not_fetched(world: World) -> None:
    plan, delivery = told(world)
    changes(world, 2)
    changes(world, 3)
    assert world.delivers(plan, "social") is Settled.TOLD
    assert len(reads(world)) == 1
    _, update = must_fetch(world, delivery)
    assert len(update.disclosed) == 3, "what is fetched is the newest"


def test_what_changes_after_the_fetch_is_a_new_event_though_the_first_was_not_acknowledged(world: World) -> None:
    plan, delivery = told(world)
    fetched, _ = must_fetch(world, delivery)
    says(world, fetched.attempt)
    changes(world, 2)
    world.delivers(plan, "social")
    assert [event.position for event in reads(world)] == [1, 2]


def test_an_event_that_is_acknowledged_and_never_fetched_comes_again(world: World) -> None:
    plan, _ = told(world)
    for position in (1, 2, 3):
        feed.acknowledge(FETCHER, position, world.store)
        assert not reads(world)
        world.waits()
        world.delivers(plan, "social")
        assert [event.position for event in reads(world)] == [position + 1]
    assert world.count(feed_events) == 1, "whoever only acknowledges fills no table"


def test_a_row_that_was_told_of_is_rung_for_again_only_after_the_settings_time(world: World) -> None:
    plan, _ = told(world)
    left = world.row(plan, "social").ring_after - now()
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    changes(world, 2)
    assert world.row(plan, "social").ring_after <= now(), "but for what is new it is rung at once"


def test_an_addition_and_then_a_withdrawal_are_two_events_and_the_second_is_urgent(world: World) -> None:
    plan, yes = a_shared_plan(world)
    world.delivers(plan, "social")
    delivery = world.row(plan, "social").id
    must_fetch(world, delivery)
    changes(world, 2)
    world.delivers(plan, "social")
    world.takes_back(yes.id)
    world.delivers(plan, "social")
    assert [(event.topic, event.is_urgent) for event in reads(world)] == [
        (Topic.CHANGED, False), (Topic.CHANGED, False), (Topic.WITHDRAWN, True),
    ]  # fmt: skip


# --- reading and acknowledging ------------------------------------------------------------------------------------


def test_what_was_read_and_not_acknowledged_comes_again(world: World) -> None:
    told(world)
    first = reads(world)
    assert reads(world) == first, "the reader has died in between"
    feed.acknowledge(FETCHER, first[-1].position, world.store)
    assert not reads(world)
    assert reads(world, after=0) == first, "whoever asks from a position gets what is there"


def test_an_older_acknowledgement_moves_nothing_back(world: World) -> None:
    plan, delivery = told(world)
    must_fetch(world, delivery)
    changes(world, 2)
    world.delivers(plan, "social")
    feed.acknowledge(FETCHER, 2, world.store)
    assert feed.acknowledge(FETCHER, 1, world.store).acknowledged == 2


def test_a_position_that_is_not_there_can_be_neither_read_from_nor_acknowledged(world: World) -> None:
    told(world)
    with pytest.raises(InvalidRequest):
        feed.acknowledge(FETCHER, 2, world.store)
    with pytest.raises(InvalidRequest):
        reads(world, after=2)
    assert len(reads(world)) == 1


def test_reading_fetching_and_acknowledging_are_written_down(world: World) -> None:
    _, delivery = told(world)
    reads(world)
    must_fetch(world, delivery)
    feed.acknowledge(FETCHER, 1, world.store)
    for action in ("feed-read", "feed-fetched", "feed-acknowledged"):
        (row,) = world.audited(action)
        assert (row["actor"], row["correlation_id"]) == ("social-system", "c")


@pytest.mark.parametrize("url", [OPERATED], indirect=True)
def test_a_reader_never_sees_a_position_before_one_that_commits_later(world: World) -> None:
    """The first writer has its position and is held before its commit; the second may not overtake it."""
    told(world)
    has_position, may_commit = threading.Event(), threading.Event()
    order: list[str] = []

    def first() -> None:
        with world.store.begin() as unit:
            assert unit.feeds.put("social", new_id(), Topic.CHANGED, now()) == 2
            has_position.set()
            may_commit.wait(10)
            order.append("first")

    def second() -> None:
        with world.store.begin() as unit:
            assert unit.feeds.put("social", new_id(), Topic.CHANGED, now()) == 3
            order.append("second")

    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(first)
        assert has_position.wait(10)
        quick = pool.submit(second)
        assert [event.position for event in reads(world)] == [1]
        may_commit.set()
        slow.result()
        quick.result()
    assert order == ["first", "second"]
    assert [event.position for event in reads(world)] == [1, 2, 3]


def test_writers_at_once_leave_no_gap(world: World) -> None:
    told(world)

    def put(_: int) -> int:
        with world.store.begin() as unit:
            return unit.feeds.put("social", new_id(), Topic.CHANGED, now())

    with ThreadPoolExecutor(4) as pool:
        positions = list(pool.map(put, range(20)))
    assert sorted(positions) == list(range(2, 22))
    assert [event.position for event in reads(world)] == list(range(1, 22))


# --- fetching -----------------------------------------------------------------------------------------------------


def test_what_is_fetched_counts_as_possibly_held_until_its_receipt(world: World) -> None:
    plan, delivery = told(world)
    fetched, update = must_fetch(world, delivery)
    assert ({item.element.id for item in update.disclosed}, update.sequence) == ({GOAL}, fetched.sequence)
    assert (world.open_attempts(), world.held(plan, "social")) == (1, set())
    assert says(world, fetched.attempt) is Settled.DELIVERED
    assert (world.open_attempts(), world.held(plan, "social")) == (0, {GOAL})
    assert world.row(plan, "social").due_at is None


def test_another_recipients_delivery_is_as_if_it_did_not_exist(world: World) -> None:
    plan, _ = told(world)
    another = world.row(plan, "employment").id
    for wanted in (another, new_id()):
        with pytest.raises(NotFound):
            fetches(world, wanted)
    assert world.open_attempts() == 0


def test_a_revocation_between_event_and_fetch_leaves_nothing_to_fetch(world: World) -> None:
    plan, yes = a_shared_plan(world)
    world.delivers(plan, "social")
    (event,) = reads(world)
    world.takes_back(yes.id)
    assert fetches(world, event.delivery) is None
    assert world.open_attempts() == 0
    assert world.row(plan, "social").due_at is None


def test_a_revocation_between_fetch_and_receipt_is_a_withdrawal(world: World) -> None:
    plan, yes = a_shared_plan(world)
    world.delivers(plan, "social")
    delivery = world.row(plan, "social").id
    fetched, _ = must_fetch(world, delivery)
    world.takes_back(yes.id)
    assert world.delivers(plan, "social") is Settled.TOLD
    assert topics(world) == [Topic.CHANGED, Topic.WITHDRAWN]
    says(world, fetched.attempt)  # it comes late, and does not settle what was taken back
    taken_back, update = must_fetch(world, delivery)
    assert (update.disclosed, update.withdrawn) == ((), (GOAL,))
    assert update.sequence > fetched.sequence
    assert says(world, taken_back.attempt) is Settled.DELIVERED
    assert (world.held(plan, "social"), world.open_attempts()) == (set(), 0)
    assert world.row(plan, "social").due_at is None


def test_a_withdrawal_ends_with_the_receipt_and_not_with_the_acknowledgement(world: World) -> None:
    plan, yes = a_shared_plan(world)
    delivery = world.row(plan, "social").id
    says(world, must_fetch(world, delivery)[0].attempt)
    world.takes_back(yes.id)
    world.delivers(plan, "social")
    feed.acknowledge(FETCHER, reads(world)[-1].position, world.store)
    assert endings(world) == [(None, None)], "an acknowledgement is no receipt of deletion"
    fetched, _ = must_fetch(world, delivery)
    says(world, fetched.attempt, Said("legal-hold", reason="Arkivloven § 3"))
    assert endings(world) == [("legal-hold", "archives")]
    with world.store.begin(read_only=True) as unit:
        assert unit.attempts.said(fetched.attempt) == "Arkivloven § 3"


def endings(world: World) -> list[tuple[Any, Any]]:
    with world.store.begin(read_only=True) as unit:
        query = sa.select(withdrawals.c.ending, withdrawals.c.hold_code, withdrawals.c.digest)
        found = unit.connection.execute(query).all()
    assert all(bool(row.digest) == bool(row.ending) for row in found)
    return [(row.ending, row.hold_code) for row in found]


def test_what_was_fetched_without_a_receipt_comes_again(world: World) -> None:
    plan, delivery = told(world)
    must_fetch(world, delivery)
    feed.acknowledge(FETCHER, 1, world.store)
    world.waits()
    assert world.delivers(plan, "social") is Settled.TOLD
    (event,) = reads(world)
    again, update = must_fetch(world, event.delivery)
    assert [item.element.id for item in update.disclosed] == [GOAL]
    assert says(world, again.attempt) is Settled.DELIVERED
    assert world.held(plan, "social") == {GOAL}


def test_fetching_again_and_again_makes_no_dead_letter(world: World) -> None:
    plan, delivery = told(world)
    fetched = [must_fetch(world, delivery)[0] for _ in range(world.settings.max_attempts + 2)][-1]
    assert (world.row(plan, "social").attempts, fetched.sequence) == (0, 1)
    assert says(world, fetched.attempt) is Settled.DELIVERED


def test_what_became_due_between_fetch_and_receipt_stays_due(world: World) -> None:
    plan, delivery = told(world)
    fetched, _ = must_fetch(world, delivery)
    changes(world, 2)
    was_due_at = world.row(plan, "social").due_at
    says(world, fetched.attempt)
    assert world.held(plan, "social") == {GOAL}
    assert world.row(plan, "social").due_at > was_due_at, "it is not as old as what was fetched"
    _, update = must_fetch(world, delivery)
    assert [item.element.id for item in update.disclosed] == [MORE]


# --- receipts -----------------------------------------------------------------------------------------------------


def test_the_last_fetch_settles_and_an_earlier_one_does_not(world: World) -> None:
    plan, delivery = told(world)
    first, _ = must_fetch(world, delivery)
    last, _ = must_fetch(world, delivery)
    assert says(world, first.attempt) is Settled.LOST_LEASE
    assert (world.held(plan, "social"), world.row(plan, "social").due_at is None) == (set(), False)
    assert says(world, last.attempt) is Settled.DELIVERED
    assert world.held(plan, "social") == {GOAL}


def test_the_last_fetch_settles_though_a_clock_was_set_back_before_it(world: World) -> None:
    a_world_that_feeds(world)
    (plan,) = world.opens_plan().plans
    goals = world.says(a_consent(SOMEBODY).to("social").for_categories("goals").build(), plan)
    world.accepts(a_contribution("children").with_draft("g1").with_draft("g2", category="health").build())
    delivery = world.row(plan, "social").id
    with frozen(now() + timedelta(hours=1)) as clock:
        first, _ = must_fetch(world, delivery)
        clock.advance(timedelta(minutes=-2))
        health = world.says(a_consent(SOMEBODY).to("social").for_categories("health").build(), plan)
        last, update = must_fetch(world, delivery)
        assert (last.sequence, len(update.disclosed)) == (first.sequence + 1, 2)
        assert [says(world, one.attempt) for one in (first, last)] == [Settled.LOST_LEASE, Settled.DELIVERED]
        for consent in (goals, health):
            world.takes_back(consent.id)
        _, update = must_fetch(world, delivery)
        assert set(update.withdrawn) == {GOAL, MORE}


def test_a_receipt_given_twice_is_one_and_another_word_is_refused(world: World) -> None:
    _, delivery = told(world)
    fetched, _ = must_fetch(world, delivery)
    assert [says(world, fetched.attempt), says(world, fetched.attempt)] == [Settled.DELIVERED, Settled.DELIVERED]
    with pytest.raises(Conflict):
        says(world, fetched.attempt, REFUSED)
    assert len(world.audited("delivered")) == 1


def test_nobody_gives_a_receipt_for_what_another_has_fetched(world: World) -> None:
    _, delivery = told(world)
    fetched, _ = must_fetch(world, delivery)
    employment = replace(FETCHER, recipient="employment")
    with pytest.raises(NotFound):
        take_receipt(fetched.attempt, Said("taken-in"), employment, world.store, world.settings)
    assert world.open_attempts() == 1


def test_a_refusal_is_a_dead_letter_that_is_fetched_after_its_replay(world: World) -> None:
    plan, delivery = told(world)
    fetched, _ = must_fetch(world, delivery)
    assert says(world, fetched.attempt, REFUSED) is Settled.DEAD
    row = world.row(plan, "social")
    assert (row.dead_cause, "borgeren" in (row.dead_note or "")) == ("recipient-refused", False)
    assert fetches(world, delivery) is None, "nothing new leaves"
    replay(delivery, world.store, actor="operator", correlation_id="c")
    assert world.delivers(plan, "social") is Settled.TOLD
    again, _ = must_fetch(world, delivery)
    assert says(world, again.attempt) is Settled.DELIVERED


def test_a_dead_letter_still_takes_back_what_it_may_hold(world: World) -> None:
    plan, yes = a_shared_plan(world)
    delivery = world.row(plan, "social").id
    says(world, must_fetch(world, delivery)[0].attempt, REFUSED)
    world.takes_back(yes.id)
    assert world.delivers(plan, "social") is Settled.TOLD
    assert topics(world) == [Topic.WITHDRAWN]
    fetched, update = must_fetch(world, delivery)
    assert update.withdrawn == (GOAL,)
    says(world, fetched.attempt)
    assert world.open_attempts() == 0


# --- when something is wrong --------------------------------------------------------------------------------------


def test_an_operators_hold_keeps_events_and_documents_back(world: World) -> None:
    plan, delivery = told(world)
    asked = Asked("social", [Direction.RECIPIENT], world.authorities, "operator", "c")
    hold(asked, HoldReason.SECURITY_INCIDENT, world.store)
    with pytest.raises(Unavailable):
        fetches(world, delivery)
    changes(world, 2)
    assert world.delivers(plan, "social") is Settled.PAUSED
    release(asked, world.store, world.settings)
    assert not world.row(plan, "social").is_waiting
    must_fetch(world, delivery)


def test_after_a_hold_the_next_is_told_though_the_first_has_nothing_to_hear_any_more(world: World) -> None:
    world.settings = some_settings(calls_at_once=1)
    first, yes = a_shared_plan(world)
    (second,) = world.opens_plan(ANOTHER_CPR).plans
    with world.store.begin(read_only=True) as unit:
        stored = unit.plans.get(second)
    assert stored is not None
    world.says(a_consent(stored.plan.person).to("social").build(), second)
    world.accepts(a_contribution("children", case="c2").about(ANOTHER_CPR).with_draft("h1").build())
    asked = Asked("social", [Direction.RECIPIENT], world.authorities, "operator", "c")
    hold(asked, HoldReason.AGREED, world.store)
    assert [world.delivers(plan, "social") for plan in (first, second)] == [Settled.PAUSED, Settled.PAUSED]
    world.takes_back(yes.id)
    release(asked, world.store, world.settings)
    assert [world.row(plan, "social").is_waiting for plan in (first, second)] == [False, True], "one at a time"
    assert world.delivers(first, "social") is Settled.UP_TO_DATE
    assert not world.row(second, "social").is_waiting, (
        "it would wait for the sweeper's next round, as four do at a time"
    )


def test_a_document_that_cannot_be_written_counts_and_leaves_nothing_uncertain_unsent(world: World) -> None:
    plan, delivery = told(world)

    def cannot(update: PlanUpdate) -> None:
        raise RecipientRefused("Their contract has no word for it.")

    world.systems["social"].before = cannot
    with pytest.raises(Unavailable):
        fetches(world, delivery)
    assert world.row(plan, "social").dead_cause == "recipient-refused"
    assert world.count(feed_fetches) == 0


def test_a_bug_while_a_document_is_written_counts_until_it_is_a_dead_letter(world: World) -> None:
    plan, delivery = told(world)

    def breaks(update: PlanUpdate) -> None:
        raise RuntimeError("a bug")

    world.systems["social"].before = breaks
    for _ in range(world.settings.max_attempts):
        world.waits()
        with pytest.raises(RuntimeError):
            fetch(delivery, FETCHER, world.store, world.authorities, world.settings)
    assert world.row(plan, "social").dead_cause == "bug"
    assert world.open_attempts() == 0


def test_a_delivery_that_a_worker_has_just_now_is_asked_for_again_later(world: World) -> None:
    _, delivery = told(world)
    with world.store.begin() as unit:
        unit.connection.execute(outbox.update().values(lease=new_id(), lease_until=now() + timedelta(minutes=1)))
    with pytest.raises(Unavailable):
        fetches(world, delivery)


# --- what is over -------------------------------------------------------------------------------------------------


def test_what_is_over_is_cleared_in_steps_and_what_is_not_stays(world: World) -> None:
    plan, delivery = told(world)
    fetched, _ = must_fetch(world, delivery)
    says(world, fetched.attempt)
    changes(world, 2)
    world.delivers(plan, "social")
    must_fetch(world, delivery)  # without a receipt
    changes(world, 3)
    world.delivers(plan, "social")
    later = now() + timedelta(days=1)
    with world.store.begin() as unit:
        assert unit.feeds.clear_acknowledged(later, 1) == 2, "an event and a fetch"
        assert unit.feeds.clear_acknowledged(later, 100) == 1, "the second event"
        assert unit.feeds.clear_acknowledged(later, 100) == 0
    assert (world.count(feed_events), world.count(feed_fetches)) == (1, 1)
    with world.store.begin() as unit:
        unit.connection.execute(attempts.update().values(is_open=False))
        assert unit.feeds.clear_acknowledged(now() - timedelta(days=1), 100) == 0, "it is not old enough"


def test_a_feeds_standing_counts_and_names_nobody(world: World) -> None:
    _, delivery = told(world)
    must_fetch(world, delivery)
    with world.store.begin(read_only=True) as unit:
        (standing,) = unit.feeds.standings()
    assert (standing["recipient"], standing["last_position"], standing["unacknowledged"]) == ("social", 1, 1)
    assert (standing["without_receipt"], standing["webhook_position"]) == (1, None)
    assert b"0201609995" not in orjson.dumps(standing, default=str)
