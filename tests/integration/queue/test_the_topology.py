"""The queues as they are on the broker: what the contract says of them, and what they do when something is amiss."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jsonschema_rs
import orjson
import pytest
import yaml
from amqp.basic_message import Message  # type: ignore[import-untyped]
from amqp.exceptions import PreconditionFailed  # type: ignore[import-untyped]
from kombu.entity import Queue
from structlog.testing import capture_logs

from hub.authority import Authorities, contract_folder
from hub.clock import monotonic, new_id, now
from hub.errors import BrokerDiffers
from hub.flow.accept import accept
from hub.queue.broker import Broker
from hub.queue.listener import Heard, Listener
from hub.queue.relay import Relay
from hub.queue.ringer import Ringer
from hub.store.lease import Ring
from hub.testing.builders import TEST_CPR
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.integration.set_up import SERVERS, SetUp, authorities_of, eventually

pytestmark = pytest.mark.integration

on_rabbitmq = pytest.mark.parametrize("set_up", [pytest.param(SERVERS, marks=pytest.mark.servers)], indirect=True)
FOLDER = contract_folder("bus/v1")
RINGS = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text("utf-8"))["channels"]["rings"]


def told(version: int, person: str = TEST_CPR, case: str = "C1") -> Told:
    return Told(person, case=case, version=version, goals={"g1": f"Mål {version}"})


def a_circle() -> tuple[MemoryAdapter, MemoryAdapter, Authorities]:
    children, social = MemoryAdapter("children", channel="xml"), MemoryAdapter("social")
    return children, social, authorities_of(children, social)


@contextmanager
def a_channel(broker: Broker) -> Iterator[Any]:
    with broker.connect() as connection, connection.channel() as channel:
        yield channel


def waiting(broker: Broker) -> int:
    return sum(broker.depths().values())


def test_a_ring_taken_raw_off_its_queue_fits_the_contract(set_up: SetUp) -> None:
    ringer, ring = Ringer(set_up.broker), Ring(new_id(), "soap", True, now())
    assert ringer.ring([ring]) == {ring.id}
    with a_channel(set_up.broker) as channel:
        message = channel.basic_get(f"{set_up.settings.queue_prefix}.soap.urgent", no_ack=True)
    ringer.close()
    assert message.content_type == "application/json"
    jsonschema_rs.validate(orjson.loads((FOLDER / "ring.schema.json").read_bytes()), orjson.loads(message.body))


@on_rabbitmq
def test_the_queues_on_rabbitmq_have_the_contracts_arguments_and_no_others(set_up: SetUp) -> None:
    set_up.broker.ping()
    prefix = set_up.settings.queue_prefix
    arguments, exchange = RINGS["x-queue-arguments"], RINGS["bindings"]["amqp"]["exchange"]
    for channel_name in RINGS["parameters"]["channel"]["enum"]:
        for urgency in RINGS["parameters"]["urgency"]["enum"]:
            with a_channel(set_up.broker) as channel:
                name = f"{prefix}.{channel_name}.{urgency}"
                channel.queue_declare(name, durable=True, exclusive=False, auto_delete=False, arguments=arguments)
    with a_channel(set_up.broker) as channel:
        channel.exchange_declare(prefix, exchange["type"], durable=exchange["durable"], auto_delete=False)
    for other in ({}, {**arguments, "x-delivery-limit": 21}, {**arguments, "x-max-length": 1}):
        with pytest.raises(PreconditionFailed), a_channel(set_up.broker) as channel:
            channel.queue_declare(f"{prefix}.xml.normal", durable=True, auto_delete=False, arguments=other)


def test_who_connects_later_finds_the_queues_and_what_waits_in_them(set_up: SetUp) -> None:
    ringer = Ringer(set_up.broker)
    ringer.ring([Ring(new_id(), "xml", False, now())])
    for _ in range(3):
        with Broker(set_up.settings.broker_url, set_up.settings.queue_prefix) as another:
            another.ping()
            assert waiting(another) == 1
    ringer.close()


@on_rabbitmq
def test_a_queue_that_is_made_otherwise_is_named_with_what_to_do_and_intake_goes_on(set_up: SetUp) -> None:
    children, social, authorities = a_circle()
    set_up.opens_plan(authorities)
    prefix = set_up.settings.queue_prefix
    name = f"{prefix}.rest.urgent"
    with a_channel(set_up.broker) as channel:
        channel.queue_delete(name)
        channel.queue_declare(name, durable=True, auto_delete=False, arguments={"x-max-length": 5})
    with pytest.raises(BrokerDiffers, match=f"queue {prefix}.rest.urgent is there.*x-") as differs:
        Broker(set_up.settings.broker_url, prefix).ping()
    assert "delete" in differs.value.next_step
    with capture_logs() as logs, set_up.running(authorities) as running:
        eventually(lambda: running.health()["hub-relay"]["trouble"] == "broker-differs")
        accept(children.message(told(1)), set_up.store, authorities)
        threading.Event().wait(2.5)  # several turns, of which each meets the queue
        with a_channel(set_up.broker) as channel:
            channel.queue_delete(name)
        eventually(lambda: list(social.holds.values()) == ["Mål 1"])
        eventually(lambda: running.health()["hub-relay"]["trouble"] == "")
    [said] = [log for log in logs if log["event"] == "loop-held-up" and log["loop"] == "relay"]
    assert name in said["sentence"]
    assert said["next_step"] == differs.value.next_step


@on_rabbitmq
def test_an_exchange_that_is_made_otherwise_is_named(set_up: SetUp) -> None:
    broker = Broker(set_up.settings.broker_url, f"hub-test-{new_id().hex[:12]}")
    with a_channel(set_up.broker) as channel:
        channel.exchange_declare(broker.exchange.name, "fanout", durable=True, auto_delete=False)
    with pytest.raises(BrokerDiffers, match=f"exchange {broker.exchange.name} is there"):
        broker.ping()
    with a_channel(set_up.broker) as channel:
        channel.exchange_delete(broker.exchange.name)


@on_rabbitmq
def test_rings_that_a_full_queue_refuses_are_rung_again_and_nothing_is_lost(set_up: SetUp) -> None:
    children, social, authorities = a_circle()
    people = [f"010170{number:04d}" for number in range(1, 21)]
    for cpr in people:
        set_up.opens_plan(authorities, cpr)
    set_up.broker.purge()
    full = Queue(
        f"{set_up.settings.queue_prefix}.full",
        set_up.broker.exchange,
        routing_key=set_up.broker.queue_for("rest", True),  # to open a plan is urgent
        queue_arguments={"x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish"},
    )
    with a_channel(set_up.broker) as channel:
        full(channel).declare()
        for _ in range(2):  # one more than fit: whoever sends is told only once the queue has them
            channel.basic_publish(Message(b""), routing_key=full.name)
        eventually(lambda: full(channel).queue_declare(passive=True).message_count == 2)
    for number, cpr in enumerate(people):
        accept(children.message(told(1, cpr, f"C{number}")), set_up.store, authorities)
    with capture_logs() as logs, set_up.running(authorities):
        eventually(lambda: any(log["event"] == "rings-not-kept" for log in logs))
        with a_channel(set_up.broker) as channel:
            channel.queue_delete(full.name)
        eventually(lambda: len(social.holds) == len(people), 30)
    [refused, *_] = [log for log in logs if log["event"] == "rings-not-kept"]
    assert refused["kept"] < refused["rings"]
    assert len({key for key, _ in social.received}) == len(social.received), "nothing was delivered twice"


def test_a_queue_deleted_under_the_ringer_comes_back_and_the_ring_with_it(set_up: SetUp) -> None:
    ringer, ring = Ringer(set_up.broker), Ring(new_id(), "xml", False, now())
    ringer.stay()
    with a_channel(set_up.broker) as channel:
        channel.queue_delete(set_up.broker.queue_for("xml", False))
    with capture_logs() as logs:
        assert ringer.ring([ring]) == frozenset(), "returned, and so not kept, though RabbitMQ confirms it"
    assert {log["event"] for log in logs} == {"ring-returned", "rings-not-kept"}
    assert ringer.ring([ring]) == {ring.id}
    assert set_up.broker.depths()[set_up.broker.queue_for("xml", False)] == 1
    ringer.close()


def test_a_worker_has_no_more_rings_of_a_queue_in_hand_than_its_prefetch(set_up: SetUp) -> None:
    ringer, listener = Ringer(set_up.broker), Listener(set_up.broker, 3)
    ringer.ring([Ring(new_id(), "xml", False, now()) for _ in range(10)])
    heard: list[Heard] = []
    while len(heard) < 3:
        heard += listener.hear(0.1)
    assert listener.hear(0.5) == []
    assert (len(heard), waiting(set_up.broker)) == (3, 7), "the others wait for another worker"
    urgent = Ring(new_id(), "xml", True, now())
    ringer.ring([urgent])
    eventually(lambda: [one.outbox_id for one in listener.hear(0.1)] == [urgent.id])  # they use up no urgent one's
    listener.answer(heard[0])
    eventually(lambda: len(listener.hear(0.1)) == 1)
    ringer.close()
    listener.close()


@on_rabbitmq
def test_a_ring_that_comes_back_21_times_is_dropped_by_the_broker_and_rung_for_again(set_up: SetUp) -> None:
    children, social, authorities = a_circle()
    plan = set_up.opens_plan(authorities)
    with set_up.running(authorities):
        eventually(lambda: all(set_up.row(plan, name).due_at is None for name in authorities))
    accept(children.message(told(1)), set_up.store, authorities)
    settings = set_up.settings.model_copy(update={"ring_again_seconds": 1})
    relay = Relay(set_up.store, set_up.broker, settings)
    relay.turn()
    queue, came = set_up.broker.queue_for("rest", False), 0
    with a_channel(set_up.broker) as channel:
        last = monotonic()
        while monotonic() < last + 1:
            message = channel.basic_get(queue)
            if message is not None:
                came, last = came + 1, monotonic()
                channel.basic_reject(message.delivery_tag, requeue=True)
    assert came == RINGS["x-queue-arguments"]["x-delivery-limit"] + 1
    assert set_up.row(plan, "social").attempts == 0, "attempts are counted in the database"
    threading.Event().wait(1.1)
    relay.turn()
    assert waiting(set_up.broker) == 1
    relay.close()
    with set_up.running(authorities):
        eventually(lambda: list(social.holds.values()) == ["Mål 1"])


def test_while_very_many_rings_wait_only_urgent_ones_are_added(set_up: SetUp) -> None:
    plan = set_up.opens_plan(a_circle()[-1])
    urgent = 2  # the opening's own, to its two authorities
    with set_up.store.begin() as unit:
        for number in range(600):
            unit.outbox.ensure(plan, f"recipient-{number}", "rest", now())

    def becomes_due(*, is_urgent: bool = False) -> int:
        with set_up.store.begin() as unit:
            unit.outbox.mark_due([plan], now(), "c", urgent=is_urgent)
        before = waiting(set_up.broker)
        relay.turn()
        return waiting(set_up.broker) - before

    relay = Relay(set_up.store, set_up.broker, set_up.settings, most_waiting=500)
    assert becomes_due() == 600 + urgent, "a turn ends what it has begun"
    assert becomes_due() == urgent
    set_up.broker.purge()
    assert becomes_due() == 600 + urgent, "there is room again"
    assert becomes_due() == urgent
    assert becomes_due(is_urgent=True) == 600 + urgent
    relay.close()
