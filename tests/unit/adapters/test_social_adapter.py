"""What the adapter of social services reads and refuses without a wire."""

from __future__ import annotations

import pytest

from hub.adapters.social import ASKED_FOR, SocialAdapter
from hub.authority import Announces, DeliveryKey, Document, Fetches, Parcel, Polls, contract_folder, load
from hub.clock import new_id
from hub.errors import ContractViolation, RecipientRefused, SettingsRefused, SourceDown

EXAMPLES = contract_folder("social/v1") / "examples"
REACHABLE = {"url": "http://127.0.0.1:1", "token": "a-token-of-a-test"}


def a_parcel(name: str, **headers: str) -> Parcel:
    return Parcel("social", (EXAMPLES / name).read_bytes(), "application/json", headers)


def test_it_is_found_by_its_name_and_can_announce_fetch_and_poll() -> None:
    social = load({"social": dict(REACHABLE)})["social"].adapter
    assert (social.name, social.contract, social.channel) == ("social", "social/v1", "rest")
    assert isinstance(social, Announces)
    assert isinstance(social, Fetches)
    assert isinstance(social, Polls)


def test_without_an_address_it_receives_but_neither_delivers_nor_polls() -> None:
    adapter = SocialAdapter({})
    assert not adapter.delivers
    assert adapter.poll_every == 0
    assert adapter.receive(a_parcel("sag-minimal.json")).kind == "Sag"
    with pytest.raises(SourceDown):
        adapter.poll("")
    with pytest.raises(SourceDown):
        adapter.fetch(str(new_id()))
    with pytest.raises(RecipientRefused):
        adapter.send(Document("social", "social/v1", "PlanOpdatering", "m", {}), DeliveryKey("social", new_id(), 1))


def test_a_document_is_named_by_its_case_in_lower_case_and_its_version() -> None:
    document = SocialAdapter({}).receive(a_parcel("sag-dirty.json"))
    assert document.message_id == "5b1f4c1e-6f0a-4a53-9d0e-2f6b7f3a1c04:3"


def test_another_case_than_was_asked_for_is_refused() -> None:
    asked = "00000000-0000-4000-8000-000000000001"
    with pytest.raises(ContractViolation) as caught:
        SocialAdapter({}).receive(
            Parcel("social", a_parcel("sag-normal.json").body, "application/json", {ASKED_FOR: asked})
        )
    assert caught.value.faults[0].field == "SagIdentity"


def test_an_event_names_the_case_to_fetch() -> None:
    announced = SocialAdapter({}).announcement(a_parcel("sags-haendelse.json"))
    assert announced.event_id == "0d7f2a52-9a3c-4c0e-8f3e-1c5b7a9e0001"
    assert announced.reference == "5b1f4c1e-6f0a-4a53-9d0e-2f6b7f3a1c01"


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "..",
        "aendringer",
        "5b1f4c1e-6f0a-4a53-9d0e-2f6b7f3a1c01/../x",
        "http://elsewhere.example/",
        "@elsewhere",
        "%2e",
    ],
)
def test_a_reference_that_is_no_uuid_never_becomes_part_of_a_url(reference: str) -> None:
    with pytest.raises(ContractViolation) as caught:
        SocialAdapter(REACHABLE).fetch(reference)
    assert not reference or reference not in caught.value.diagnostics()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"url": "ftp://x", "token": "t", "page_size": 0, "poll_every": -1}, {"url", "page_size", "poll_every"}),
        ({"url": "http://sager.example", "token": "t"}, {"url"}),
        ({"url": "https://user:secret@sager.example", "token": "t"}, {"url"}),
        ({"ca_file": "/nowhere/ca.pem", "colour": "red"}, {"ca_file", "colour"}),
        ({"connect_seconds": 4, "read_seconds": 11, "total_seconds": 16},
         {"connect_seconds", "read_seconds", "total_seconds"}),
    ],
)  # fmt: skip
def test_bad_settings_are_named_all_at_once_and_without_values(settings: dict[str, object], named: set[str]) -> None:
    with pytest.raises(SettingsRefused) as caught:
        SocialAdapter(settings)
    assert {fault.field for fault in caught.value.faults} == {f"authorities.social.{name}" for name in named}
    assert "secret" not in caught.value.diagnostics()


@pytest.mark.parametrize("half", [{"url": "https://sager.example"}, {"token": "t"}])
def test_an_address_and_a_token_belong_together(half: dict[str, str]) -> None:
    with pytest.raises(SettingsRefused, match="settings of social"):
        SocialAdapter(half)


def test_unencrypted_http_beyond_this_machine_needs_to_be_allowed() -> None:
    assert SocialAdapter({"url": "http://sager.example", "token": "t", "plain_http": True}).delivers
