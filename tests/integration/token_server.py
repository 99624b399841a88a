"""A system that issues tokens to clients which sign an assertion (RFC 7523), and serves what they open; on loopback."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import orjson
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from hub.clock import now
from tests.certificates import Key


@dataclass
class TokenServer:
    """What it knows, what it was asked, and how it answers.

    :ivar answer: instead of a token, when it is set.
    :ivar revoked: tokens that open nothing any more.
    """

    key: Key
    client_id: str = "one-plan-hub"
    url: str = ""
    expires_in: float | None = 3600
    answer: tuple[int, bytes] | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    claims: list[dict[str, Any]] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)
    shown: list[str] = field(default_factory=list)

    def issue(self, form: dict[str, str]) -> tuple[int, bytes]:
        """Answer a request for a token."""
        self.asked.append(form)
        if self.answer is not None:
            return self.answer
        public = self.key.public_key()
        known = RSAKey.import_key(public) if isinstance(public, rsa.RSAPublicKey) else ECKey.import_key(public)
        algorithm = "ES256" if isinstance(public, ec.EllipticCurvePublicKey) else "PS256"
        try:
            claims = dict(jwt.decode(form["client_assertion"], known, algorithms=[algorithm]).claims)
        except JoseError:
            return 401, b'{"error":"invalid_client"}'
        at = now().timestamp()
        is_meant = claims["iss"] == claims["sub"] == self.client_id and claims["aud"] == f"{self.url}/token"
        is_new = claims["jti"] not in [one["jti"] for one in self.claims]
        if not (is_meant and is_new and claims["iat"] - 5 <= at < claims["exp"] <= at + 300):
            return 401, b'{"error":"invalid_client"}'
        self.claims.append(claims)
        given: dict[str, Any] = {"access_token": f"token-{len(self.claims)}", "token_type": "Bearer"}
        return 200, orjson.dumps(given | ({"expires_in": self.expires_in} if self.expires_in else {}))

    def opens(self, authorization: str) -> tuple[int, bytes]:
        """Answer a request that shows a token."""
        token = authorization.removeprefix("Bearer ")
        self.shown.append(token)
        issued = {f"token-{number + 1}" for number in range(len(self.claims))}
        return (200, b"{}") if token in issued - self.revoked else (401, b"")


@contextmanager
def a_token_server(key: Key, **how: Any) -> Iterator[TokenServer]:
    """Serve until the block ends."""
    known = TokenServer(key, **how)

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._answer(known.issue({name: values[0] for name, values in parse_qs(body).items()}))

        def do_GET(self) -> None:
            self._answer(known.opens(self.headers.get("authorization", "")))

        def _answer(self, answer: tuple[int, bytes]) -> None:
            self.send_response(answer[0])
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer[1])))
            self.end_headers()
            self.wfile.write(answer[1])

        def log_message(self, *_: Any) -> None: ...

    with serving(Answering) as known.url:
        yield known


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Run an HTTP server on a free port of loopback until the block ends; yield its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
