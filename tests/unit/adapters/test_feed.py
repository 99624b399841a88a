"""A recipient that fetches: its settings, and documents written in its own words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import orjson
import pytest

from hub.adapters._rest import JsonContract
from hub.adapters._soap import SOAP11
from hub.adapters._xml import XmlContract, read_xml
from hub.authority import Authority, DeliveryKey, PlanUpdate, contract_folder, load
from hub.authority.feeding import Fed, Topic, Written
from hub.clock import new_id
from hub.errors import SettingsRefused
from hub.flow.thin_events import cloud_event
from hub.plan.identifier import cpr_identifier
from hub.store.feeds import ThinEvent

THEN = datetime(2026, 11, 28, 9, tzinfo=UTC)
FED = {"delivery": "feed"}
SECRET = "whsec_" + "bm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm5ubm4="
HOOK = {"url": "https://children.example/hooks", "secret": SECRET}
EVERY = ("children", "employment", "social", "youth")
EVENT = jsonschema_rs.validator_for(
    orjson.loads((contract_folder("bus/v1") / "feed-event.schema.json").read_bytes()), validate_formats=True
)


def joined(name: str, **settings: Any) -> Authority:
    return load({name: settings})[name]


def refusal(**settings: Any) -> SettingsRefused:
    with pytest.raises(SettingsRefused) as refused:
        joined("children", **settings)
    return refused.value


def written(authority: Authority) -> Written:
    """Write an update that takes one element back."""
    update = PlanUpdate(
        plan=new_id(),
        recipient=authority.name,
        person=cpr_identifier("0201609995", authority.name),
        sequence=3,
        correlation_id="c",
        made_at=THEN,
        withdrawn=(new_id(),),
    )
    adapter = authority.adapter
    assert isinstance(adapter, Fed)
    return adapter.written(authority.mapping.from_plan(update), DeliveryKey(update.recipient, update.plan, 3))


# --- settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY)
def test_a_setting_makes_a_recipient_fetch_and_its_channel_a_feed(name: str) -> None:
    fetches, is_sent = joined(name, **FED), joined(name, url="https://x.example", token="t")
    assert (fetches.channel, fetches.adapter.delivers) == ("feed", True)
    assert fetches.feed is not None
    assert fetches.feed.subscriber is None
    assert (is_sent.channel, is_sent.feed) == (is_sent.adapter.channel, None)


def test_a_partner_may_fetch_too() -> None:
    school = load({"school": {"kind": "partners", **FED}})["school"]
    assert (school.channel, school.adapter.delivers) == ("feed", True)


def test_who_fetches_may_still_be_polled() -> None:
    social = joined("social", **FED, url="https://social.example", token="t", poll_every=5)
    assert social.feed is not None
    assert getattr(social.adapter, "poll_every", 0) == 5


def test_a_webhook_hears_everything_unless_it_says_what() -> None:
    everything = joined("children", **FED, webhook=HOOK).feed
    some = joined("children", **FED, webhook={**HOOK, "topics": ["plan.withdrawn"]}).feed
    assert everything is not None
    assert everything.subscriber is not None
    assert some is not None
    assert some.subscriber is not None
    assert everything.subscriber.topics == set(Topic)
    assert some.subscriber.topics == {Topic.WITHDRAWN}


def test_a_webhook_goes_with_a_feed_alone() -> None:
    assert "it goes with delivery" in refusal(url="https://x.example", token="t", webhook=HOOK).diagnostics()


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://children.example/hooks"},
        {"url": "https://children.example/hooks?token=secret"},
        {"url": "https://user:secret@children.example/"},
        {"secret": "secret"},
        {"topics": []},
        {"topics": ["secret"]},
        {"colour": "secret"},
        {"ca_file": "/no/such/secret"},
    ],
)
def test_a_webhook_that_is_wrong_is_named_and_its_values_are_not_repeated(wrong: dict[str, Any]) -> None:
    told = refusal(**FED, webhook={**HOOK, **wrong}).diagnostics()
    assert f"authorities.children.webhook.{next(iter(wrong))}" in told
    assert SECRET not in told
    assert "token=" not in told
    assert "user:" not in told


def test_the_secret_of_a_webhook_is_never_shown() -> None:
    feed = joined("children", **FED, webhook=HOOK).feed
    assert SECRET not in repr(feed)
    assert SECRET not in refusal(**FED, webhook=HOOK, x=1).diagnostics()


# --- documents ----------------------------------------------------------------------------------------------------


def test_children_fetch_xml_that_is_valid() -> None:
    document = written(joined("children", **FED))
    assert document.content_type == "application/xml; charset=utf-8"
    root = read_xml(document.body, "utf-8")
    XmlContract(contract_folder("children/v1") / "children.xsd").check(root)
    assert str(root.tag).endswith("}PlanOpdatering")


@pytest.mark.parametrize(("name", "schema"), [("social", "PlanOpdatering"), ("youth", "PlanOpdatering")])
def test_social_and_youth_fetch_json_that_is_valid(name: str, schema: str) -> None:
    document = written(joined(name, **FED))
    assert JsonContract(f"{name}/v1").read(schema, document.body, document.content_type)["Sekvens"] == 3


def test_employment_fetches_an_addressed_message_that_is_valid() -> None:
    authority = joined("employment", **FED)
    document = written(authority)
    assert document.content_type == SOAP11.content_type
    envelope = read_xml(document.body, None)
    (request,) = envelope.find(SOAP11.name("Body")).iterchildren()  # type: ignore[union-attr]
    XmlContract(contract_folder("employment/v1") / "employment.xsd").check(request)
    assert str(request.tag).endswith("}UpdatePlanRequest")
    assert "UpdatePlan" in (envelope.findtext(".//{*}Action") or "")


def test_an_event_is_written_as_its_schema_says() -> None:
    event = cloud_event(ThinEvent(new_id(), 1, new_id(), Topic.CHANGED, False, THEN), "0376")
    EVENT.validate(event)
    example = orjson.loads((contract_folder("bus/v1") / "examples" / "feed-event.json").read_bytes())
    EVENT.validate(example)
    assert example.keys() == event.keys()
    for name in event:
        assert not EVENT.is_valid({one: value for one, value in event.items() if one != name}), name
    assert not EVENT.is_valid({**event, "data": {}}), "there is no room for a person"
