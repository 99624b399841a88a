"""Whatever an identity provider sends back, or somebody in its place: nobody is let in who is not shown to be."""

from __future__ import annotations

import base64
import hmac
import socket
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jws, jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, RSAKey

from hub.clock import monotonic, now
from hub.errors import ProviderDown
from hub.identity.provider import Provider
from hub.sandbox.provider import s256
from tests.integration.api.served import Served
from tests.integration.sandboxes import TOKEN
from tests.integration.ui.hostile_provider import Hostile, a_hostile_provider
from tests.integration.ui.provider import a_hub_with, comes_back, refusals, sign_in_settings, starts
from tests.integration.ui.visitor import Visitor, words_of

pytestmark = pytest.mark.integration
ANOTHER = ECKey.generate_key(auto_kid=True)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", SecurityWarning)
    WEAK = RSAKey.generate_key(1024, auto_kid=True)
HOUR = 3600


@pytest.fixture(scope="module")
def served_by() -> Iterator[Hostile]:
    with a_hostile_provider() as running:
        yield running


@pytest.fixture
def provider(served_by: Hostile) -> Hostile:
    served_by.behaves()
    return served_by


@pytest.fixture(autouse=True)
def _every_refusal_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each be written: one hub serves all of these tests within a minute."""
    monkeypatch.setattr("hub.flow.refusal.MOST", 10_000)


@pytest.fixture(scope="module")
def hub(served_by: Hostile, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with a_hub_with(f"sqlite:///{tmp_path_factory.mktemp('hub') / 'hub.db'}", served_by.url) as running:
        yield running


@pytest.fixture
def visitor(hub: Served) -> Iterator[Visitor]:
    with Visitor(hub.url) as somebody:
        yield somebody


def told(visitor: Visitor, provider: Hostile) -> dict[str, str]:
    """Set out; return what a good provider would send back."""
    asked = starts(visitor)
    provider.nonce = asked["nonce"]
    return {"code": "a-code", "state": asked["state"], "iss": provider.url}


def is_not_let_in(hub: Served, visitor: Visitor, back: dict[str, str], why: str = "not-believed") -> None:
    before = len(hub.audited("signed-in"))
    answer = comes_back(visitor, **back)
    assert answer.status_code in (401, 403)
    assert "hub-session" not in visitor.client.cookies
    assert refusals(hub)[-1] == ("-", why)
    assert len(hub.audited("signed-in")) == before
    assert "Begynd forfra" in words_of(answer) or why in ("denied", "failed")


def at(seconds: int) -> int:
    return int(now().timestamp()) + seconds


def test_a_good_provider_lets_in(hub: Served, provider: Hostile, visitor: Visitor) -> None:
    assert comes_back(visitor, **told(visitor, provider)).status_code == 200
    assert visitor.gets("/coordinator").status_code == 200


def test_the_hub_proves_that_it_has_asked(provider: Hostile, visitor: Visitor) -> None:
    asked = starts(visitor)
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    comes_back(visitor, code="a-code", state=asked["state"], iss=provider.url)
    assert s256(provider.forms[-1]["code_verifier"]) == asked["code_challenge"]
    assert provider.forms[-1]["redirect_uri"] == asked["redirect_uri"]
    basic = base64.b64decode(provider.shown[-1].removeprefix("Basic ")).decode()
    assert basic == f"one-plan-hub:{quote(TOKEN, safe='')}"


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "another"}, {"nonce": None}, {"nonce": 1}, {"aud": "somebody"}, {"aud": None}, {"aud": []},
        {"aud": ["one-plan-hub", "somebody"]}, {"azp": "somebody"}, {"iss": "https://evil.example"}, {"iss": None},
        {"exp": at(-HOUR)}, {"exp": None}, {"exp": "soon"}, {"exp": True}, {"iat": at(HOUR), "exp": at(2 * HOUR)},
        {"iat": at(-HOUR), "exp": at(HOUR)}, {"iat": None}, {"nbf": at(HOUR)}, {"sub": None}, {"sub": ""},
        {"sub": 7}, {"sub": "x" * 256},
    ],
    ids=" ".join,  # the names alone: times differ from one process that collects to the next
)  # fmt: skip
def test_a_token_for_another_or_of_another_time_is_not_believed(
    hub: Served, provider: Hostile, visitor: Visitor, changed: dict[str, Any]
) -> None:
    back = told(visitor, provider)
    provider.changed = changed
    is_not_let_in(hub, visitor, back)


def _part(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def _none(provider: Hostile, claims: dict[str, Any]) -> str:
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return b".".join(_part(orjson.dumps(part)) for part in parts).decode() + "."


def _hs256(secret: Callable[[Hostile], bytes]) -> Callable[[Hostile, dict[str, Any]], str]:
    def forged(provider: Hostile, claims: dict[str, Any]) -> str:
        header = {"alg": "HS256", "kid": provider.key.kid}
        signed = b".".join(_part(orjson.dumps(one)) for one in (header, claims))
        return b".".join((signed, _part(hmac.digest(secret(provider), signed, "sha256")))).decode()

    return forged


def _pem(provider: Hostile) -> bytes:
    # A JWS library that takes any key for any algorithm would take the public key for a secret.
    public: Any = provider.key.public_key
    return bytes(public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))


def _signed_by(key: ECKey | RSAKey, algorithm: str, kid: str | None) -> Callable[[Hostile, dict[str, Any]], str]:
    def forged(provider: Hostile, claims: dict[str, Any]) -> str:
        header = {"alg": algorithm, "kid": kid or provider.key.kid}
        return jwt.encode(header, claims, key, algorithms=[algorithm])

    return forged


def _changed_after(provider: Hostile, claims: dict[str, Any]) -> str:
    header, _, signature = provider.signed(claims | {"sub": "somebody"}).split(".")
    return f"{header}.{_part(orjson.dumps(claims)).decode()}.{signature}"


def _with_its_own_key(provider: Hostile, claims: dict[str, Any]) -> str:
    header = {"alg": "ES256", "jwk": ANOTHER.as_dict(private=False)}
    return jws.serialize_compact(header, orjson.dumps(claims), ANOTHER, algorithms=["ES256"])


FORGED: dict[str, Callable[[Hostile, dict[str, Any]], str]] = {
    "alg none": _none,
    "HS256 with the public key": _hs256(_pem),
    "HS256 with the client's secret": _hs256(lambda _: TOKEN.encode()),
    "another's key under the provider's name": _signed_by(ANOTHER, "ES256", None),
    "another's key under its own name": _signed_by(ANOTHER, "ES256", "unknown"),
    "an algorithm that the key is not of": _signed_by(RSAKey.generate_key(2048), "RS256", None),
    "changed after it was signed": _changed_after,
    "a key in its own header": _with_its_own_key,
    "no token": lambda _provider, _claims: "not.a.token",
    "an empty one": lambda _provider, _claims: "",
    "an encrypted one": lambda _provider, _claims: "a.b.c.d.e",
    "a huge one": lambda _provider, _claims: "a" * 60_000 + ".b.c",
}


@pytest.mark.parametrize("how", FORGED)
def test_a_token_that_the_provider_has_not_signed_is_not_believed(
    hub: Served, provider: Hostile, visitor: Visitor, how: str
) -> None:
    back = told(visitor, provider)
    provider.id_token = lambda claims: FORGED[how](provider, claims)
    is_not_let_in(hub, visitor, back)


@pytest.mark.parametrize(
    "changed",
    [
        {"state": "another"}, {"state": ""}, {"iss": "https://evil.example"}, {"iss": ""},
    ],
    ids=str,
)  # fmt: skip
def test_an_answer_to_another_question_or_of_another_provider_is_none(
    hub: Served, provider: Hostile, visitor: Visitor, changed: dict[str, str]
) -> None:
    back = told(visitor, provider)
    asked = provider.asked["/token"]
    is_not_let_in(hub, visitor, back | changed, "interrupted" if "state" in changed else "not-believed")
    assert provider.asked["/token"] == asked, "the code goes nowhere"


def test_an_answer_that_does_not_say_whose_it_is_is_none_where_the_provider_says_so(
    hub: Served, provider: Hostile, visitor: Visitor
) -> None:
    back = told(visitor, provider)
    del back["iss"]
    is_not_let_in(hub, visitor, back)


def test_an_answer_from_another_browser_is_none(hub: Served, provider: Hostile, visitor: Visitor) -> None:
    with Visitor(hub.url) as attacker:
        theirs = told(attacker, provider)
    is_not_let_in(hub, visitor, theirs, "interrupted")
    own = told(visitor, provider)
    is_not_let_in(hub, visitor, theirs, "interrupted")
    assert own["state"] != theirs["state"]


def test_what_is_told_twice_counts_for_nothing(hub: Served, provider: Hostile, visitor: Visitor) -> None:
    back = told(visitor, provider)
    answer = visitor.client.get("/sign-in/back", params=[*back.items(), ("state", back["state"])])
    assert answer.status_code == 401
    assert refusals(hub)[-1] == ("-", "interrupted")


@pytest.mark.parametrize("carried", ["", "x", "AAAA" * 100, "é", "A" * 5000])
def test_a_cookie_that_the_hub_has_not_sealed_is_none(
    hub: Served, provider: Hostile, visitor: Visitor, carried: str
) -> None:
    back = told(visitor, provider)
    visitor.client.cookies.clear()
    answer = visitor.client.get("/sign-in/back", params=back, headers={"Cookie": f"hub-sign-in={quote(carried)}"})
    assert answer.status_code == 401
    assert refusals(hub)[-1] == ("-", "interrupted")


@pytest.mark.parametrize(
    ("error", "why"), [("access_denied", "denied"), ("server_error", "failed"), ("<script>alert(1)</script>", "failed")]
)
def test_an_error_of_the_provider_is_a_calm_page_without_its_words(
    hub: Served, provider: Hostile, visitor: Visitor, error: str, why: str
) -> None:
    back = told(visitor, provider)
    said = {
        "error": error,
        "error_description": "Call 12345678 <b>now</b>",
        "state": back["state"],
        "iss": provider.url,
    }
    answer = comes_back(visitor, **said)
    assert "12345678" not in answer.text
    assert "alert(1)" not in answer.text
    assert refusals(hub)[-1] == ("-", why)


def test_nobody_fills_the_audit_by_coming_back_from_nowhere(
    hub: Served, provider: Hostile, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.flow.refusal.MOST", 0)
    before = len(hub.audited("refused"))
    assert comes_back(visitor, code="a-code", state="a-state", iss=provider.url).status_code == 401
    assert len(hub.audited("refused")) == before, "counted, and told of by the next row"


def test_an_error_of_somebody_else_is_none(hub: Served, provider: Hostile, visitor: Visitor) -> None:
    told(visitor, provider)
    is_not_let_in(hub, visitor, {"error": "access_denied", "state": "another", "iss": provider.url}, "interrupted")


def test_a_code_that_the_provider_does_not_take_lets_nobody_in(
    hub: Served, provider: Hostile, visitor: Visitor
) -> None:
    back = told(visitor, provider)
    provider.answers["/token"] = 400, b'{"error": "invalid_grant"}', {}
    is_not_let_in(hub, visitor, back)


@pytest.mark.parametrize(
    "answer",
    [
        (500, b"", {}), (401, b'{"error": "invalid_client"}', {}), (200, b"[]", {}), (200, b"\xff", {}),
        (302, b"", {"Location": "/elsewhere"}), (200, b"{" + b" " * 300_000 + b"}", {}),
        (200, b"{}", {"Content-Encoding": "gzip"}),
    ],
    ids=["500", "401", "no object", "no JSON", "a redirect", "too much", "packed"],
)  # fmt: skip
def test_a_token_endpoint_that_answers_nonsense_is_down(
    hub: Served, provider: Hostile, visitor: Visitor, answer: tuple[int, bytes, dict[str, str]]
) -> None:
    back = told(visitor, provider)
    before = len(hub.audited("refused"))
    provider.answers["/token"] = answer
    page = comes_back(visitor, **back)
    if answer[1] == b"{}":
        assert page.status_code == 401
        return
    assert page.status_code == 503
    assert len(hub.audited("refused")) == before, "nobody was refused"
    assert provider.asked["/elsewhere"] == 0, "no redirect is followed"


def test_of_a_silent_provider_few_threads_are_kept_waiting() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        provider = Provider(sign_in_settings(f"http://127.0.0.1:{silent.getsockname()[1]}"))

        def asks(_: int) -> float:
            begun = monotonic()
            with pytest.raises(ProviderDown):
                provider.described()
            return monotonic() - begun

        with ThreadPoolExecutor(40) as pool:
            took = sorted(pool.map(asks, range(40)))
        silent.settimeout(1)
        silent.accept()[0].close()  # it was asked: whoever has the place needs no room to wait in
    assert took[30] < 1, "the threads are everybody's"


def test_a_key_for_something_else_or_too_weak_verifies_nothing(tmp_path: Path) -> None:
    with a_hostile_provider() as provider:
        provider.keys = [
            {**provider.public(), "use": "enc"}, {**WEAK.as_dict(private=False)}, {"kty": "oct", "k": "AAAA"},
            {"kty": "EC"}, "no key",  # type: ignore[list-item]
        ]  # fmt: skip
        with (
            a_hub_with(f"sqlite:///{tmp_path / 'hub.db'}", provider.url) as hub,
            Visitor(hub.url) as visitor,
        ):
            is_not_let_in(hub, visitor, told(visitor, provider))
            provider.id_token = lambda claims: _signed_by(WEAK, "RS256", WEAK.kid)(provider, claims)
            is_not_let_in(hub, visitor, told(visitor, provider))


def test_a_key_in_pem_is_what_the_hub_signs_with_instead_of_a_secret(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    no_password = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, no_password)
    (tmp_path / "key.pem").write_bytes(pem)
    more = {"client_secret": "", "key_file": tmp_path / "key.pem", "key_id": "hub-1"}
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    with a_hostile_provider() as provider, a_hub_with(url, provider.url, **more) as hub, Visitor(hub.url) as visitor:
        assert comes_back(visitor, **told(visitor, provider)).status_code == 200
        form = provider.forms[-1]
        shown = jwt.decode(form["client_assertion"], ECKey.import_key(pem), algorithms=["ES256"])
        assert shown.header["kid"] == "hub-1"
        assert shown.claims["iss"] == shown.claims["sub"] == "one-plan-hub"
        assert shown.claims["aud"] == provider.url
        assert "authorization" not in [one for one in provider.shown if one]


@pytest.mark.parametrize(("auth_time", "is_let_in"), [(0, True), (-600, False), (None, False), (HOUR, False)])
def test_who_was_asked_too_long_ago_is_asked_again(tmp_path: Path, auth_time: int | None, is_let_in: bool) -> None:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    with a_hostile_provider() as provider, a_hub_with(url, provider.url, max_age=300) as hub:
        provider.changed = {"auth_time": None if auth_time is None else at(auth_time)}
        with Visitor(hub.url) as visitor:
            answer = comes_back(visitor, **told(visitor, provider))
            assert (answer.status_code == 200) is is_let_in
