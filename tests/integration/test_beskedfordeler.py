"""The Beskedfordeler's envelope, against a real broker: what leaves is confirmed, thin, and for one alone."""

from __future__ import annotations

import bz2
import os
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from lxml import etree

from hub.adapters.beskedfordeler import NAMESPACE, BeskedfordelerAdapter, envelope
from hub.authority import DeliveryKey, Parcel, PlanUpdate, ReceiptStatus, contract_folder, load
from hub.authority.tracing import of_delivery
from hub.clock import new_id
from hub.errors import ContractViolation, RecipientDown, RecipientRefused, SettingsRefused, SourceDown
from hub.mappings.beskedfordeler import BeskedfordelerMapping
from hub.queue.broker import Broker
from hub.queue.events import Events, listeners
from hub.store.migrations import upgrade
from hub.store.transaction import Store
from tests.any_update import stored_updates
from tests.integration.databases import a_store
from tests.integration.set_up import BROKER, must_answer
from tests.integration.test_social_wire import UPDATE

pytestmark = pytest.mark.integration
SCHEMA = etree.XMLSchema(file=contract_folder("beskedfordeler/v1") / "beskedkuvert.xsd")
PLACE = urlsplit(os.environ.get("HUB_TEST_BROKER_URL", BROKER))
OURS, THEIRS = "29188599", "99999999"
SECRET = "kanariefugl-7731"
KEY = DeliveryKey(UPDATE.recipient, UPDATE.plan, UPDATE.sequence, of_delivery(new_id(), UPDATE.sequence, new_id()))
SETTINGS: dict[str, Any] = {
    "url": f"amqp://{PLACE.hostname}:{PLACE.port or 5672}/", "user": PLACE.username, "password": PLACE.password,
    "recipient_cvr": THEIRS, "municipality_cvr": OURS, "plain_amqp": True,
}  # fmt: skip


@pytest.fixture
def exchange() -> Iterator[str]:
    """An exchange with a queue for one recipient; both gone afterwards."""
    with Broker(BROKER, "hub-test") as broker:
        must_answer(broker)
    name = f"hub-test-{new_id().hex}"
    with Connection(BROKER) as connection:
        channel = connection.default_channel
        made = Exchange(name, type="direct", durable=False)(channel)
        made.declare()
        queue = Queue(name, made, routing_key=THEIRS, durable=False)(channel)
        queue.declare()
        yield name
        queue.delete()
        made.delete()


def send(exchange: str, **changed: Any) -> Any:
    adapter = BeskedfordelerAdapter({**SETTINGS, "exchange": exchange, **changed}, "region")
    return adapter.send(BeskedfordelerMapping().from_plan(UPDATE), KEY)


def waiting(name: str) -> list[Any]:
    with Connection(BROKER) as connection:
        queue = Queue(name)(connection.default_channel)
        found = []
        while (message := queue.get(no_ack=True)) is not None:
            found.append(message)
        return found


@pytest.mark.servers
def test_an_event_waits_in_the_recipients_queue_and_names_nobody_but_it(exchange: str) -> None:
    receipt = send(exchange)
    (message,) = waiting(exchange)
    root = etree.fromstring(message.body.encode())
    SCHEMA.assertValid(root)
    assert receipt.status is ReceiptStatus.TOLD
    assert receipt.reference == root.findtext(f"{{{NAMESPACE}}}BeskedId") == message.properties["message_id"]
    assert [one.text for one in root.iter(f"{{{NAMESPACE}}}TilladtModtager")] == [f"urn:oio:cvr-nr:{THEIRS}"]
    assert [one.text for one in root.iter(f"{{{NAMESPACE}}}TvaergaaendeProces")] == [str(UPDATE.plan)]
    assert (message.properties["delivery_mode"], message.content_type) == (2, "application/xml")
    assert message.headers["traceparent"] == str(KEY.trace)


@pytest.mark.servers
def test_a_repeat_has_the_same_id(exchange: str) -> None:
    send(exchange)
    send(exchange)
    assert len({message.properties["message_id"] for message in waiting(exchange)}) == 1


@pytest.mark.servers
def test_where_no_queue_takes_it_the_delivery_is_refused_and_says_what_to_do(exchange: str) -> None:
    with pytest.raises(RecipientRefused) as caught:
        send(exchange, recipient_cvr="11111111")
    assert "bind" in caught.value.next_step
    assert waiting(exchange) == []


@pytest.mark.servers
@pytest.mark.parametrize("changed", [{"exchange": "no-such-exchange"}, {"password": SECRET}, {"user": SECRET}])
def test_a_broker_that_will_not_have_us_is_down_and_no_secret_is_told(exchange: str, changed: dict[str, Any]) -> None:
    with pytest.raises(RecipientDown) as caught:
        send(**{"exchange": exchange, **changed})
    assert SECRET not in caught.value.diagnostics()


