"""The settings of children and family services: every fault is named at once, and no value with it."""

from __future__ import annotations

from typing import Any

import pytest

from hub.adapters._http_address import checked_url
from hub.adapters.children import ChildrenAdapter
from hub.authority import Drops
from hub.errors import SettingsRefused

GOOD = {"url": "https://children.example", "token": "a token"}


def refusal(**settings: Any) -> SettingsRefused:
    with pytest.raises(SettingsRefused) as refused:
        ChildrenAdapter(settings)
    return refused.value


def test_without_an_address_nothing_is_delivered() -> None:
    assert not ChildrenAdapter({}).delivers
    assert ChildrenAdapter(GOOD).delivers


def test_every_fault_is_named_at_once() -> None:
    error = refusal(**GOOD, colour="red", connect_seconds=4, folder=7)
    fields = [fault.field for fault in error.faults]
    assert fields == [
        "authorities.children.connect_seconds",
        "authorities.children.folder",
        "authorities.children.colour",
    ]


@pytest.mark.parametrize("lonely", [{"url": "https://children.example"}, {"token": "a token"}])
def test_an_address_and_its_token_go_together(lonely: dict[str, str]) -> None:
    assert "set both, or neither" in refusal(**lonely).diagnostics()


@pytest.mark.parametrize(
    "url",
    [
        "http://children.example", "ftp://children.example", "children.example", "https://", "file:///etc/passwd",
        "https://user:secret@children.example", "https://children.example?secret", "https://children.example#x",
        "http://127.0.0.1.example", "http://10.0.0.1",
    ],
)  # fmt: skip
def test_an_address_that_is_unsafe_is_refused_and_not_repeated(url: str) -> None:
    error = refusal(**{**GOOD, "url": url})
    assert "secret" not in error.diagnostics()
    assert "127.0.0.1.example" not in error.diagnostics()


@pytest.mark.parametrize("url", ["http://127.0.0.1:8101", "http://localhost:8101", "http://[::1]:8101", "https://x/y/"])
def test_an_address_on_this_machine_or_encrypted_is_taken(url: str) -> None:
    assert checked_url(url) == url, "whoever adds a path takes the slash off: to some servers it is part of it"


def test_a_closed_test_network_may_speak_plain_http() -> None:
    assert ChildrenAdapter({**GOOD, "url": "http://children:8101", "plain_http": True}).delivers


def test_a_token_is_never_shown() -> None:
    adapter = ChildrenAdapter({**GOOD, "token": "very-secret"})
    assert "very-secret" not in repr(vars(adapter))
    assert "very-secret" not in refusal(**{**GOOD, "token": "very-secret", "x": 1}).diagnostics()


def test_the_adapter_drops() -> None:
    assert isinstance(ChildrenAdapter({}), Drops)
