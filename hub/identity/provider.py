"""The identity provider: what it says of itself, its keys, and a code exchanged for an id token.

    provider = Provider(settings.sign_in)
    provider.described().authorization_endpoint
    provider.key("kid-1", "ES256")
    provider.exchange(code, verifier, redirect_uri)        # the id token, not yet believed

Every answer is bounded in bytes and time, no redirect is followed, and at most a few threads wait for it at once: a
provider that is slow makes signing in slow, and nothing else.
"""

from __future__ import annotations

import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

from hub.clock import monotonic, new_id, now
from hub.errors import Fault, NotAuthenticated, ProviderDown, SettingsRefused
from hub.settings.sign_in import SignIn, is_safe

#: What an id token may be signed with; never ``none``, and nothing that the hub could have signed itself (HS…).
ALGORITHMS = ("ES256", "PS256", "RS256")
_KINDS = {"EC": ("ES256",), "RSA": ("PS256", "RS256")}
_FEWEST_RSA_CHARACTERS = 342  # of 2048 bits in base64url (RFC 7518 section 6.3.1.1)
_TIMEOUT = httpx.Timeout(5, connect=3)
#: Nothing packed: how much comes out of it would be known too late.
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}
_TOTAL_SECONDS, _WAIT_SECONDS = 10.0, 2.0
_MOST_BYTES, _MOST_KEYS, _MOST_AT_ONCE = 200_000, 50, 8
#: How long what it says of itself is believed, and how soon an unknown key may have it asked again.
_FRESH, _AGAIN = timedelta(hours=1), timedelta(seconds=30)
#: How long somebody who failed to be asked is left alone.
_PAUSE = timedelta(seconds=2)
_ASSERTION_LASTS = 60
_BY_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_DOWN = "The identity provider does not answer as it should."


@dataclass(frozen=True, slots=True)
class Described:
    """What the provider says of itself (OpenID Connect Discovery 1.0).

    :ivar algorithms: of id tokens, as far as the hub takes them too.
    :ivar says_who: whether its answers name it (RFC 9207).
    :ivar end_session_endpoint: empty where it offers none.
    """

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str
    algorithms: tuple[str, ...]
    says_who: bool