@pytest.mark.servers
def test_a_connection_that_broke_meanwhile_is_made_anew(exchange: str) -> None:
    adapter = BeskedfordelerAdapter({**SETTINGS, "exchange": exchange}, "region")
    document = BeskedfordelerMapping().from_plan(UPDATE)
    adapter.send(document, KEY)
    line: Any = adapter._line
    with suppress(OSError):
        line._connection.connection.transport.sock.shutdown(2)
    adapter.send(document, KEY)
    line.close()
    assert len(waiting(exchange)) == 2


def test_nobody_who_listens_is_down_in_time() -> None:
    start = time.monotonic()
    with pytest.raises(RecipientDown):
        send("any", url="amqp://127.0.0.1:9/")
    assert time.monotonic() - start < 15


# --- in -----------------------------------------------------------------------------------------------------------

EVENT = (contract_folder("beskedfordeler/v1") / "examples" / "plan-opdateret.xml").read_bytes()
CASE = "3f6c1d7a-8a51-4c0e-9a64-2c3d4e5f6a7b"


def tells(exchange: str, body: bytes) -> None:
    with Connection(BROKER) as connection, connection.Producer() as producer:
        producer.publish(body, exchange=exchange, routing_key=THEIRS, content_type="application/xml")


def heard_by(queue: str, tmp_path: Path) -> tuple[Store, Events]:
    """Return a hub that hears the queue: here it is the recipient of that CVR number."""
    store = a_store(f"sqlite:///{tmp_path / 'hub.db'}")
    upgrade(store)
    town = {**SETTINGS, "queue": queue, "announces": "social", "municipality_cvr": THEIRS, "kind": "beskedfordeler"}
    del town["recipient_cvr"]
    (found,) = listeners(store, load({"social": {}, "town": town}))
    return store, found


@pytest.mark.servers
def test_an_event_becomes_the_promise_to_fetch_its_case_and_is_then_taken(exchange: str, tmp_path: Path) -> None:
    store, events = heard_by(exchange, tmp_path)
    tells(exchange, EVENT)
    tells(exchange, EVENT)
    for _ in range(3):
        events.turn()
    with store.begin(read_only=True) as unit:
        assert unit.jobs.owes("social")
        assert [row["action"] for row in unit.audit.recent(None, 10)] == ["announced"] * 2
    assert waiting(exchange) == []
    store.close()


@pytest.mark.servers
@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"no xml", ""),
        (b"<a/>", "/*"),
        (EVENT.replace(THEIRS.encode(), b"11111111"), "//TilladtModtager"),
        (EVENT.replace(f"<ObjektId>{CASE}".encode(), b"<ObjektId>0101010000"), "//ObjektId"),
        (EVENT.replace(b"BeskedId>1f0b", b"BeskedId>xxxx"), "//BeskedId"),
    ],
)
def test_an_event_that_cannot_be_read_or_is_not_for_us_is_audited_and_given_up(
    exchange: str, tmp_path: Path, body: bytes, field: str
) -> None:
    store, events = heard_by(exchange, tmp_path)
    tells(exchange, body)
    events.turn()
    with store.begin(read_only=True) as unit:
        assert not unit.jobs.owes("social")
        assert [row["action"] for row in unit.audit.recent(None, 10)] == ["refused"]
    assert waiting(exchange) == []
    with pytest.raises(ContractViolation) as caught:
        BeskedfordelerAdapter({**SETTINGS, "exchange": "e", "municipality_cvr": THEIRS}).announcement(
            Parcel("town", body, "application/xml")
        )
    assert not field or caught.value.faults[0].field == field
    store.close()


@pytest.mark.servers
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (bz2.compress(b" " * 50_000_000), {"headers": {"compression": "application/x-bz2"}}),
        (b"no gzip", {"headers": {"compression": "application/x-gzip"}}),
        (b"x", {"headers": {"compression": "unheard-of"}}),
        (rb"\ud800", {"content_encoding": "unicode_escape"}),
        (b"x", {"content_encoding": "unheard-of"}),
        (EVENT, {"content_type": "application/x-python-serialize"}),
    ],
)
def test_what_a_message_says_of_itself_is_not_obeyed_and_holds_nothing_up(
    exchange: str, tmp_path: Path, body: bytes, said: dict[str, Any]
) -> None:
    store, events = heard_by(exchange, tmp_path)
    with Connection(BROKER) as connection:
        channel = connection.default_channel
        channel.basic_publish(channel.prepare_message(body, **said), exchange, THEIRS)
    tells(exchange, EVENT)
    tracemalloc.start()
    for _ in range(3):
        events.turn()
    assert tracemalloc.get_traced_memory()[1] < 20_000_000, "nothing is unpacked"
    tracemalloc.stop()
    with store.begin(read_only=True) as unit:
        assert unit.jobs.owes("social"), "the good one behind it is heard"
    assert waiting(exchange) == []
    store.close()


