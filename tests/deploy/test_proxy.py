"""The proxy of ``deploy/proxy``, run before a real hub: whose certificate it tells of, and what it lets nobody say."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPSConnection

import httpx
import pytest

from hub.cli.ports import free_ports
from hub.clock import monotonic
from hub.identity.tokens import new_token
from hub.plan.person import Role
from hub.settings import Client
from tests.certificates import Identity, an_identity, elliptic_key
from tests.deploy.programs import DEPLOY, program
from tests.integration.api.served import served
from tests.integration.api.test_limits import answers_though_it_rests
from tests.integration.set_up import eventually

pytestmark = [pytest.mark.integration, pytest.mark.deploy]
#: How long a head is waited for (timeout http-request).
_HEAD_SECONDS = 10


@dataclass(frozen=True)
class Proxy:
    """A proxy that runs, who may come by it, and the token of a client that must show a certificate."""

    port: int
    authority: Identity
    known: Identity
    another: Identity
    stranger: Identity
    token: str

    def tls(self, shows: Identity | None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.authority.certificate_file))
        if shows is not None:
            context.load_cert_chain(shows.certificate_file, shows.key_file)
        return context

    def ask(self, shows: Identity | None, **headers: str) -> int:
        """Ask for something that needs the certificate; return the status."""
        given = {"Authorization": f"Bearer {self.token}", **headers}
        with httpx.Client(verify=self.tls(shows), timeout=15) as client:
            return client.get(f"https://127.0.0.1:{self.port}/ops/queues", headers=given).status_code


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    haproxy = program("haproxy", "haproxy")
    folder = tmp_path_factory.mktemp("proxy")
    authority = an_identity(folder, "authority", elliptic_key(), is_ca=True)
    server = an_identity(folder, "server", elliptic_key(), issuer=authority, address="127.0.0.1")
    known, another = (an_identity(folder, name, elliptic_key(), issuer=authority) for name in ("known", "another"))
    stranger = an_identity(folder, "stranger", elliptic_key())
    (folder / "hub.pem").write_bytes(server.certificate_file.read_bytes() + server.key_file.read_bytes())
    (folder / "clients.pem").write_bytes(authority.certificate_file.read_bytes())
    token, digest = new_token()
    client = Client.model_validate(
        {
            "token_sha256": digest,
            "organisation": "operations",
            "role": Role.OPERATOR,
            "certificate_sha256": hashlib.sha256(known.der).hexdigest(),
        }
    )
    [port] = free_ports(1)
    with served(
        f"sqlite:///{folder / 'hub.db'}", clients={"bound": client}, trusted_proxies=["127.0.0.1/32"]
    ) as hub, (folder / "out").open("wb") as out:  # fmt: skip
        told = {
            "HUB_PROXY_BIND": f"127.0.0.1:{port}",
            "HUB_PROXY_TLS": str(folder),
            "HUB_PROXY_TO": hub.url.removeprefix("http://"),
        }
        command = [haproxy, "-db", "-f", str(DEPLOY / "proxy" / "haproxy.cfg")]
        running = subprocess.Popen(command, env={**os.environ, **told}, stdout=out, stderr=out)
        try:
            eventually(lambda: running.poll() is not None or _listens(port))
            assert running.poll() is None, (folder / "out").read_text()
            yield Proxy(port, authority, known, another, stranger, token)
        finally:
            running.terminate()
            running.wait(10)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def test_the_hub_learns_whose_certificate_a_caller_shows(proxy: Proxy) -> None:
    assert proxy.ask(proxy.known) == 200
    assert proxy.ask(proxy.another) == 401


def test_what_a_caller_says_of_a_certificate_counts_for_nothing(proxy: Proxy) -> None:
    said = f":{base64.b64encode(proxy.known.der).decode()}:"
    assert proxy.ask(None, **{"Client-Cert": said}) == 401
    assert proxy.ask(proxy.another, **{"Client-Cert": said}) == 401
    assert proxy.ask(proxy.known, **{"Client-Cert": said}) == 200, "what was said is replaced, not added to"


def test_a_certificate_that_nobody_known_has_issued_is_refused_by_the_proxy(proxy: Proxy) -> None:
    with pytest.raises(httpx.TransportError):
        proxy.ask(proxy.stranger)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_of_before_1_2_is_not_spoken(proxy: Proxy) -> None:
    context = proxy.tls(None)
    context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with socket.create_connection(("127.0.0.1", proxy.port), 5) as raw, pytest.raises(ssl.SSLError):
        context.wrap_socket(raw, server_hostname="127.0.0.1")


def test_a_head_that_comes_slowly_is_not_waited_for(proxy: Proxy) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port), 5) as raw:
        begun = monotonic()
        with proxy.tls(None).wrap_socket(raw, server_hostname="127.0.0.1") as line:
            line.settimeout(3 * _HEAD_SECONDS)
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n")
            answer = line.recv(1000)
    assert b" 408 " in answer or not answer
    assert _HEAD_SECONDS - 1 < monotonic() - begun < 2 * _HEAD_SECONDS


def test_a_connection_that_has_rested_still_answers(proxy: Proxy) -> None:
    line = HTTPSConnection("127.0.0.1", proxy.port, timeout=20, context=proxy.tls(None))
    answers_though_it_rests(line, _HEAD_SECONDS + 2)
