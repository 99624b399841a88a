"""Callers are known by the SHA-256 of their tokens."""

from __future__ import annotations

import hashlib
from uuid import UUID

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from hub.errors import NotAuthenticated, SettingsRefused
from hub.identity.tokens import CITIZEN_ACCESS, Identity, bearer, new_token
from hub.plan.person import Role
from hub.settings import Client

ANNA = UUID(int=7)
TOKEN, DIGEST = new_token()


def a_client(digest: str = DIGEST, role: str = "coordinator", **facts: object) -> Client:
    return Client.model_validate({"token_sha256": digest, "organisation": "coordination", "role": role, **facts})


def test_a_new_token_is_256_random_bits_and_its_hash() -> None:
    token, digest = new_token()
    assert len(token) >= 43
    assert digest == hashlib.sha256(token.encode()).hexdigest()
    assert token != new_token()[0]


def test_a_caller_is_the_reader_that_the_settings_describe() -> None:
    caller = Identity({"desk": a_client(purpose="one-plan")}).caller(TOKEN, "en")
    assert caller.client == "desk"
    assert (caller.reader.organisation, caller.reader.role) == ("coordination", Role.COORDINATOR)
    assert (caller.reader.purpose, caller.reader.language) == ("one-plan", "en")


def test_the_scheme_is_read_in_any_case() -> None:
    assert bearer(f"bearer {TOKEN}") == TOKEN


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("", id="no header"),
        pytest.param("Bearer", id="no token"),
        pytest.param("Bearer ", id="an empty token"),
        pytest.param(f"Basic {TOKEN}", id="another scheme"),
        pytest.param("Bearer wrong", id="another token"),
        pytest.param(f"Bearer {DIGEST}", id="the digest"),
        pytest.param(f"Bearer {TOKEN}x", id="a letter too many"),
        pytest.param(TOKEN, id="no scheme"),
        pytest.param("Bearer æ", id="no ASCII"),
    ],
)
def test_nobody_else_is_known_and_no_token_is_repeated(header: str) -> None:
    with pytest.raises(NotAuthenticated) as refused:
        Identity({"desk": a_client()}).caller(bearer(header))
    assert TOKEN not in refused.value.diagnostics()
    assert "wrong" not in refused.value.diagnostics()


def test_a_hub_without_clients_knows_nobody() -> None:
    with pytest.raises(NotAuthenticated):
        Identity({}).caller(TOKEN)


def test_a_citizen_asks_for_insight_unless_told_otherwise() -> None:
    citizen = a_client(role="citizen", person=str(ANNA))
    assert Identity({"anna": citizen}).caller(TOKEN).reader.purpose == CITIZEN_ACCESS
    told = a_client(role="citizen", person=str(ANNA), purpose="one-plan")
    assert Identity({"anna": told}).caller(TOKEN).reader.purpose == "one-plan"


def test_every_bad_client_is_named_at_once() -> None:
    clients = {
        "king": a_client("1" * 64, role="king"),
        "anna": a_client("2" * 64, role="citizen"),
        "desk": a_client("3" * 64, person=str(ANNA)),
        "one": a_client("4" * 64),
        "two": a_client("4" * 64),
    }
    with pytest.raises(SettingsRefused) as refused:
        Identity(clients)
    assert [fault.field for fault in refused.value.faults] == [
        "clients.king.role",
        "clients.anna.person",
        "clients.desk.person",
        "clients.one.token_sha256",
        "clients.two.token_sha256",
    ]


GOOD = ECKey.generate_key("P-256", {"kid": "a"}).as_dict(private=False)


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        (ECKey.generate_key("P-256", {"kid": "b"}).as_dict(private=True), "It is a private key"),
        (RSAKey.generate_key(2048, {"kid": "b"}).as_dict(private=True), "It is a private key"),
        ({"kty": "RSA", "kid": "b", "e": "AQAB", "n": "x" * 171}, "It has fewer than 2048 bits."),
        (ECKey.generate_key("P-384", {"kid": "b"}).as_dict(private=False), "It is of another curve than P-256."),
        (ECKey.generate_key("P-256").as_dict(private=False), "It has no kid"),
        (GOOD, "Another of its keys has the same kid."),
        ({**GOOD, "kid": "b", "alg": "ES384"}, "Its alg is neither ES256 nor PS256."),
        ({"kty": "EC", "kid": "b"}, "It is no key that can be read."),
        ({"kid": "b"}, "It is no key that can be read."),
        (OctKey.generate_key(256, {"kid": "b"}).as_dict(private=False), "It is no key that can be read."),
    ],
)
def test_a_key_that_cannot_be_used_is_named_and_not_repeated(key: dict[str, str], sentence: str) -> None:
    client = Client.model_validate({"keys": [GOOD, key], "organisation": "children", "role": "authority-system"})
    with pytest.raises(SettingsRefused) as refused:
        Identity({"system": client})
    (fault,) = refused.value.faults
    assert fault.field == "clients.system.keys.1"
    assert fault.sentence.startswith(sentence)
    assert str(GOOD["x"]) not in refused.value.diagnostics()


@pytest.mark.parametrize("known_by", [{}, {"token_sha256": "1" * 64, "keys": [GOOD]}], ids=["nothing", "both"])
def test_a_client_is_known_by_a_token_or_by_keys(known_by: dict[str, object]) -> None:
    client = Client.model_validate({**known_by, "organisation": "children", "role": "authority-system"})
    with pytest.raises(SettingsRefused) as refused:
        Identity({"system": client})
    assert [fault.field for fault in refused.value.faults] == ["clients.system"]