class Provider:
    """One provider. Safe to share between threads."""

    def __init__(self, settings: SignIn) -> None:
        """Prepare; nothing is asked yet. :raises SettingsRefused: the key file holds no key to sign with."""
        self._settings = settings
        self._signing = _signing_key(settings)
        self._trusted = ssl.create_default_context()
        self._places = threading.BoundedSemaphore(_MOST_AT_ONCE)
        self._queue, self._line = (threading.BoundedSemaphore(_MOST_AT_ONCE) for _ in range(2))
        self._lock = threading.Lock()
        self._described: tuple[datetime, Described] | None = None
        self._keys: dict[str, ECKey | RSAKey] = {}
        self._keys_at: datetime | None = None
        self._failed_at: datetime | None = None

    @property
    def issuer(self) -> str:
        """Return its name."""
        return self._settings.issuer

    def described(self) -> Described:
        """Return what it says of itself. :raises ProviderDown: it does not answer, or not as it should."""
        at, known = now(), self._described
        if known and at < known[0] + _FRESH:
            return known[1]
        with self._alone():
            if self._failed_at and now() < self._failed_at + _PAUSE:
                raise ProviderDown(_DOWN)
            try:
                told = self._asked("GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
                found = _read(told, self.issuer)
            except ProviderDown:
                self._failed_at = now()
                raise
            self._described = at, found
            return found

    def key(self, kid: str | None, algorithm: str) -> ECKey | RSAKey:
        """Return the public key that a token says it is signed with; one it does not name must be the only one.

        :raises ProviderDown: the keys cannot be had. :raises NotAuthenticated: there is no such key.
        """
        uri = self.described().jwks_uri
        if found := self._known(kid, algorithm):
            return found
        with self._alone():
            at = now()
            if self._keys_at is None or at >= self._keys_at + _AGAIN:
                self._keys_at = at  # also of a question that fails: nobody's tokens make the hub ask it in a row
                self._keys = _public_keys(self._asked("GET", uri))
            if found := self._known(kid, algorithm):
                return found
        raise NotAuthenticated("The provider has no key that the id token is signed with.", "Sign in again.")

    def exchange(self, code: str, verifier: str, redirect_uri: str) -> str:
        """Return the id token for a code. :raises NotAuthenticated: it gives none. :raises ProviderDown: no answer."""
        endpoint = self.described().token_endpoint
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            **self._assertion(),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", **self._basic()}
        token = self._asked("POST", endpoint, urlencode(form).encode(), headers).get("id_token")
        if not isinstance(token, str):
            raise NotAuthenticated("The provider gave no id token.", "Sign in again.")
        return token

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Ask for what all need alone; others wait for it, but not for long. :raises ProviderDown: it takes longer."""
        if not _taken(self._lock, self._queue):
            raise ProviderDown(_DOWN)
        try:
            yield
        finally:
            self._lock.release()

    def _known(self, kid: str | None, algorithm: str) -> ECKey | RSAKey | None:
        """Return a key that is fresh, by its name."""
        if self._keys_at is None or now() >= self._keys_at + _FRESH:
            return None
        fitting = {name: key for name, key in self._keys.items() if algorithm in _KINDS[key.key_type]}
        if kid is None:
            return next(iter(fitting.values())) if len(fitting) == 1 else None
        return fitting.get(kid)

    def _basic(self) -> dict[str, str]:
        if self._signing is not None:
            return {}
        # RFC 6749 section 2.3.1: both are form-encoded before they are joined.
        shown = (
            quote(self._settings.client_id, safe=""),
            quote(self._settings.client_secret.get_secret_value(), safe=""),
        )
        return {"Authorization": f"Basic {b64encode(':'.join(shown).encode()).decode()}"}

    def _assertion(self) -> dict[str, str]:
        if self._signing is None:
            return {"client_id": self._settings.client_id}
        key, algorithm = self._signing
        at, own = int(now().timestamp()), self._settings.client_id
        claims = {"iss": own, "sub": own, "aud": self.issuer, "jti": str(new_id()), "iat": at}
        header = {"alg": algorithm, **({"kid": self._settings.key_id} if self._settings.key_id else {})}
        signed = jwt.encode(header, {**claims, "exp": at + _ASSERTION_LASTS}, key, algorithms=[algorithm])
        return {"client_id": own, "client_assertion_type": _BY_ASSERTION, "client_assertion": signed}

    def _asked(
        self, method: str, url: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Ask, and read a JSON object. :raises ProviderDown: there is none. :raises NotAuthenticated: it says no."""
        if not _taken(self._places, self._line):
            raise ProviderDown("Too many people wait for the identity provider.")
        try:
            status, answer = self._read(method, url, body, _HEADERS | dict(headers or {}))
        except httpx.HTTPError:
            raise ProviderDown(_DOWN) from None
        finally:
            self._places.release()
        if method == "POST" and status == httpx.codes.BAD_REQUEST:
            raise NotAuthenticated("The provider does not take the code.", "Sign in again.")
        told = _parsed(answer) if status == httpx.codes.OK else None
        if not isinstance(told, dict):
            raise ProviderDown(_DOWN)
        return told

    def _read(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> tuple[int, bytes]:
        until, parts, size = monotonic() + _TOTAL_SECONDS, [], 0
        with (
            # One for each question: signing in is rare, and a connection that was kept may be a dead one.
            httpx.Client(timeout=_TIMEOUT, follow_redirects=False, trust_env=False, verify=self._trusted) as client,
            client.stream(method, url, content=body, headers=dict(headers)) as answer,
        ):
            for part in answer.iter_raw():
                size += len(part)
                parts.append(part)
                if size > _MOST_BYTES or monotonic() > until:
                    raise ProviderDown(_DOWN)
            return answer.status_code, b"".join(parts)


def _taken(place: threading.Lock | threading.Semaphore, room: threading.Semaphore) -> bool:
    """Take a place; where none is free wait for it, but not for long, and as one of a few: threads are everybody's."""
    if place.acquire(blocking=False):
        return True
    if not room.acquire(blocking=False):
        return False
    try:
        return place.acquire(timeout=_WAIT_SECONDS)
    finally:
        room.release()


def _parsed(answer: bytes) -> Any:
    try:
        return orjson.loads(answer)
    except orjson.JSONDecodeError:
        return None


def _read(told: Mapping[str, Any], issuer: str) -> Described:
    """Read what the provider says of itself. :raises ProviderDown: it is another's, or something is missing."""
    needed = {name: _address(told, name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
    offered = told.get("id_token_signing_alg_values_supported")
    algorithms = tuple(one for one in ALGORITHMS if isinstance(offered, list) and one in offered)
    if told.get("issuer") != issuer or not all(needed.values()) or not algorithms:
        raise ProviderDown(_DOWN)
    return Described(
        **needed,
        end_session_endpoint=_address(told, "end_session_endpoint"),
        algorithms=algorithms,
        says_who=told.get("authorization_response_iss_parameter_supported") is True,
    )


def _address(told: Mapping[str, Any], name: str) -> str:
    """Return an address of the provider that may be asked; empty for any other."""
    address = told.get(name)
    return address if isinstance(address, str) and is_safe(address) else ""


def _public_keys(told: Mapping[str, Any]) -> dict[str, ECKey | RSAKey]:
    """Read the keys to verify with; what is for something else, or too weak, is passed over."""
    listed = told.get("keys")
    found: dict[str, ECKey | RSAKey] = {}
    for number, one in enumerate(listed[:_MOST_KEYS] if isinstance(listed, list) else []):
        if isinstance(one, dict) and (key := _public_key(one)) is not None:
            found.setdefault(str(one.get("kid", f"#{number}")), key)
    return found


def _public_key(given: Mapping[str, Any]) -> ECKey | RSAKey | None:
    if given.get("use", "sig") != "sig" or given.get("kty") not in _KINDS or "d" in given:
        return None
    if given["kty"] == "RSA" and len(str(given.get("n"))) < _FEWEST_RSA_CHARACTERS:
        return None
    try:
        key = import_key(dict(given))
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, ECKey):
        return key if key.curve_name == "P-256" else None
    return key if isinstance(key, RSAKey) else None


def _signing_key(settings: SignIn) -> tuple[ECKey | RSAKey, str] | None:
    """Read the key that the hub shows who it is by. :raises SettingsRefused: there is none at its place."""
    if settings.key_file is None:
        return None
    try:
        pem = settings.key_file.read_bytes()
        loaded: Any = serialization.load_pem_private_key(pem, password=None)
        key = (ECKey if hasattr(loaded, "curve") else RSAKey).import_key(pem)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm, JoseError):
        fault = Fault("sign_in.key_file", "It is no private key in PEM without a password: RSA, or EC on P-256.")
        raise SettingsRefused("The hub could not sign in people.", faults=[fault]) from None
    return key, "ES256" if isinstance(key, ECKey) else "PS256"
