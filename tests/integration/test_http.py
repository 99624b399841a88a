"""HTTP to an authority's system: tries, redirects, fetches; and no network is asked by a document."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from threading import Thread
from typing import Any, ClassVar

import pytest

from hub.adapters import _http_address
from hub.adapters._http import FETCHING, HttpSender, Limits
from hub.adapters._http_address import ForbiddenPeer, check_peer
from hub.adapters.children import ChildrenAdapter
from hub.authority import Parcel, contract_folder
from hub.errors import NotFound, RecipientDown, RecipientFailed, SourceDown
from tests.integration.token_server import serving

pytestmark = pytest.mark.integration


class Remembering(BaseHTTPRequestHandler):
    """Answers what it is told to, and remembers what it was asked."""

    asked: ClassVar[list[tuple[str, str, dict[str, str]]]] = []
    status = 200
    extra: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        self.asked.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.send_response(self.status)
        for name, value in self.extra.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Remembering.asked.clear()
    Remembering.status, Remembering.extra = 200, {}
    with Serving(0) as running:
        yield running


class Serving:
    """Run the server until the block ends."""

    def __init__(self, port: int) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Remembering)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> ThreadingHTTPServer:
        self._thread.start()
        return self._server

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def url(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def test_a_request_carries_the_token_and_asks_for_no_compression(server: ThreadingHTTPServer) -> None:
    answer = HttpSender(url(server), "secret", name="social").request("GET", "/cases/1?since=2")
    assert (answer.status, answer.body) == (200, b"ok")
    ((method, path, headers),) = Remembering.asked
    assert (method, path) == ("GET", "/cases/1?since=2")
    assert headers["authorization"] == "Bearer secret"
    assert headers["accept-encoding"] == "identity"


def test_a_redirect_is_not_followed(server: ThreadingHTTPServer) -> None:
    Remembering.status, Remembering.extra = 307, {"Location": f"{url(server)}/elsewhere"}
    with pytest.raises(RecipientFailed, match="307"):
        HttpSender(url(server), name="social").request("POST", "/x", b"body")
    assert len(Remembering.asked) == 1


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (410, NotFound), (403, SourceDown), (500, SourceDown)])
def test_a_fetch_blames_the_source(server: ThreadingHTTPServer, status: int, error: type[Exception]) -> None:
    Remembering.status = status
    with pytest.raises(error):
        HttpSender(url(server), name="social", outcomes=FETCHING).request("GET", "/cases/1")


def test_a_connection_that_does_not_come_about_is_tried_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []
    once = HttpSender._once

    def counted(sender: HttpSender, *request: Any) -> Any:
        tries.append("one")
        return once(sender, *request)

    monkeypatch.setattr(HttpSender, "_once", counted)
    with pytest.raises(RecipientDown):
        HttpSender("http://127.0.0.1:9", name="social").request("GET", "/")
    assert len(tries) == 3


def test_a_request_that_was_sent_is_never_sent_again_by_itself(server: ThreadingHTTPServer) -> None:
    Remembering.status = 503
    with pytest.raises(RecipientDown):
        HttpSender(url(server), name="social").request("POST", "/x", b"body")
    assert len(Remembering.asked) == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7), ("0", 0), ("99999999", 86_400), ("soon", None), ("-1", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
    ],
)  # fmt: skip
def test_the_wait_that_is_asked_for_is_read(server: ThreadingHTTPServer, header: str, seconds: float | None) -> None:
    Remembering.status, Remembering.extra = 429, {"Retry-After": header}
    with pytest.raises(RecipientDown) as down:
        HttpSender(url(server), name="social").request("POST", "/x", b"body")
    assert down.value.retry_after == seconds


def test_a_date_to_wait_for_is_read(server: ThreadingHTTPServer) -> None:
    Remembering.status = 503
    Remembering.extra = {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}
    with pytest.raises(RecipientDown) as down:
        HttpSender(url(server), name="social").request("POST", "/x", b"body")
    assert down.value.retry_after == 0


def test_a_system_that_never_accepts_is_down_in_time() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        full = [socket.socket() for _ in range(3)]
        for each in full:
            each.setblocking(False)
            each.connect_ex(deaf.getsockname())
        begun = time.monotonic()
        sender = HttpSender(f"http://127.0.0.1:{deaf.getsockname()[1]}", name="social", limits=Limits(0.2, 0.3, 1.0))
        with pytest.raises(RecipientDown):
            sender.request("GET", "/")
        assert time.monotonic() - begun < 2
        for each in full:
            each.close()


def test_no_document_makes_the_hub_ask_a_network(server: ThreadingHTTPServer) -> None:
    normal = (contract_folder("children/v1") / "examples" / "normal.xml").read_text(encoding="utf-8")
    bait = url(server)
    hints = (
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="urn:one-plan-hub:children:1 {bait}/a.xsd urn:x {bait}/x.xsd" '
        f'xsi:noNamespaceSchemaLocation="{bait}/b.xsd"'
    )
    text = normal.replace("<SagOpdatering ", f"<?xml-stylesheet href='{bait}/s.xsl'?><SagOpdatering {hints} ")
    text = text.replace("<Titel>Støtte", f"<Titel>{bait}/t Støtte")
    document = ChildrenAdapter({}).receive(Parcel("children", text.encode(), "application/xml"))
    assert document.kind == "SagOpdatering"
    assert Remembering.asked == []


class Keeping(BaseHTTPRequestHandler):
    """Keeps connections, counts them, and hangs up after as many requests as it is told."""

    protocol_version = "HTTP/1.1"
    connections: ClassVar[int] = 0
    hangs_up: ClassVar[bool] = False

    def setup(self) -> None:
        type(self).connections += 1
        super().setup()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
        self.close_connection = self.hangs_up  # without a word of it in the answer

    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.parametrize(("hangs_up", "connections"), [(False, 1), (True, 5)])
def test_a_connection_is_used_again_and_one_that_was_closed_meanwhile_is_made_anew(
    hangs_up: bool, connections: int
) -> None:
    Keeping.connections, Keeping.hangs_up = 0, hangs_up
    with serving(Keeping) as address:
        sender = HttpSender(address, name="social")
        for _ in range(5):
            assert sender.request("GET", "/x").status == 200
            time.sleep(0.05)  # so that a closed connection is closed
        sender.close()
    assert Keeping.connections == connections


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fd00:ec2::254", "100.100.100.200"],
)
def test_no_address_of_the_link_or_the_cloud_is_spoken_to(address: str) -> None:
    with pytest.raises(ForbiddenPeer):
        check_peer(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.0.9", "fd12::1", "2001:db8::1", "203.0.113.7"])
def test_the_networks_of_a_municipality_are_spoken_to(address: str) -> None:
    check_peer(address)


def test_a_name_that_leads_to_the_link_gets_not_a_byte(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_http_address, "_FORBIDDEN", (ip_network("127.0.0.0/8"),))  # as if this machine were the cloud
    with pytest.raises(RecipientDown, match="leads to an address of the link itself"):
        HttpSender(url(server), "secret", name="social").request("POST", "/x", b"body")
    assert Remembering.asked == []
