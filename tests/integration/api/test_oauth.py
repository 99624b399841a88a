"""Tokens for systems: by an assertion signed with their own key, for five minutes, once, bound to a certificate."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from hub.clock import new_id, now
from hub.settings import Client
from hub.store.access_tables import access_tokens, used_assertions
from hub.store.tables import metadata
from hub.testing.clock import frozen
from tests.described import hold
from tests.integration.api.served import Served, served
from tests.integration.databases import EMBEDDED, OPERATED, a_database_for_a_hub

pytestmark = pytest.mark.integration

PUBLIC = "https://hub.kommune.example"
AUDIENCE = f"{PUBLIC}/oauth/token"
EC, RSA = ECKey.generate_key("P-256", {"kid": "ec"}), RSAKey.generate_key(2048, {"kid": "rsa"})
SOMEBODYS = ECKey.generate_key("P-256", {"kid": "ec"})
CERTIFICATE, ANOTHER = b"\x30\x82 a certificate", b"\x30\x82 another's"
#: Secret of nobody; the clients are known by their keys.
OPERATOR = {"organisation": "operations", "role": "operator"}


def shown(certificate: bytes) -> dict[str, str]:
    return {"Client-Cert": f":{base64.b64encode(certificate).decode()}:"}


@pytest.fixture(scope="module", params=[EMBEDDED, OPERATED])
def hub(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    keys = [key.as_dict(private=False) for key in (EC, RSA)]
    clients = {
        "ops-system": Client.model_validate({**OPERATOR, "keys": keys}),
        "bound-system": Client.model_validate(
            {**OPERATOR, "keys": keys, "certificate_sha256": hashlib.sha256(CERTIFICATE).hexdigest()}
        ),
    }
    folder = tmp_path_factory.mktemp("oauth")
    with (
        a_database_for_a_hub(request.param, folder) as url,
        served(url, clients=clients, public_url=PUBLIC, trusted_proxies=["127.0.0.1/32"]) as running,
    ):
        yield running


def assertion(
    client: str = "ops-system",
    key: ECKey | RSAKey | OctKey = EC,
    alg: str = "ES256",
    kid: str | None = "ec",
    **claims: Any,
) -> str:
    at = int(now().timestamp())
    told = {"iss": client, "sub": client, "aud": AUDIENCE, "jti": str(new_id()), "iat": at, "exp": at + 300, **claims}
    header = {"alg": alg, **({} if kid is None else {"kid": kid})}
    return jwt.encode(header, {name: one for name, one in told.items() if one is not None}, key, algorithms=[alg])


def form(signed: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": signed,
    }


def get_token(hub: Served, signed: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
    answer = httpx.post(f"{hub.url}/oauth/token", data=form(signed), headers=headers)
    hold("POST", "/oauth/token", answer)
    return answer


def queues(hub: Served, token: str, headers: Mapping[str, str] | None = None) -> int:
    own = {"Authorization": f"Bearer {token}", **(headers or {})}
    return httpx.get(f"{hub.url}/ops/queues", headers=own).status_code


@pytest.mark.parametrize(("key", "alg", "kid"), [(EC, "ES256", "ec"), (RSA, "PS256", "rsa")])
def test_a_system_that_signs_gets_a_token_of_five_minutes(hub: Served, key: ECKey, alg: str, kid: str) -> None:
    answered = get_token(hub, assertion(key=key, alg=alg, kid=kid))
    assert answered.status_code == 200, answered.text
    assert answered.headers["cache-control"] == "no-store"
    told = answered.json()
    assert (told["token_type"], told["expires_in"]) == ("Bearer", 300)
    assert queues(hub, told["access_token"]) == 200
    with frozen(now() + timedelta(seconds=301)):
        assert queues(hub, told["access_token"]) == 401
    assert hub.audited("token-issued")[-1]["actor"] == "ops-system"


def test_an_assertion_counts_once(hub: Served) -> None:
    signed = assertion()
    assert get_token(hub, signed).status_code == 200
    again = get_token(hub, signed)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_client")
    assert "used before" in again.json()["error_description"]
    assert get_token(hub, assertion("bound-system", jti="x"), shown(CERTIFICATE)).status_code == 200
    assert get_token(hub, assertion(jti="x")).status_code == 200, "the same jti of another client is another's"


AT = int(now().timestamp())
REFUSED: Mapping[str, Mapping[str, Any]] = {
    "another's key": {"key": SOMEBODYS},
    "an unknown kid": {"kid": "other"},
    "no kid": {"kid": None},
    "nobody": {"client": "nobody"},
    "a client known by a token": {"client": "operator"},
    "an algorithm that is not allowed": {"key": RSA, "kid": "rsa", "alg": "RS256"},
    "a secret that both know": {"key": OctKey.import_key("a secret of thirty-two bytes and more"), "alg": "HS256"},
    "another subject": {"sub": "bound-system"},
    "another audience": {"aud": PUBLIC},
    "two audiences": {"aud": [AUDIENCE, PUBLIC]},
    "no audience": {"aud": None},
    "no jti": {"jti": None},
    "a jti without end": {"jti": "x" * 200},
    "an end that is over": {"iat": AT - 400, "exp": AT - 100},
    "a beginning in an hour": {"iat": AT + 3600, "exp": AT + 3700},
    "longer than five minutes": {"exp": AT + 4000},
    "no end": {"exp": None},
    "an end that is no number": {"exp": "soon"},
}


@pytest.mark.parametrize("said", REFUSED.values(), ids=REFUSED.keys())
def test_whoever_shows_nothing_gets_no_token(hub: Served, said: Mapping[str, Any]) -> None:
    answered = get_token(hub, assertion(**said))
    assert (answered.status_code, answered.json()["error"]) == (401, "invalid_client"), answered.text
    assert "Bearer" not in answered.text


@pytest.mark.parametrize("signed", ["", "x", "a.b.c", "e30.e30.", "." * 9_000, "ö", "e30." * 3])
def test_what_is_no_assertion_is_refused(hub: Served, signed: str) -> None:
    assert get_token(hub, signed).status_code == 401


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "unsupported_grant_type"),
        ({"client_assertion_type": "jwt"}, 401, "invalid_client"),
        ({"grant_type": ["client_credentials", "client_credentials"]}, 400, "invalid_request"),
        ({"client_assertion": []}, 400, "invalid_request"),
        ({"client_assertion": "x" * 40_000}, 400, "invalid_request"),
    ],
)
def test_a_form_with_a_fault_is_answered_as_oauth_does(
    hub: Served, changed: Mapping[str, Any], status: int, error: str
) -> None:
    answered = httpx.post(f"{hub.url}/oauth/token", data={**form(assertion()), **changed})
    assert (answered.status_code, answered.json()["error"]) == (status, error)
    no_form = httpx.post(f"{hub.url}/oauth/token", json=form("x"))
    assert (no_form.status_code, no_form.json()["error"]) == (400, "invalid_request")


def test_a_token_is_bound_to_the_certificate_it_was_got_by(hub: Served) -> None:
    token = get_token(hub, assertion(), shown(CERTIFICATE)).json()["access_token"]
    assert queues(hub, token, shown(CERTIFICATE)) == 200
    assert queues(hub, token) == 401
    assert queues(hub, token, shown(ANOTHER)) == 401
    assert queues(hub, token, {"Client-Cert": "a certificate"}) == 401


def test_a_client_with_a_certificate_must_show_it(hub: Served) -> None:
    assert get_token(hub, assertion("bound-system")).status_code == 401
    assert get_token(hub, assertion("bound-system"), shown(ANOTHER)).status_code == 401
    token = get_token(hub, assertion("bound-system"), shown(CERTIFICATE)).json()["access_token"]
    assert queues(hub, token, shown(CERTIFICATE)) == 200
    assert queues(hub, token) == 401


def test_nobody_but_a_trusted_proxy_can_tell_of_a_certificate(tmp_path_factory: pytest.TempPathFactory) -> None:
    client = Client.model_validate(
        {
            **OPERATOR,
            "keys": [EC.as_dict(private=False)],
            "certificate_sha256": hashlib.sha256(CERTIFICATE).hexdigest(),
        }
    )
    place = f"sqlite:///{tmp_path_factory.mktemp('oauth-untrusted') / 'hub.db'}"
    with served(place, clients={"bound-system": client}, public_url=PUBLIC) as hub:
        assert get_token(hub, assertion("bound-system"), shown(CERTIFICATE)).status_code == 401


def test_a_token_is_nowhere_and_what_is_over_is_forgotten(hub: Served) -> None:
    token = get_token(hub, assertion()).json()["access_token"]
    with hub.store.begin(read_only=True) as unit:
        rows = unit.connection.execute(access_tokens.select()).all()
        assert rows
        assert not any(token.encode() in bytes(row.token_digest) for row in rows)
        every = [row for table in metadata.sorted_tables for row in unit.connection.execute(sa.select(table))]
        assert not any(token in repr(row) for row in every)
    with frozen(now() + timedelta(hours=1)):
        assert get_token(hub, assertion()).status_code == 200
    with hub.store.begin(read_only=True) as unit:
        for table in (access_tokens, used_assertions):
            assert len(unit.connection.execute(table.select()).all()) == 1
