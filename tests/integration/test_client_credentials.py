"""The hub shows who it is: by tokens it asks for with a signed assertion, and by a certificate over TLS."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hub.adapters._http import HttpSender
from hub.adapters._wire import WireSettings, read_wire
from hub.errors import NotLetIn, RecipientDown, SettingsRefused
from tests.certificates import Identity, an_identity, elliptic_key, rsa_key
from tests.integration.token_server import TokenServer, a_token_server, serving

pytestmark = pytest.mark.integration


@pytest.fixture(params=[rsa_key, elliptic_key], ids=["rsa", "elliptic"])
def hub_key(request: pytest.FixtureRequest, tmp_path: Path) -> Identity:
    return an_identity(tmp_path, "hub", request.param())


@pytest.fixture
def server(hub_key: Identity) -> Iterator[TokenServer]:
    with a_token_server(hub_key.key) as running:
        yield running


def a_sender(server: TokenServer, hub_key: Identity, **besides: Any) -> HttpSender:
    settings = {
        "url": server.url, "token_url": f"{server.url}/token", "client_id": "one-plan-hub",
        "assertion_key_file": hub_key.key_file, "total_seconds": 5, **besides,
    }  # fmt: skip
    sender = read_wire(WireSettings, "social", settings).sender("social")
    assert sender is not None
    return sender


# --- tokens -------------------------------------------------------------------------------------------------------


def test_a_token_is_asked_for_with_an_assertion_and_used_until_it_ends(server: TokenServer, hub_key: Identity) -> None:
    sender = a_sender(server, hub_key, scope="sager.read")
    for _ in range(3):
        assert sender.request("GET", "/api/sager").status == 200
    assert server.shown == ["token-1"] * 3
    [asked] = server.asked
    assert asked["grant_type"] == "client_credentials"
    assert asked["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert asked["scope"] == "sager.read"


def test_a_slash_at_the_end_of_the_address_of_tokens_is_part_of_it(server: TokenServer, hub_key: Identity) -> None:
    settings = {
        "url": f"{server.url}/", "token_url": f"{server.url}/o/token/", "client_id": "one-plan-hub",
        "assertion_key_file": hub_key.key_file,
    }  # fmt: skip
    chosen = read_wire(WireSettings, "social", settings)
    assert chosen.token_url == f"{server.url}/o/token/"


def test_a_token_that_ends_is_replaced_before_it_ends(server: TokenServer, hub_key: Identity) -> None:
    server.expires_in = 0.4
    sender = a_sender(server, hub_key)
    sender.request("GET", "/x")
    time.sleep(0.25)  # more than half of its life
    sender.request("GET", "/x")
    assert server.shown == ["token-1", "token-2"]
    assert len({claims["jti"] for claims in server.claims}) == 2


def test_a_token_that_is_revoked_is_asked_for_anew_once(server: TokenServer, hub_key: Identity) -> None:
    sender = a_sender(server, hub_key)
    sender.request("GET", "/x")
    server.revoked = {"token-1"}
    assert sender.request("GET", "/x").status == 200
    assert server.shown == ["token-1", "token-1", "token-2"]
    server.revoked = {f"token-{number}" for number in range(9)}
    with pytest.raises(NotLetIn, match="401") as caught:
        sender.request("GET", "/x")
    assert caught.value.code == "recipient-unauthenticated"
    assert len(server.asked) == 3, "nobody asks for tokens without end"


def test_those_who_need_a_token_at_once_share_one(server: TokenServer, hub_key: Identity) -> None:
    sender = a_sender(server, hub_key)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sender.request("GET", "/x").status, range(16)))
    assert answers == [200] * 16
    assert len(server.asked) == 1


def test_a_client_that_is_not_known_is_told_what_to_see_to(server: TokenServer, hub_key: Identity) -> None:
    with pytest.raises(NotLetIn) as caught:
        a_sender(server, hub_key, client_id="another").request("GET", "/x")
    assert "issues tokens answered HTTP 401" in caught.value.sentence
    assert "client_id" in caught.value.next_step
    assert server.shown == [], "nothing is asked of the system without a token"


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b'"x"', b"{}", b'{"access_token":"a"}', b'{"access_token":"a","token_type":"mac"}',
        b'{"access_token":"a\\r\\nX: y","token_type":"bearer"}', b'{"access_token":"","token_type":"bearer"}',
        b'{"access_token":7,"token_type":"bearer"}', b'{"access_token":"a","token_type":"bearer","expires_in":"soon"}',
        b'{"access_token":"a","token_type":"bearer","expires_in":-1}',
        b'{"access_token":"\xc3\xa6","token_type":"bearer"}',
    ],
)  # fmt: skip
def test_an_answer_that_is_no_token_is_never_shown(server: TokenServer, hub_key: Identity, body: bytes) -> None:
    server.answer = (200, body)
    with pytest.raises(RecipientDown, match="no bearer token"):
        a_sender(server, hub_key).request("GET", "/x")
    assert server.shown == []


@pytest.mark.parametrize("status", [302, 400, 429, 500, 503])
def test_where_no_token_is_to_be_had_the_system_is_left_alone_for_a_while(
    server: TokenServer, hub_key: Identity, status: int
) -> None:
    server.answer = (status, b"")
    with pytest.raises(RecipientDown):
        a_sender(server, hub_key).request("GET", "/x")
    assert (len(server.asked), server.shown) == (1, [])


# --- settings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"client_id": None}, "they go together"),
        ({"assertion_key_file": None}, "they go together"),
        ({"token_url": None, "client_id": None, "assertion_key_file": None, "token": "t"}, "they go together"),
        ({"token": "t"}, "has a token, or asks for one"),
        ({"url": None}, "url and token"),
        ({"token_url": "http://tokens.example/token"}, "https://"),
        ({"token_url": "https://user:secret@tokens.example/token"}, "without user"),
        ({"assertion_key_file": Path("/nowhere/key.pem")}, "names a file that is there"),
        ({"client_key_file": Path(__file__)}, "set both, or neither"),
        ({"client_key_file": Path(__file__), "client_certificate_file": Path(__file__)}, "PEM certificate"),
        ({"ca_file": Path(__file__)}, "holds certificates in PEM"),
        ({"assertion_key_file": Path(__file__)}, "private key in PEM without a password"),
    ],
)
def test_settings_that_do_not_fit_are_refused_by_name(hub_key: Identity, changed: dict[str, Any], says: str) -> None:
    settings = {
        "url": "https://social.example", "token_url": "https://tokens.example/token", "client_id": "hub",
        "assertion_key_file": hub_key.key_file, "scope": "sager",
    }  # fmt: skip
    with pytest.raises(SettingsRefused) as caught:
        read_wire(WireSettings, "social", {**settings, **changed})
    told = " ".join(fault.sentence for fault in caught.value.faults)
    assert says in told
    assert "secret" not in told
    assert "PRIVATE" not in told


@pytest.mark.parametrize("weak", [lambda: rsa_key(1024), lambda: ec.generate_private_key(ec.SECP256K1())])
def test_a_key_that_is_too_weak_or_unusual_is_refused(weak: Any, tmp_path: Path) -> None:
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = weak()
    path = an_identity(tmp_path, "weak", key).key_file
    settings = {"url": "https://a.example", "token_url": "https://b.example/t", "client_id": "hub"}
    with pytest.raises(SettingsRefused) as caught:
        read_wire(WireSettings, "social", {**settings, "assertion_key_file": path})
    assert "2048 bits or more" in caught.value.faults[0].sentence


# --- certificates -------------------------------------------------------------------------------------------------


class Theirs(BaseHTTPRequestHandler):
    """Answers whoever has got so far."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def ca(tmp_path: Path) -> Identity:
    return an_identity(tmp_path, "ca", is_ca=True)


