"""Assertions: a system shows who it is by what it signs with its own key (OAuth 2.0 private_key_jwt, RFC 7523).

An assertion is for this hub alone, lasts five minutes at most, and counts once; who keeps that count is ``Access``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from hub.errors import Fault, NotAuthenticated
from hub.settings import Client

ALGORITHMS = ("ES256", "PS256")
LONGEST = timedelta(minutes=5)
_LEEWAY = timedelta(seconds=10)  # for clocks that differ
_MOST_CHARACTERS, _LONGEST_ID = 8_000, 128
_FEWEST_RSA_CHARACTERS = 342  # of 2048 bits in base64url (RFC 7518 section 6.3.1.1)
_NEXT = "Sign a new assertion (JWT, ES256 or PS256) as docs/how-to/sign-in-a-system.md says."


@dataclass(frozen=True, slots=True)
class Proven:
    """An assertion that its client has signed.

    :ivar id: its ``jti``. :ivar lasts_until: from when on it would be refused anyway.
    """

    client: str
    id: str
    lasts_until: datetime


class Assertions:
    """Knows systems by their public keys."""

    def __init__(self, clients: Mapping[str, Client], audience: str) -> None:
        """Read the keys, which ``key_faults`` has found good. :param audience: the one that an assertion must name."""
        self._audience = audience
        self._keys = {name: {key["kid"]: _key(key) for key in client.keys} for name, client in clients.items()}

    def proven(self, assertion: str, at: datetime) -> Proven:
        """Return what an assertion shows. :raises NotAuthenticated: nothing; it says no word of what it holds."""
        claims = self._claims(assertion)
        client, own_id, names = claims.get("iss"), claims.get("jti"), claims.get("aud")
        if claims.get("sub") != client:
            raise NotAuthenticated("The assertion's iss and sub are not both the client's name.", _NEXT)
        if names not in (self._audience, [self._audience]):
            raise NotAuthenticated(f"The assertion's aud is not {self._audience} alone.", _NEXT)
        if not isinstance(own_id, str) or not 0 < len(own_id) <= _LONGEST_ID:
            raise NotAuthenticated(f"The assertion's jti is no text of 1 to {_LONGEST_ID} characters.", _NEXT)
        return Proven(str(client), own_id, _lasts_until(claims, at))

    def _claims(self, assertion: str) -> dict[str, Any]:
        """Return the claims that the client's own key has signed."""
        if len(assertion) > _MOST_CHARACTERS:
            raise NotAuthenticated(f"The assertion has over {_MOST_CHARACTERS:,} characters.", _NEXT)
        try:
            told = jwt.decode(assertion, self._signed_with, algorithms=ALGORITHMS)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):  # of a text that is no JWT: any of them
            raise NotAuthenticated("No client's key has signed the assertion.", _NEXT) from None
        return told.claims

    def _signed_with(self, unread: Any) -> ECKey | RSAKey:
        """Return the key that an assertion says it is signed with. :raises ValueError: there is none."""
        claims, name = orjson.loads(unread.payload), unread.headers().get("kid")
        keys = self._keys.get(claims["iss"], {}) if isinstance(claims, dict) else {}
        if name not in keys:
            raise ValueError
        return keys[name]


def key_faults(name: str, client: Client) -> list[Fault]:
    """Return what is wrong with a client's keys."""
    faults, known = [], set[str]()
    for number, key in enumerate(client.keys):
        place, sentence = f"clients.{name}.keys.{number}", _fault_of(key)
        if not sentence and key["kid"] in known:
            sentence = "Another of its keys has the same kid."
        if sentence:
            faults.append(Fault(place, sentence, "Give a public JWK: EC of P-256, or RSA of 2048 bits and more."))
        known.add(str(key.get("kid")))
    return faults


def _fault_of(key: Mapping[str, Any]) -> str:
    if not isinstance(key.get("kid"), str) or not key["kid"]:
        return "It has no kid, which an assertion names it by."
    if "d" in key:
        return "It is a private key; the hub must not have it. Make a new pair: this one is known to others now."
    if key.get("alg", "ES256" if key.get("kty") == "EC" else "PS256") not in ALGORITHMS:
        return "Its alg is neither ES256 nor PS256."
    if key.get("kty") == "RSA" and len(str(key.get("n"))) < _FEWEST_RSA_CHARACTERS:
        return "It has fewer than 2048 bits."
    try:
        known = _key(key)
    except (JoseError, ValueError, TypeError, KeyError):
        return "It is no key that can be read."
    is_other = isinstance(known, ECKey) and known.curve_name != "P-256"
    return "It is of another curve than P-256." if is_other else ""


def _key(given: Mapping[str, Any]) -> ECKey | RSAKey:
    """Read a key. :raises ValueError: it is neither of EC nor of RSA."""
    match given.get("kty"):
        case "EC":
            return ECKey.import_key(dict(given))
        case "RSA":
            return RSAKey.import_key(dict(given))
    raise ValueError


def _lasts_until(claims: Mapping[str, Any], at: datetime) -> datetime:
    """Return when an assertion ends; it must be of now, and short."""
    begins, ends = (_instant(claims.get(name)) for name in ("iat", "exp"))
    if begins is None or ends is None:
        raise NotAuthenticated("The assertion's iat and exp are not both seconds since 1970.", _NEXT)
    if ends <= at - _LEEWAY or begins >= at + _LEEWAY:
        raise NotAuthenticated("The assertion is of another time; it is over, or the two clocks differ.", _NEXT)
    if ends - begins > LONGEST:
        raise NotAuthenticated("The assertion lasts for longer than five minutes.", _NEXT)
    return ends + _LEEWAY


def _instant(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 2**33:
        return None
    return datetime.fromtimestamp(seconds, UTC)
