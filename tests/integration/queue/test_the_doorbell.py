"""The broker may be wiped, cut off, or unwilling: it only rings, and what it forgets is rung for again."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
import pytest
from amqp import spec  # type: ignore[import-untyped]
from kombu.entity import Queue
from structlog.testing import capture_logs

from hub.authority import Authorities
from hub.clock import monotonic, new_id, now
from hub.errors import BrokerDown
from hub.flow.accept import accept
from hub.queue.broker import Broker
from hub.queue.listener import Listener
from hub.queue.relay import Relay
from hub.queue.ringer import Ringer
from hub.store.lease import Ring
from hub.testing.builders import TEST_CPR
from hub.testing.clock import frozen
from hub.testing.memory_adapter import MemoryAdapter, Told
from tests.integration.queue.wire import Wire
from tests.integration.set_up import BROKER, SERVERS, SetUp, authorities_of, eventually

pytestmark = pytest.mark.integration

on_rabbitmq = pytest.mark.parametrize("set_up", [pytest.param(SERVERS, marks=pytest.mark.servers)], indirect=True)
TOMORROW = now() + timedelta(days=1)


def a_ring(*, is_urgent: bool = False, channel: str = "xml") -> Ring:
    return Ring(new_id(), channel, is_urgent, now())


def told(version: int, title: str) -> Told:
    return Told(TEST_CPR, version=version, goals={"g1": title})


def two_authorities() -> tuple[MemoryAdapter, MemoryAdapter, Authorities]:
    children, social = MemoryAdapter("children", channel="xml"), MemoryAdapter("social")
    return children, social, authorities_of(children, social)


def something_is_due(set_up: SetUp) -> tuple[UUID, MemoryAdapter, Authorities]:
    """Let a change be due to social services, and nothing to anybody else."""
    children, social, authorities = two_authorities()
    plan = set_up.opens_plan(authorities)
    with set_up.running(authorities):
        eventually(lambda: all(set_up.row(plan, name).due_at is None for name in authorities))
    accept(children.message(told(1, "Ro om aftenen")), set_up.store, authorities)
    return plan, social, authorities


def queued(set_up: SetUp) -> list[tuple[str, dict[str, Any]]]:
    """Take whatever waits in the queues, raw: queue, body and headers."""
    found = []
    with set_up.broker.connect() as connection, connection.channel() as channel:
        for queue in set_up.broker.queues.values():
            while message := channel.basic_get(queue.name, no_ack=True):
                found.append((queue.name, {"body": orjson.loads(message.body), "headers": message.headers}))
    return found


def test_a_message_in_a_queue_is_the_id_of_a_row_and_nothing_else(set_up: SetUp) -> None:
    plan, _, _ = something_is_due(set_up)
    relay = Relay(set_up.store, set_up.broker, set_up.settings)
    relay.turn()
    relay.close()
    [(queue, message)] = queued(set_up)
    assert message["body"] == {"outbox": str(set_up.row(plan, "social").id)}
    assert message["headers"].keys() <= {"x-delivery-count"}  # RabbitMQ's own
    assert queue == f"{set_up.settings.queue_prefix}.rest.normal"


def test_wiping_the_queues_loses_nothing(set_up: SetUp) -> None:
    _, social, authorities = something_is_due(set_up)
    relay = Relay(set_up.store, set_up.broker, set_up.settings.model_copy(update={"ring_again_seconds": 1}))
    relay.turn()
    relay.close()
    assert sum(set_up.broker.depths().values()) == 1
    set_up.broker.purge()
    assert sum(set_up.broker.depths().values()) == 0
    with set_up.running(authorities):
        eventually(lambda: list(social.holds.values()) == ["Ro om aftenen"])


def test_deleting_the_queues_under_a_running_hub_loses_nothing(set_up: SetUp) -> None:
    children, social, authorities = two_authorities()
    set_up.opens_plan(authorities)
    with set_up.running(authorities, ring_again_seconds=1):
        accept(children.message(told(1, "Ro om aftenen")), set_up.store, authorities)
        eventually(lambda: list(social.holds.values()) == ["Ro om aftenen"])
        set_up.broker.delete()
        accept(children.message(told(2, "Ro om natten")), set_up.store, authorities)
        eventually(lambda: list(social.holds.values()) == ["Ro om natten"], 30)


@on_rabbitmq
def test_while_the_broker_is_cut_off_intake_goes_on_and_deliveries_follow(set_up: SetUp) -> None:
    children, social, authorities = two_authorities()
    set_up.opens_plan(authorities)
    server = urlsplit(BROKER)
    with capture_logs() as logs, Wire(server.hostname or "127.0.0.1", server.port or 5672) as wire:
        url = server._replace(netloc=f"{server.netloc.rpartition(':')[0]}:{wire.port}").geturl()
        through = replace(set_up, broker=Broker(url, set_up.settings.queue_prefix))
        with through.running(authorities) as running:
            accept(children.message(told(1, "Mål 1")), set_up.store, authorities)
            eventually(lambda: list(social.holds.values()) == ["Mål 1"])
            wire.cut()
            eventually(lambda: running.health()["hub-relay"]["trouble"] == "broker-down")
            for version in range(2, 12):
                accept(children.message(told(version, f"Mål {version}")), set_up.store, authorities)
            before = now()
            while now() < before + timedelta(seconds=2):
                assert list(social.holds.values()) == ["Mål 1"]
            wire.mend()
            eventually(lambda: list(social.holds.values()) == ["Mål 11"], 10)
            eventually(lambda: running.health()["hub-relay"]["trouble"] == "")
    said = [log for log in logs if log["event"] == "loop-held-up" and log["loop"] == "relay"]
    assert len(said) == 1


@on_rabbitmq
def test_a_hub_starts_while_its_broker_is_away(set_up: SetUp) -> None:
    _, social, authorities = something_is_due(set_up)
    server = urlsplit(BROKER)
    with Wire(server.hostname or "127.0.0.1", server.port or 5672) as wire:
        wire.cut()
        url = server._replace(netloc=f"{server.netloc.rpartition(':')[0]}:{wire.port}").geturl()
        broker = Broker(url, set_up.settings.queue_prefix)
        with pytest.raises(BrokerDown):
            broker.ping()
        with replace(set_up, broker=broker).running(authorities):
            wire.mend()
            eventually(lambda: list(social.holds.values()) == ["Ro om aftenen"])


def test_a_ring_that_fits_no_queue_is_noticed_and_not_counted_as_rung(set_up: SetUp) -> None:
    plan, _, _ = something_is_due(set_up)
    relay = Relay(set_up.store, set_up.broker, set_up.settings)
    relay._ringer.stay()
    with set_up.broker.connect() as connection, connection.channel() as channel:
        channel.queue_delete(set_up.broker.queue_for("rest", False))
    with frozen(TOMORROW), capture_logs() as logs:
        relay.turn()
    assert [log["event"] for log in logs] == ["ring-returned", "rings-not-kept"]
    assert set_up.row(plan, "social").ring_after == TOMORROW + timedelta(seconds=2)  # to be rung again soon
    with frozen(TOMORROW + timedelta(seconds=3)):
        relay.turn()  # the queue is there again
        assert set_up.row(plan, "social").ring_after == now() + timedelta(seconds=set_up.settings.ring_again_seconds)
    relay.close()
    assert sum(set_up.broker.depths().values()) == 1


@on_rabbitmq
def test_a_ring_that_the_broker_will_not_take_is_not_counted_as_rung(set_up: SetUp) -> None:
    ringer = Ringer(set_up.broker)
    full = Queue(
        f"{set_up.settings.queue_prefix}.full",
        set_up.broker.exchange,
        routing_key=set_up.broker.queue_for("xml", False),
        queue_arguments={"x-max-length": 1, "x-overflow": "reject-publish"},
    )
    with set_up.broker.connect() as connection, connection.channel() as channel:
        full(channel).declare()
        first, *others = [a_ring() for _ in range(5)]
        assert ringer.ring([first]) == {first.id}
        assert ringer.ring(others) < {ring.id for ring in others}
        channel.queue_delete(full.name)
    assert ringer.ring(others) == {ring.id for ring in others}
    ringer.close()


def test_urgent_rings_are_heard_first(set_up: SetUp) -> None:
    ringer, listener = Ringer(set_up.broker), Listener(set_up.broker, 16)
    rings = [a_ring(), a_ring(channel="soap"), a_ring(is_urgent=True), a_ring(channel="a-channel-of-their-own")]
    assert ringer.ring(rings) == {ring.id for ring in rings}
    listener.stay()
    threading.Event().wait(0.3)  # until RabbitMQ has sent them all
    heard = listener.hear(1)
    assert [one.is_urgent for one in heard] == [True, False, False, False]
    assert {one.outbox_id for one in heard} == {ring.id for ring in rings}
    for one in heard:
        listener.answer(one)
    assert not listener.is_owing
    ringer.close()
    listener.close()


def test_after_a_long_silence_the_queues_are_listened_to_anew(set_up: SetUp, monkeypatch: pytest.MonkeyPatch) -> None:
    ringer, listener = Ringer(set_up.broker), Listener(set_up.broker, 2)
    ringer.ring([a_ring() for _ in range(3)])
    eventually(lambda: listener.hear(0.1))
    listener._unanswered.clear()  # as when the answers get lost on their way: the broker waits for them, and sends none
    listener.hear(0.3)
    listener._unanswered.clear()
    assert not listener.hear(0.3)
    monkeypatch.setattr("hub.queue.listener._SILENCE_SECONDS", 0.1)
    eventually(lambda: listener.hear(0.1))
    ringer.close()
    listener.close()


@on_rabbitmq
def test_a_broker_that_answers_no_question_is_left_though_its_heart_beats(
    set_up: SetUp, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = monotonic()
    with monkeypatch.context() as impatient:
        impatient.setattr("hub.queue.broker._ANSWER_SECONDS", 0.2)
        with pytest.raises(BrokerDown), set_up.broker._channel() as channel:
            channel.wait(spec.Channel.Flow)  # which it has not been asked for
    assert monotonic() - begun < 5  # the socket's own timeout comes after ten
    assert set_up.broker.depths()


def test_a_ring_that_was_not_answered_waits_in_its_queue_again(set_up: SetUp) -> None:
    ringer, listener = Ringer(set_up.broker), Listener(set_up.broker, 16)
    ringer.ring([a_ring()])
    eventually(lambda: listener.hear(0.1))
    listener.close()
    eventually(lambda: sum(set_up.broker.depths().values()) == 1)
    ringer.close()


def test_messages_that_are_not_rings_are_put_away_and_do_not_stop_the_others(set_up: SetUp) -> None:
    ringer, listener = Ringer(set_up.broker), Listener(set_up.broker, 16)
    ringer.stay()
    name = set_up.broker.queue_for("xml", False)
    with set_up.broker.connect() as connection, connection.channel() as channel:
        for content_type, body in (
            ("application/x-python-serialize", b"\x80\x04."),
            ("application/json", b"{"),
            ("application/json", b'{"outbox": "nobody"}'),
            ("application/json", b'{"outbox": 1}'),
            ("application/json", b"[]"),
            ("application/json", b'{"outbox": "00000000-0000-0000-0000-000000000007", "cpr": "0201609995"}'),
        ):
            message = channel.prepare_message(body, content_type=content_type, content_encoding="binary")
            channel.basic_publish(message, exchange=set_up.broker.exchange.name, routing_key=name)
    ring = a_ring()
    ringer.ring([ring])
    heard: list[UUID] = []
    with capture_logs() as logs:
        while not heard:
            heard = [one.outbox_id for one in listener.hear(0.1)]
    assert heard == [ring.id]
    assert [log["event"] for log in logs] == ["foreign-message"] * 6
    assert "0201609995" not in repr(logs)
    listener.close()
    eventually(lambda: sum(set_up.broker.depths().values()) == 1)  # ours, given back
    ringer.close()


def test_a_worker_that_is_faster_than_the_relay_keeps_its_own_time(set_up: SetUp) -> None:
    """The broker's word may come after a worker has put the row off, or a change has made it due anew."""
    plan, _, _ = something_is_due(set_up)
    row = set_up.row(plan, "social").id
    with frozen(TOMORROW):
        with set_up.store.begin() as unit:
            [ring] = unit.outbox.take_rings(10, now())
            lease = unit.outbox.lease(row, now(), 60)
            assert lease is not None
            unit.outbox.postpone(lease, TOMORROW + timedelta(seconds=2))
        with set_up.store.begin() as unit:
            unit.outbox.not_rung([ring], until=TOMORROW + timedelta(seconds=60))
    assert set_up.row(plan, "social").ring_after == TOMORROW + timedelta(seconds=2)