def theirs(ca: Identity, folder: Path, address: str = "127.0.0.1", days: float = 30) -> ssl.SSLContext:
    """Return the TLS of a system that lets in only whom the CA has certified."""
    server = an_identity(folder, "server", issuer=ca, address=address, days=days)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.certificate_file, server.key_file)
    context.load_verify_locations(ca.certificate_file)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def asks(url: str, **settings: Any) -> int:
    sender = read_wire(WireSettings, "social", {"url": url, "total_seconds": 5, **settings}).sender("social")
    assert sender is not None
    return sender.request("GET", "/x").status


def test_a_certificate_alone_says_who_the_hub_is(ca: Identity, tmp_path: Path) -> None:
    hub = an_identity(tmp_path, "hub", issuer=ca)
    shows = {"client_certificate_file": hub.certificate_file, "client_key_file": hub.key_file}
    with serving(Theirs, theirs(ca, tmp_path)) as url:
        assert asks(url, ca_file=ca.certificate_file, **shows) == 200
        with pytest.raises(RecipientDown, match="will not have the certificate that the hub shows, or misses one"):
            asks(url, ca_file=ca.certificate_file, token="t")
        stranger = an_identity(tmp_path, "stranger")
        other = {"client_certificate_file": stranger.certificate_file, "client_key_file": stranger.key_file}
        with pytest.raises(RecipientDown, match="will not have the certificate"):
            asks(url, ca_file=ca.certificate_file, **other)


@pytest.mark.parametrize(
    ("how", "says"),
    [({"address": "127.0.0.2"}, "of another host"), ({"days": 0.01}, "has expired"), (None, "does not trust")],
)
def test_a_system_that_cannot_show_who_it_is_gets_nothing(
    ca: Identity, tmp_path: Path, how: dict[str, Any] | None, says: str
) -> None:
    trusts = {} if how is None else {"ca_file": ca.certificate_file}
    with serving(Theirs, theirs(ca, tmp_path, **(how or {}))) as url, pytest.raises(RecipientDown) as caught:
        asks(url, token="t", **trusts)
    assert says in caught.value.sentence
    assert caught.value.next_step
