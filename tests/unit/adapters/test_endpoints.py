"""Where FHIR subscriptions may be told: the settings name each address whole, and nothing else is ever asked."""

from __future__ import annotations

from typing import Any

import pytest

from hub.authority import Authority, load
from hub.errors import RecipientDenied, SettingsRefused
from tests.integration.subscribers import a_subscriber

URL = "https://children.example/fhir/told"


def joined(name: str, **settings: Any) -> Authority:
    return load({name: settings})[name]


@pytest.mark.parametrize("name", ["children", "employment", "social", "youth", "partners"])
def test_every_recipient_may_subscribe_where_its_settings_say_so_whichever_way_documents_get_to_it(name: str) -> None:
    told = joined(name, subscriptions={"urls": [URL]}).endpoints
    assert told is not None
    assert told.allowed == {URL}
    fed = joined(name, delivery="feed", subscriptions={"urls": [URL]}).endpoints
    assert fed is not None
    assert joined(name).endpoints is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"urls": []},
        {"urls": ["http://children.example/told"]},
        {"urls": ["https://children.example/told?token=secret"]},
        {"urls": ["https://user:secret@children.example/"]},
        {"urls": ["ftp://children.example/secret"]},
        {"urls": [URL], "colour": "secret"},
        {"urls": [URL], "ca_file": "/no/such/secret"},
        {"urls": [URL], "total_seconds": 100},
    ],
)
def test_settings_that_are_wrong_are_named_and_their_values_are_not_repeated(wrong: dict[str, Any]) -> None:
    with pytest.raises(SettingsRefused) as refused:
        joined("children", subscriptions=wrong)
    assert "subscriptions" in refused.value.diagnostics()
    assert "secret" not in refused.value.diagnostics()


@pytest.mark.files
def test_an_address_that_is_not_named_is_not_asked() -> None:
    with a_subscriber() as listening:
        endpoints = joined("children", subscriptions={"urls": [listening.url]}).endpoints
        assert endpoints is not None
        with pytest.raises(RecipientDenied):
            endpoints.notify(listening.url + "/elsewhere", b"{}", {})
        assert not listening.heard


@pytest.mark.files
def test_a_notification_is_posted_with_the_headers_that_were_given() -> None:
    with a_subscriber() as listening:
        endpoints = joined("children", subscriptions={"urls": [listening.url]}).endpoints
        assert endpoints is not None
        endpoints.notify(listening.url, b'{"a": 1}', {"Authorization": "Bearer x"})
        (heard,) = listening.heard
    assert (heard.path, heard.event) == ("/hooks/plan", {"a": 1})
    assert (heard.headers["authorization"], heard.headers["content-type"]) == ("Bearer x", "application/fhir+json")
