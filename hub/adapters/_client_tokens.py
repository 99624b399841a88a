"""Ask for access tokens as a system's client, with an assertion that the hub signs (private_key_jwt).

    tokens = AccessTokens(Client("one-plan-hub", "https://idp.example/token", read_key(path)), sender)
    tokens.token(within=3)          # asked for once, and used until shortly before it expires

OAuth 2.0 client credentials (RFC 6749, 4.4) with a JWT instead of a shared secret (RFC 7523, 2.2): what is stolen from
the wire is good for a minute, and once. Algorithms are those of FAPI 2.0 (Security Profile, 5.4).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from hub.adapters._http import Answer, HttpSender
from hub.clock import monotonic, new_id, now
from hub.errors import NotLetIn, RecipientDown, RecipientFailed, RecipientRefused

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_GOOD_FOR = 60  # seconds that an assertion may travel
_UNSAID = 60.0  # seconds that a token is used whose system does not say how long it is good
_MARGIN = 30.0  # seconds before its end in which a token is not used any more
_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384"}
_REGISTERED = "See that client_id, assertion_key_file and scope are what its operator has registered."


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, and the algorithm it signs with."""

    key: RSAKey | ECKey = field(repr=False)
    algorithm: str


@dataclass(frozen=True, slots=True)
class Client:
    """Who the hub is at a system.

    :ivar scope: what it asks for, as the system's operator says; empty asks for what it is given.
    """

    client_id: str
    token_url: str
    key: SigningKey
    scope: str = ""


def read_key(path: Path) -> SigningKey:
    """Read the key that assertions are signed with.

    :raises ValueError: it is no such key; nothing of it is repeated.
    """
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= 2048:
        return SigningKey(RSAKey.import_key(key), "PS256")
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _CURVES:
        return SigningKey(ECKey.import_key(key), _CURVES[key.curve.name])
    raise ValueError("is a private key in PEM without a password: RSA of 2048 bits or more, or on P-256 or P-384")


class AccessTokens:
    """The tokens of one client. Safe to share between threads: one of them asks, the others wait for its token."""

    def __init__(self, client: Client, sender: HttpSender) -> None:
        """Prepare; nothing is asked yet.

        :param sender: the way to the host of ``client.token_url``; it shows no token itself.
        """
        self._client, self._sender = client, sender
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def token(self, within: float) -> str:
        """Return a token that is good now.

        :param within: seconds.
        :raises RecipientDown: there is none to be had now, for the reason it says.
        """
        asked_at = monotonic()
        if not self._lock.acquire(timeout=max(within, 0.0)):
            raise RecipientDown(f"The system of {self._sender.name} did not answer in time.")
        try:
            if self._until <= monotonic():
                self._ask(within - (monotonic() - asked_at))
            return self._token
        finally:
            self._lock.release()

    def refused(self, token: str) -> None:
        """Forget a token that the system does not take any more."""
        if not self._lock.acquire(blocking=False):
            return  # another thread is asking for the next one just now: nobody waits for it here
        try:
            if self._token == token:
                self._token, self._until = "", 0.0
        finally:
            self._lock.release()

    def _ask(self, within: float) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._client.client_id,
            "client_assertion_type": _ASSERTION,
            "client_assertion": self._assertion(),
            **({"scope": self._client.scope} if self._client.scope else {}),
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        path = urlsplit(self._client.token_url).path or "/"
        try:
            answer = self._sender.request("POST", path, urlencode(form).encode(), headers, within=max(within, 0.05))
        except NotLetIn as error:
            raise NotLetIn(error.sentence, _REGISTERED) from None
        except RecipientRefused as error:
            raise RecipientDown(error.sentence, _REGISTERED) from None
        self._token, seconds = self._read(answer)
        self._until = monotonic() + seconds - min(_MARGIN, seconds / 2)

    def _assertion(self) -> str:
        made, signs = int(now().timestamp()), self._client.key
        header = {"alg": signs.algorithm, "kid": signs.key.thumbprint()}
        claims = {
            "iss": self._client.client_id,
            "sub": self._client.client_id,
            "aud": self._client.token_url,
            "jti": str(new_id()),
            "iat": made,
            "exp": made + _GOOD_FOR,
        }
        return jwt.encode(header, claims, signs.key, algorithms=[signs.algorithm])

    def _read(self, answer: Answer) -> tuple[str, float]:
        """Read an answer (RFC 6749, 5.1): the token, and for how many seconds it is good."""
        try:
            given = orjson.loads(answer.body)
            token, kind, seconds = given["access_token"], given["token_type"], given.get("expires_in", _UNSAID)
            if _is_token(token) and kind.lower() == "bearer" and not isinstance(seconds, bool) and seconds > 0:
                return token, min(float(seconds), 86_400.0)
        except (ValueError, TypeError, KeyError, AttributeError):
            pass  # said below
        raise RecipientFailed(
            f"The system of {self._sender.name} gave an answer that is no bearer token (RFC 6749, 5.1)."
        )


def _is_token(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= 16_384 and text.isascii() and text.isprintable()
