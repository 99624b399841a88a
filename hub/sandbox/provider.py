"""An identity provider of made-up people: whoever comes chooses whom to be, and OpenID Connect goes as anywhere else.

It is strict where a real one is: a registered client and address, PKCE (S256), a code of one minute that counts once.
It asks for no password, for there is nobody whose it could be; the page says so.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any
from urllib.parse import unquote

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet
from pydantic import Field

from hub.clock import new_id, now
from hub.sandbox.case import Strict
from hub.sandbox.provider_people import PEOPLE, MadeUp
from hub.sandbox.system import Behaviour

_CODE_LASTS, _TOKEN_LASTS = timedelta(minutes=1), timedelta(minutes=5)
_MOST_CODES = 1_000
_BY_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Registered(Strict):
    """The one client that the provider knows, as its operator has registered it."""

    client_id: str = "one-plan-hub"
    redirect_uris: list[str] = Field(default_factory=list)
    post_logout_redirect_uris: list[str] = Field(default_factory=list)
    #: Public keys (JWK) for private_key_jwt; without any the client shows its secret.
    keys: list[dict[str, Any]] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Asked:
    """A good question at ``/authorize``."""

    redirect_uri: str
    state: str
    nonce: str
    challenge: str


@dataclass(frozen=True, slots=True)
class _Code:
    asked: Asked
    person: MadeUp
    at: datetime


class OAuthError(Exception):
    """A question that OAuth 2.0 has an error for (RFC 6749)."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code, self.description = code, description


@dataclass
class IdentityProvider:
    """The provider; what it remembers ends with its process, its key too."""

    issuer: str
    registered: Registered
    secret: str = field(repr=False)
    people: dict[str, MadeUp] = field(default_factory=lambda: {one.sub: one for one in PEOPLE})
    behaviour: Behaviour = field(default_factory=Behaviour)
    name = "identity"

    def __post_init__(self) -> None:
        self._key = ECKey.generate_key(auto_kid=True)
        self._codes: dict[str, _Code] = {}
        self._one_at_a_time = threading.Lock()

    def described(self) -> dict[str, Any]:
        """Return what ``/.well-known/openid-configuration`` says."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "end_session_endpoint": f"{self.issuer}/end-session",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256", "PS256"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def keys(self) -> dict[str, Any]:
        """Return the public keys."""
        return {"keys": [{**self._key.as_dict(private=False), "use": "sig", "alg": "ES256"}]}

    def read(self, asked: Mapping[str, str]) -> Asked:
        """Read a question to ``/authorize``.

        :raises ValueError: it is nobody's whom an error could be sent to. :raises OAuthError: the client is told.
        """
        address = asked.get("redirect_uri", "")
        if asked.get("client_id") != self.registered.client_id or address not in self.registered.redirect_uris:
            raise ValueError("client_id or redirect_uri is not registered")
        if asked.get("response_type") != "code":
            raise OAuthError("unsupported_response_type", "response_type must be code")
        if "openid" not in asked.get("scope", "").split():
            raise OAuthError("invalid_scope", "scope must have openid")
        if asked.get("code_challenge_method") != "S256" or len(asked.get("code_challenge", "")) != 43:
            raise OAuthError("invalid_request", "PKCE with S256 is needed")
        return Asked(address, asked.get("state", ""), asked.get("nonce", ""), asked["code_challenge"])

    def sign_in(self, asked: Asked, sub: str) -> str:
        """Let somebody be who they chose; return the code. :raises OAuthError: nobody was chosen."""
        person = self.people.get(sub)
        if person is None:
            raise OAuthError("access_denied", "nobody was chosen")
        code = secrets.token_urlsafe(32)
        with self._one_at_a_time:
            while len(self._codes) >= _MOST_CODES:
                self._codes.pop(next(iter(self._codes)))
            self._codes[code] = _Code(asked, person, now())
        return code

    def token(self, form: Mapping[str, str], authorization: str) -> dict[str, Any]:
        """Give an id token for a code. :raises OAuthError: the client, the code or its verifier is not right."""
        self._check_client(form, authorization)
        if form.get("grant_type") != "authorization_code":
            raise OAuthError("unsupported_grant_type", "grant_type must be authorization_code")
        with self._one_at_a_time:
            code = self._codes.pop(form.get("code", ""), None)
        if code is None or now() > code.at + _CODE_LASTS or form.get("redirect_uri") != code.asked.redirect_uri:
            raise OAuthError("invalid_grant", "the code is over, was used, or is for another address")
        if not compare_digest(s256(form.get("code_verifier", "")), code.asked.challenge):
            raise OAuthError("invalid_grant", "code_verifier does not fit the code")
        return {
            "access_token": secrets.token_urlsafe(32),
            "token_type": "Bearer",
            "expires_in": int(_TOKEN_LASTS.total_seconds()),
            "id_token": self._id_token(code),
        }

    def _id_token(self, code: _Code) -> str:
        at = int(now().timestamp())
        claims = {
            **code.person.claims,
            "iss": self.issuer,
            "sub": code.person.sub,
            "aud": self.registered.client_id,
            "iat": at,
            "exp": at + int(_TOKEN_LASTS.total_seconds()),
            "auth_time": int(code.at.timestamp()),
            "nonce": code.asked.nonce,
        }
        return jwt.encode({"alg": "ES256", "kid": self._key.kid}, claims, self._key)

    def _check_client(self, form: Mapping[str, str], authorization: str) -> None:
        if self.registered.keys:
            self._check_assertion(form)
            return
        scheme, _, shown = authorization.partition(" ")
        try:
            name, _, secret = base64.b64decode(shown, validate=True).decode().partition(":")
        except ValueError:
            name, secret = "", ""
        is_known = unquote(name) == self.registered.client_id
        if (
            scheme.lower() != "basic"
            or not is_known
            or not compare_digest(unquote(secret).encode(), self.secret.encode())
        ):
            raise OAuthError("invalid_client", "the client's name or secret is wrong")

    def _check_assertion(self, form: Mapping[str, str]) -> None:
        keys = KeySet.import_key_set({"keys": self.registered.keys})
        try:
            told = jwt.decode(form.get("client_assertion", ""), keys, algorithms=["ES256", "PS256"]).claims
        except (JoseError, ValueError, TypeError, KeyError):
            raise OAuthError("invalid_client", "no key of the client has signed the assertion") from None
        is_ours = told.get("aud") in (self.issuer, f"{self.issuer}/token")
        is_known = told.get("iss") == told.get("sub") == self.registered.client_id
        if form.get("client_assertion_type") != _BY_ASSERTION or not is_ours or not is_known:
            raise OAuthError("invalid_client", "the assertion is somebody else's, or for somebody else")
        if int(told.get("exp", 0)) < now().timestamp():
            raise OAuthError("invalid_client", "the assertion is over")


def s256(verifier: str) -> str:
    """Return the challenge of a verifier (RFC 7636 section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def parsed_people(content: bytes) -> Sequence[MadeUp]:
    """Read people as the control API is told of them."""
    return [MadeUp(one.get("sub", str(new_id())), one["called"], one["claims"]) for one in orjson.loads(content)]