@pytest.mark.servers
def test_an_event_that_breaks_the_hub_is_audited_and_given_up(exchange: str, tmp_path: Path) -> None:
    store, events = heard_by(exchange, tmp_path)
    adapter: Any = events._adapter

    def breaks(parcel: Parcel) -> None:
        raise ZeroDivisionError

    tells(exchange, EVENT)
    adapter.announcement = breaks
    events.turn()
    del adapter.announcement
    tells(exchange, EVENT)
    events.turn()
    with store.begin(read_only=True) as unit:
        assert [row["action"] for row in unit.audit.recent(None, 10)] == ["refused", "announced"]
    assert waiting(exchange) == []
    store.close()


@pytest.mark.servers
def test_a_line_holds_no_more_after_many_events_and_connections(exchange: str) -> None:
    adapter = BeskedfordelerAdapter({**SETTINGS, "exchange": exchange}, "region")
    line: Any = adapter._line
    for _ in range(3):
        for _ in range(3):
            adapter.send(BeskedfordelerMapping().from_plan(UPDATE), KEY)
        assert not line._connection.default_channel.events["basic_return"]
        before = line._let_go
        line.close()
        assert not before.alive


@pytest.mark.servers
def test_an_event_whose_promise_could_not_be_committed_waits_on(exchange: str, tmp_path: Path) -> None:
    store, events = heard_by(exchange, tmp_path)
    tells(exchange, EVENT)
    adapter: Any = events._adapter
    with pytest.raises(ZeroDivisionError), adapter.hear(0):
        raise ZeroDivisionError
    events.turn()
    with store.begin(read_only=True) as unit:
        assert unit.jobs.owes("social")
    store.close()


@pytest.mark.servers
def test_a_queue_that_is_not_there_is_a_source_that_is_down(exchange: str, tmp_path: Path) -> None:
    store, events = heard_by(f"{exchange}-none", tmp_path)
    with pytest.raises(SourceDown):
        events.turn()
    store.close()


@pytest.mark.parametrize("announces", ["nobody", "children"])
def test_events_of_nobody_whose_cases_can_be_fetched_are_refused_at_the_start(tmp_path: Path, announces: str) -> None:
    store = a_store(f"sqlite:///{tmp_path / 'hub.db'}")
    town = {"kind": "beskedfordeler", "url": "amqps://b.example/", "queue": "q", "municipality_cvr": OURS}
    with pytest.raises(SettingsRefused) as caught:
        listeners(store, load({"children": {}, "town": {**town, "announces": announces}}))
    assert caught.value.faults[0].field == "authorities.town.announces"
    store.close()


# --- without a broker -----------------------------------------------------------------------------------------------


@given(update=stored_updates)
def test_whatever_has_changed_the_event_is_valid_and_says_nothing_of_it(update: PlanUpdate) -> None:
    update = replace(update, recipient="region")
    root = envelope(BeskedfordelerMapping().from_plan(update).content, THEIRS, OURS)
    SCHEMA.assertValid(root)
    other = replace(update, person=UPDATE.person, disclosed=(), withdrawn=(), correlation_id="another")
    same = envelope(BeskedfordelerMapping().from_plan(other).content, THEIRS, OURS)
    assert etree.tostring(root) == etree.tostring(same)


def test_by_this_contract_nothing_comes_in() -> None:
    adapter = load({"region": {"kind": "beskedfordeler"}})["region"].adapter
    assert not adapter.delivers
    with pytest.raises(ContractViolation):
        adapter.receive(Parcel("region", b"<Haendelsesbesked/>", "application/xml"))
    with pytest.raises(RecipientRefused):
        adapter.send(BeskedfordelerMapping().from_plan(UPDATE), KEY)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"url": "amqp://broker.example/", "plain_amqp": False}, "amqps://"),
        ({"url": f"amqps://user:{SECRET}@broker.example/"}, "without user and password"),
        ({"url": "amqps://broker.example:99999/"}, "amqps://"),
        ({"url": "https://broker.example/"}, "amqps://"),
        ({"recipient_cvr": "1234"}, "match"),
        ({"municipality_cvr": ""}, "goes with url"),
        ({"exchange": ""}, "set both, or neither"),
        ({"queue": "q"}, "set both, or neither"),
        ({"url": None}, "goes with exchange"),
        ({"ca_file": "/nowhere/ca.pem"}, "names a file that is there"),
        ({"client_key_file": __file__}, "set both, or neither"),
    ],
)
def test_settings_that_do_not_fit_are_refused_by_name(changed: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsRefused) as caught:
        BeskedfordelerAdapter({**SETTINGS, "exchange": "events", **changed}, "region")
    told = " ".join(fault.sentence for fault in caught.value.faults)
    assert says in told
    assert SECRET not in told
