"""What the hub believes of an identity provider, and how often it asks, over real HTTP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from hub.errors import NotAuthenticated, ProviderDown, SettingsRefused
from hub.identity.id_tokens import Expected, believed
from hub.identity.provider import Provider
from hub.testing.clock import frozen
from tests.integration.ui.hostile_provider import Hostile, a_hostile_provider
from tests.integration.ui.provider import sign_in_settings

pytestmark = pytest.mark.integration
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DISCOVERY = "/.well-known/openid-configuration"


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    with a_hostile_provider() as running:
        running.nonce = "n"
        yield running


def a_provider(hostile: Hostile, **changed: Any) -> Provider:
    return Provider(sign_in_settings(hostile.url, **changed))


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://evil.example"}, {"issuer": None}, {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": "file:///etc/passwd"}, {"authorization_endpoint": None}, {"token_endpoint": 7},
        {"id_token_signing_alg_values_supported": ["none", "HS256"]}, {"id_token_signing_alg_values_supported": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_provider_that_says_something_unsafe_of_itself_is_not_used(hostile: Hostile, said: dict[str, Any]) -> None:
    hostile.described = said
    with pytest.raises(ProviderDown):
        a_provider(hostile).described()


def test_an_end_of_session_that_is_unsafe_is_left_out(hostile: Hostile) -> None:
    hostile.described = {"end_session_endpoint": "javascript:alert(1)"}
    assert a_provider(hostile).described().end_session_endpoint == ""


def test_what_it_says_of_itself_is_asked_for_once_an_hour(hostile: Hostile) -> None:
    with frozen(NOON) as clock:
        provider = a_provider(hostile)
        for _ in range(3):
            provider.described()
        assert hostile.asked[DISCOVERY] == 1
        clock.advance(timedelta(hours=1))
        provider.described()
    assert hostile.asked[DISCOVERY] == 2


def test_one_that_has_just_failed_is_left_alone_for_a_moment(hostile: Hostile) -> None:
    hostile.answers[DISCOVERY] = 500, b"", {}
    with frozen(NOON) as clock:
        provider = a_provider(hostile)
        for _ in range(5):
            with pytest.raises(ProviderDown):
                provider.described()
        assert hostile.asked[DISCOVERY] == 1
        hostile.behaves()
        clock.advance(timedelta(seconds=2))
        assert provider.described().algorithms == ("ES256", "PS256", "RS256")


def test_a_new_key_is_found_and_unknown_ones_do_not_make_the_hub_ask_in_a_row(hostile: Hostile) -> None:
    with frozen(NOON) as clock:
        provider = a_provider(hostile)
        for _ in range(5):
            provider.key(hostile.key.kid, "ES256")
        assert hostile.asked["/jwks"] == 1
        hostile.key = ECKey.generate_key(auto_kid=True)
        hostile.keys = [hostile.public()]
        for number in range(20):
            with pytest.raises(NotAuthenticated):
                provider.key(f"unknown-{number}", "ES256")
        assert hostile.asked["/jwks"] == 1
        clock.advance(timedelta(seconds=30))
        assert provider.key(hostile.key.kid, "ES256").thumbprint() == hostile.key.thumbprint()
    assert hostile.asked["/jwks"] == 2


def test_a_key_that_was_taken_back_ends_within_the_hour(hostile: Hostile) -> None:
    with frozen(NOON) as clock:
        provider, old = a_provider(hostile), hostile.key.kid
        provider.key(old, "ES256")
        hostile.keys = []
        clock.advance(timedelta(hours=1))
        with pytest.raises(NotAuthenticated):
            provider.key(old, "ES256")


def test_a_token_that_names_no_key_is_read_by_the_only_one_of_its_kind(hostile: Hostile) -> None:
    rsa = RSAKey.generate_key(2048, auto_kid=True)
    hostile.keys = [hostile.public(), rsa.as_dict(private=False)]
    provider = a_provider(hostile)
    assert provider.key(None, "ES256").thumbprint() == hostile.key.thumbprint()
    hostile.keys.append(ECKey.generate_key(auto_kid=True).as_dict(private=False))
    with pytest.raises(NotAuthenticated):
        a_provider(hostile).key(None, "ES256")


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_rsa_is_believed_as_far_as_the_provider_says_that_it_uses_it(hostile: Hostile, algorithm: str) -> None:
    hostile.key = RSAKey.generate_key(2048, auto_kid=True)
    hostile.keys = [hostile.public()]
    header = {"alg": algorithm, "kid": hostile.key.kid}
    expected = Expected("one-plan-hub", "n")
    with frozen(NOON):
        token = jwt.encode(header, hostile.claims(), hostile.key, algorithms=[algorithm])
        assert believed(token, a_provider(hostile), expected, NOON).subject == "karen"
        hostile.described = {"id_token_signing_alg_values_supported": ["ES256"]}
        with pytest.raises(NotAuthenticated):
            believed(token, a_provider(hostile), expected, NOON)


def test_a_provider_that_takes_the_line_and_says_nothing_is_down_and_holds_few(hostile: Hostile) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=100) as deaf:
        hostile.described = {"token_endpoint": f"http://127.0.0.1:{deaf.getsockname()[1]}/token"}
        provider = a_provider(hostile)
        provider.described()
        begun = threading.Barrier(12)

        def exchanged(_: int) -> str:
            begun.wait()
            try:
                provider.exchange("code", "verifier", "https://hub.example/sign-in/back")
            except ProviderDown as error:
                return error.sentence
            return "let in"

        with ThreadPoolExecutor(12) as pool:
            said = list(pool.map(exchanged, range(12)))
    assert said.count("Too many people wait for the identity provider.") == 4
    assert said.count("The identity provider does not answer as it should.") == 8


@pytest.mark.parametrize("content", [b"", b"no key", None])
def test_a_file_without_a_key_is_refused_at_the_start(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "key.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SettingsRefused) as refused:
        Provider(sign_in_settings("https://login.example", client_secret="", key_file=file))
    assert refused.value.faults[0].field == "sign_in.key_file"
