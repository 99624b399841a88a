"""The sandbox's identity provider as a process of its own, asked as any client asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from hub.clock import now
from hub.sandbox.provider import s256
from tests.integration.sandboxes import TOKEN, Sandbox, a_sandbox
from tests.integration.ui.visitor import parts_of, words_of

pytestmark = pytest.mark.integration
HUB = "http://127.0.0.1:9"
VERIFIER = "v" * 43


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with a_sandbox("identity", tmp_path_factory.mktemp("identity"), hub_url=HUB) as running:
        yield running


def asked(**changed: str) -> dict[str, str]:
    return {
        "client_id": "one-plan-hub", "redirect_uri": f"{HUB}/sign-in/back", "response_type": "code", "scope": "openid",
        "state": "a-state", "nonce": "a-nonce", "code_challenge": s256(VERIFIER), "code_challenge_method": "S256",
    } | changed  # fmt: skip


def told(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 303
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def a_code(provider: Sandbox, sub: str = "karen", **changed: str) -> str:
    return told(httpx.post(f"{provider.url}/authorize", data=asked(**changed) | {"sub": sub}))["code"]


def tokens(provider: Sandbox, code: str, secret: str = TOKEN, **changed: str) -> httpx.Response:
    form = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": f"{HUB}/sign-in/back",
        "code_verifier": VERIFIER,
    } | changed  # fmt: skip
    return httpx.post(f"{provider.url}/token", data=form, auth=("one-plan-hub", secret))


def test_whoever_is_chosen_comes_back_with_a_token_that_its_keys_have_signed(provider: Sandbox) -> None:
    known = httpx.get(f"{provider.url}/.well-known/openid-configuration").json()
    given = tokens(provider, a_code(provider)).json()
    keys = KeySet.import_key_set(httpx.get(known["jwks_uri"]).json())
    claims: dict[str, Any] = jwt.decode(given["id_token"], keys, algorithms=["ES256"]).claims
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (provider.url, "one-plan-hub", "a-nonce")
    assert claims["privileges"] == ["https://one-plan-hub.example/roles/usersystemrole/coordinator/1"]


def test_the_page_says_that_it_is_a_sandbox_and_offers_everybody(provider: Sandbox) -> None:
    page = httpx.get(f"{provider.url}/authorize", params=asked())
    assert "Sandbox." in words_of(page, "//header")
    assert len(parts_of(page, "//button/text()")) == 13
    assert f"form-action 'self' {HUB};" in page.headers["content-security-policy"]


def test_a_code_counts_once(provider: Sandbox) -> None:
    code = a_code(provider)
    assert [tokens(provider, code).status_code for _ in range(2)] == [200, 400]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge": "", "code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
def test_a_question_that_is_not_safe_is_answered_by_an_error(
    provider: Sandbox, changed: dict[str, str], error: str
) -> None:
    answer = told(httpx.get(f"{provider.url}/authorize", params=asked(**changed)))
    assert answer == {"error": error, "state": "a-state", "iss": provider.url}


@pytest.mark.parametrize("changed", [{"redirect_uri": "https://evil.example/"}, {"client_id": "somebody"}])
def test_nobody_is_sent_to_an_address_that_is_not_registered(provider: Sandbox, changed: dict[str, str]) -> None:
    for answer in (
        httpx.get(f"{provider.url}/authorize", params=asked(**changed)),
        httpx.post(f"{provider.url}/authorize", data=asked(**changed) | {"sub": "karen"}),
        httpx.get(f"{provider.url}/end-session", params={"post_logout_redirect_uri": "https://evil.example/"}),
    ):
        assert answer.status_code in (200, 400)
        assert "location" not in answer.headers


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"secret": "wrong"}, "invalid_client"),
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"redirect_uri": f"{HUB}/elsewhere"}, "invalid_grant"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_code_is_worth_nothing_to_anybody_else(provider: Sandbox, changed: dict[str, str], error: str) -> None:
    answer = tokens(provider, a_code(provider), **changed)
    assert answer.json()["error"] == error


def test_a_client_with_a_registered_key_signs_instead_of_showing_a_secret(tmp_path: Path) -> None:
    key = ECKey.generate_key(auto_kid=True)
    with a_sandbox("identity", tmp_path, hub_url=HUB) as provider:
        back = [f"{HUB}/sign-in/back"]
        provider.ask("PUT", "/sandbox/client", {"redirect_uris": back, "keys": [key.as_dict(private=False)]})
        assert tokens(provider, a_code(provider)).json()["error"] == "invalid_client"
        at = int(now().timestamp())
        claims = {"iss": "one-plan-hub", "sub": "one-plan-hub", "aud": provider.url, "iat": at, "exp": at + 60}
        shown = {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key),
        }
        assert tokens(provider, a_code(provider), **shown).status_code == 200


def test_who_signs_out_is_sent_back_to_the_hub(provider: Sandbox) -> None:
    left = f"{HUB}/sign-in/left"
    answer = httpx.get(f"{provider.url}/end-session", params={"post_logout_redirect_uri": left})
    assert (answer.status_code, answer.headers["location"]) == (303, left)
