"""The contract of the doorbell says what the hub declares, sends and hears, and nothing that it does not."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
import orjson
import pytest
import yaml

from hub.authority import contract_folder
from hub.clock import new_id, now
from hub.queue.broker import CHANNELS, Broker
from hub.queue.ringer import Ringer
from hub.store.lease import Ring

pytestmark = pytest.mark.files

FOLDER = contract_folder("bus/v1")
CONTRACT: Mapping[str, Any] = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text("utf-8"))
SCHEMA = orjson.loads((FOLDER / "ring.schema.json").read_bytes())
RINGS = CONTRACT["channels"]["rings"]


def said(template: str, prefix: str) -> set[str]:
    """Return everything that a name with parameters stands for."""
    words = {name: one["enum"] for name, one in RINGS["parameters"].items() if "enum" in one}
    each = itertools.product(*words.values())
    return {template.format(prefix=prefix, **dict(zip(words, chosen, strict=True))) for chosen in each}


def references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        yield from (value for name, value in node.items() if name == "$ref")
    for inner in node.values() if isinstance(node, Mapping) else node if isinstance(node, list) else ():
        yield from references(inner)


def test_the_document_is_asyncapi_3_and_whole() -> None:
    assert CONTRACT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= CONTRACT["info"].keys()
    assert {one["action"] for one in CONTRACT["operations"].values()} == {"send", "receive"}
    found = list(references(CONTRACT))
    assert found
    for reference in found:
        file, _, pointer = reference.partition("#")
        assert not file or (FOLDER / file).is_file(), reference
        node: Any = CONTRACT
        for part in pointer.split("/")[1:]:
            node = node[part]
        assert node, reference


@pytest.mark.parametrize("prefix", ["hub", "another"])
def test_the_queues_are_those_of_the_contract_and_no_other(prefix: str) -> None:
    broker = Broker("memory://", prefix)
    bound = RINGS["bindings"]["amqp"]
    assert {queue.name for queue in broker.queues.values()} == said(bound["queue"]["name"], prefix)
    assert {queue.routing_key for queue in broker.queues.values()} == said(RINGS["address"], prefix)
    assert broker.exchange.name == bound["exchange"]["name"].format(prefix=prefix)
    assert RINGS["parameters"]["prefix"]["default"] == "hub"
    for queue in broker.queues.values():
        assert queue.name == queue.routing_key
        assert queue.exchange.name == broker.exchange.name


def test_exchange_queues_and_arguments_are_made_as_the_contract_says() -> None:
    broker = Broker("memory://", "hub")
    exchange, queue = (RINGS["bindings"]["amqp"][part] for part in ("exchange", "queue"))
    made = broker.exchange
    assert (made.type, made.durable, made.auto_delete) == (
        exchange["type"],
        exchange["durable"],
        exchange["autoDelete"],
    )
    for one in broker.queues.values():
        assert (one.durable, one.exclusive, one.auto_delete) == (
            queue["durable"],
            queue["exclusive"],
            queue["autoDelete"],
        )
        assert vars(one)["queue_arguments"] == RINGS["x-queue-arguments"]


@pytest.mark.parametrize("is_urgent", [True, False])
@pytest.mark.parametrize("channel", [*CHANNELS, "a-channel-of-their-own"])
def test_what_is_rung_fits_the_schema_and_is_on_the_queue_that_the_contract_names(
    channel: str, is_urgent: bool
) -> None:
    with Broker("memory://", f"hub-test-{new_id().hex[:12]}") as broker:
        ringer, ring = Ringer(broker), Ring(new_id(), channel, is_urgent, now())
        assert ringer.ring([ring]) == {ring.id}
        known = channel if channel in RINGS["parameters"]["channel"]["enum"] else "rest"
        queue = f"{broker.exchange.name}.{known}.{'urgent' if is_urgent else 'normal'}"
        with broker.connect() as connection, connection.channel() as line:
            message = line.basic_get(queue, no_ack=True)
        ringer.close()
    told = CONTRACT["components"]["messages"]["ring"]
    assert message.content_type == told["contentType"]
    assert message.content_encoding == told["bindings"]["amqp"]["contentEncoding"]
    assert message.properties["delivery_mode"] == CONTRACT["operations"]["ring"]["bindings"]["amqp"]["deliveryMode"]
    assert not message.headers
    body = orjson.loads(message.body)
    jsonschema_rs.validate(SCHEMA, body)
    assert body == {"outbox": str(ring.id)}


@pytest.mark.parametrize(
    "body",
    [{}, {"outbox": 1}, {"outbox": "0201609995"}, {"outbox": str(new_id()), "recipient": "social"}, [], "ring", None],
)
def test_the_schema_takes_nothing_but_the_id_of_a_row(body: Any) -> None:
    assert not jsonschema_rs.is_valid(SCHEMA, body)


def test_the_examples_fit_the_schema() -> None:
    shown = [one["payload"] for one in CONTRACT["components"]["messages"]["ring"]["examples"]]
    shown += [orjson.loads((FOLDER / "examples" / "ring.json").read_bytes())]
    for one in shown:
        jsonschema_rs.validate(SCHEMA, one)
