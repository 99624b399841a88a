"""An identity provider that answers whatever a test wants, over real HTTP."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from hub.clock import now
from hub.sandbox.provider_people import PRIVILEGE


@dataclass
class Hostile:
    """The provider.

    :ivar answers: what each path answers instead: status, body and headers.
    :ivar id_token: makes the token for claims that are good.
    :ivar asked: how often each path was asked. :ivar forms: what the token endpoint was sent.
    """

    url: str = ""
    key: ECKey | RSAKey = field(default_factory=lambda: ECKey.generate_key(auto_kid=True))
    keys: list[Mapping[str, Any]] = field(default_factory=list)
    described: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, tuple[int, bytes, dict[str, str]]] = field(default_factory=dict)
    changed: dict[str, Any] = field(default_factory=dict)
    id_token: Callable[[dict[str, Any]], str] | None = None
    nonce: str = ""
    asked: Counter[str] = field(default_factory=Counter)
    forms: list[dict[str, str]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)

    def behaves(self) -> None:
        """Be good again."""
        self.keys, self.described, self.answers, self.changed = [self.public()], {}, {}, {}
        self.id_token = None

    def public(self, **more: Any) -> dict[str, Any]:
        return {**self.key.as_dict(private=False), "use": "sig", **more}

    def claims(self) -> dict[str, Any]:
        """Return claims that are good, but for what the test has changed; None leaves a claim out."""
        at = int(now().timestamp())
        good = {
            "iss": self.url, "sub": "karen", "aud": "one-plan-hub", "iat": at, "exp": at + 300, "nonce": self.nonce,
            "acr": "Substantial", "cvr": "29188599", "privileges": [PRIVILEGE.format(role="coordinator")],
        }  # fmt: skip
        return {name: value for name, value in (good | self.changed).items() if value is not None}

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        algorithm = "ES256" if isinstance(self.key, ECKey) else "RS256"
        return jwt.encode({"alg": algorithm, "kid": self.key.kid, **header}, claims, self.key, algorithms=[algorithm])

    def answer(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        if path in self.answers:
            return self.answers[path]
        match path:
            case "/.well-known/openid-configuration":
                return 200, orjson.dumps(self._described()), {}
            case "/jwks":
                return 200, orjson.dumps({"keys": self.keys}), {}
            case "/token":
                token = (self.id_token or self.signed)(self.claims())
                return 200, orjson.dumps({"access_token": "a", "token_type": "Bearer", "id_token": token}), {}
        return 404, b"", {}

    def _described(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "id_token_signing_alg_values_supported": ["none", "HS256", "ES256", "RS256", "PS256"],
            "authorization_response_iss_parameter_supported": True,
        } | self.described


@contextmanager
def a_hostile_provider() -> Iterator[Hostile]:
    """Serve one until the block ends."""
    provider = Hostile()

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.asked[self.path] += 1
            status, body, headers = provider.answer(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["content-length"])).decode()
            provider.forms.append(dict(parse_qsl(form)))
            provider.shown.append(self.headers.get("authorization", ""))
            self.do_GET()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    provider.url = f"http://127.0.0.1:{server.server_port}"
    provider.behaves()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
