"""A subscriber is told of thin events at its own address: signed, in order, each at least once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import jsonschema_rs
import orjson
import pytest

from hub.adapters._feed import FeedSettings
from hub.authority import contract_folder
from hub.authority.feeding import Feed, Topic
from hub.clock import new_id, now
from hub.flow import feed
from hub.flow.push import TOLD, behind, push
from hub.flow.settle import Settled
from hub.flow.standing import Asked, hold, release
from hub.store.circuits import Direction, HoldReason
from hub.store.feed_tables import feed_events
from hub.testing.clock import frozen
from tests.integration.flow.feeding import FETCHER, FedSystem, a_shared_plan
from tests.integration.subscribers import OLD_SECRET, SECRET, Subscriber, a_subscriber
from tests.integration.world import World

pytestmark = pytest.mark.integration

EVENT = jsonschema_rs.validator_for(
    orjson.loads((contract_folder("bus/v1") / "feed-event.schema.json").read_bytes()), validate_formats=True
)


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    with a_subscriber() as listening:
        yield listening


def subscribes(world: World, subscriber: Subscriber, **more: Any) -> None:
    """Let the social system be told there."""
    webhook = {"url": subscriber.url, "secret": f"whsec_{SECRET}", **more}
    chosen = FeedSettings.model_validate({"delivery": "feed", "webhook": webhook})
    world.systems["social"] = FedSystem("social", feed=chosen.fed("social"))


def puts(world: World, *topics: Topic) -> None:
    with world.store.begin() as unit:
        for topic in topics:
            unit.feeds.put("social", new_id(), topic, now(), urgent=topic is Topic.WITHDRAWN)


def tells(world: World) -> str:
    """Tell the social system what there is to tell it, if it may be told now."""
    if not behind(["social"], world.store):
        return "nothing"
    its: Feed | None = world.authorities["social"].feed
    assert its is not None
    assert its.subscriber is not None
    return push("social", its.subscriber, world.store, world.settings)


def standing(world: World) -> dict[str, Any]:
    with world.store.begin(read_only=True) as unit:
        return dict(unit.feeds.standings()[0])


def test_events_are_pushed_in_order_signed_and_without_a_person(world: World, subscriber: Subscriber) -> None:
    subscribes(world, subscriber)
    puts(world, Topic.CHANGED, Topic.WITHDRAWN, Topic.CHANGED)
    assert [tells(world), tells(world)] == [TOLD, "nothing"]
    assert subscriber.positions == [1, 2, 3]
    for heard in subscriber.heard:
        assert heard.path == "/hooks/plan"
        assert heard.is_signed_with(SECRET)
        assert not heard.is_signed_with(OLD_SECRET)
        assert heard.headers["webhook-id"] == heard.event["id"]
        assert abs(int(heard.headers["webhook-timestamp"]) - now().timestamp()) < 60
        assert heard.headers["content-type"].startswith("application/cloudevents+json")
        EVENT.validate(heard.event)
    assert [one.event["urgent"] for one in subscriber.heard] == [False, True, False]


def test_while_a_secret_is_replaced_both_verify(world: World, subscriber: Subscriber) -> None:
    subscribes(world, subscriber, old_secret=f"whsec_{OLD_SECRET}")
    puts(world, Topic.CHANGED)
    tells(world)
    (heard,) = subscriber.heard
    assert heard.is_signed_with(SECRET)
    assert heard.is_signed_with(OLD_SECRET)


def test_a_subscriber_hears_its_topics_alone_and_its_cursor_passes_the_others(
    world: World, subscriber: Subscriber
) -> None:
    subscribes(world, subscriber, topics=["plan.withdrawn"])
    puts(world, Topic.CHANGED, Topic.WITHDRAWN, Topic.CHANGED)
    assert [tells(world), tells(world)] == [TOLD, "nothing"]
    assert subscriber.positions == [2]


def test_a_subscriber_that_was_not_called_is_not_known_to_be_well(world: World, subscriber: Subscriber) -> None:
    subscribes(world, subscriber, topics=["plan.withdrawn"])
    puts(world, Topic.WITHDRAWN)
    subscriber.status = 503
    tells(world)
    with world.store.begin() as unit:
        unit.connection.execute(feed_events.delete())
    puts(world, Topic.CHANGED)
    world.waits()
    assert [tells(world), tells(world)] == ["", "nothing"]
    with world.store.begin(read_only=True) as unit:
        assert unit.breakers.of("social", Direction.RECIPIENT).failures == 1
    assert (standing(world)["webhook_position"], standing(world)["webhook_last_success_at"]) == (2, None)


def test_a_subscriber_that_is_down_is_paused_and_catches_up_in_order(world: World, subscriber: Subscriber) -> None:
    subscribes(world, subscriber)
    puts(world, Topic.CHANGED, Topic.CHANGED)
    subscriber.status = 503
    with frozen(now()):
        assert tells(world) == "recipient-down"
        puts(world, Topic.CHANGED)
        assert [tells(world), tells(world)] == ["", ""], "its breaker is open: it is not even asked"
    assert subscriber.positions == [1]
    with world.store.begin(read_only=True) as unit:
        circuit = unit.breakers.of("social", Direction.RECIPIENT)
    assert circuit.failures == 1
    assert (standing(world)["webhook_failures"], standing(world)["webhook_last_result"]) == (0, "recipient-down")
    subscriber.status = 204
    world.waits()
    assert tells(world) == TOLD
    assert subscriber.positions == [1, 1, 2, 3]
    assert (standing(world)["webhook_position"], standing(world)["webhook_last_result"]) == (3, TOLD)


def test_a_repeat_has_the_same_id_and_a_signature_of_its_own_time(world: World, subscriber: Subscriber) -> None:
    subscribes(world, subscriber)
    puts(world, Topic.CHANGED)
    subscriber.status = 503
    tells(world)
    subscriber.status = 204
    world.waits()
    tells(world)
    first, again = subscriber.heard
    assert first.headers["webhook-id"] == again.headers["webhook-id"]
    assert again.is_signed_with(SECRET)


@pytest.mark.parametrize("status", [400, 410, 500])
def test_a_subscriber_that_fails_is_asked_again_after_a_while_and_no_event_is_passed_by(
    world: World, subscriber: Subscriber, status: int
) -> None:
    subscribes(world, subscriber)
    puts(world, Topic.CHANGED)
    subscriber.status = status
    with frozen(now()):
        assert tells(world) != TOLD
        assert tells(world) == "nothing", "it is left alone for a second"
    assert standing(world)["webhook_failures"] == 1
    assert standing(world)["webhook_position"] == 0


def test_what_was_told_before_a_failure_is_not_told_again(world: World, subscriber: Subscriber) -> None:
    subscribes(world, subscriber)
    puts(world, Topic.CHANGED)
    tells(world)
    puts(world, Topic.CHANGED)
    subscriber.status = 503
    tells(world)
    subscriber.status = 204
    world.waits()
    tells(world)
    assert subscriber.positions == [1, 2, 2]


def test_redirects_are_not_followed(world: World, subscriber: Subscriber) -> None:
    subscribes(world, subscriber)
    with a_subscriber() as elsewhere:
        subscriber.status, subscriber.headers = 307, {"Location": elsewhere.url}
        puts(world, Topic.CHANGED)
        assert tells(world) == "recipient-failed"
        assert not elsewhere.heard


def test_a_subscriber_is_told_by_one_at_a_time(world: World, subscriber: Subscriber) -> None:
    subscribes(world, subscriber)
    puts(world, Topic.CHANGED)
    with world.store.begin() as unit:
        assert unit.feeds.pushes.lease("social", new_id(), now(), 60)
        assert unit.feeds.pushes.lease("social", new_id(), now(), 60) is None
    assert tells(world) == "nothing"


def test_a_hold_keeps_a_subscriber_untold(world: World, subscriber: Subscriber) -> None:
    subscribes(world, subscriber)
    puts(world, Topic.CHANGED)
    asked = Asked("social", [Direction.RECIPIENT], world.authorities, "operator", "c")
    hold(asked, HoldReason.AGREED, world.store)
    assert tells(world) == ""
    release(asked, world.store, world.settings)
    assert tells(world) == TOLD


def test_a_new_subscriber_begins_where_its_recipient_has_acknowledged(world: World, subscriber: Subscriber) -> None:
    puts(world, Topic.CHANGED, Topic.CHANGED)
    feed.acknowledge(FETCHER, 1, world.store)
    subscribes(world, subscriber)
    tells(world)
    assert subscriber.positions == [2]


def test_a_subscriber_for_which_nothing_is_left_is_not_told_again_and_again(
    world: World, subscriber: Subscriber
) -> None:
    """Its recipient has read and acknowledged what the subscriber slept through, and housekeeping has cleared that."""
    subscribes(world, subscriber)
    puts(world, Topic.CHANGED)
    tells(world)
    puts(world, Topic.CHANGED)
    feed.acknowledge(FETCHER, 2, world.store)
    with world.store.begin() as unit:
        assert unit.feeds.clear_acknowledged(now() + timedelta(minutes=1), 10) == 2
    tells(world)
    assert tells(world) == "nothing", "or a thread would ask the database without a rest"
    assert subscriber.positions == [1]
    puts(world, Topic.CHANGED)
    assert tells(world) == TOLD
    assert subscriber.positions == [1, 3]


def test_what_a_subscriber_has_heard_and_never_fetched_is_told_once_more(world: World, subscriber: Subscriber) -> None:
    """It answered, and died before it fetched: nobody else reminds it of what must be deleted."""
    subscribes(world, subscriber)
    socials = world.systems["social"]
    plan, _ = a_shared_plan(world)
    world.systems["social"] = socials
    world.delivers(plan, "social")
    tells(world)
    assert world.delivers(plan, "social") is Settled.TOLD
    assert tells(world) == "nothing", "it has just been told"
    with frozen(now() + timedelta(seconds=world.settings.feed_again_seconds + 1)):
        assert world.delivers(plan, "social") is Settled.TOLD
        assert tells(world) == TOLD
        assert world.delivers(plan, "social") is Settled.TOLD
        assert tells(world) == "nothing"
    assert subscriber.positions == [1, 2]
    assert world.count(feed_events) == 1, "whoever never fetches fills no table"
