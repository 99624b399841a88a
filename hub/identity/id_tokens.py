"""An id token is believed only when the provider has signed it, for this hub, for this very sign-in, and just now.

OpenID Connect Core 1.0, section 3.1.3.7. Which algorithm may be used is said by the hub and the provider's discovery,
never by the token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Any

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from hub.errors import NotAuthenticated
from hub.identity.provider import Provider

_LEEWAY = timedelta(seconds=30)  # for clocks that differ
_OLDEST = timedelta(minutes=10)
_MOST_CHARACTERS, _LONGEST_SUBJECT = 50_000, 255
_NEXT = "Sign in again; if it happens once more, tell the hub's operator."


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must be, beside signed.

    :ivar max_age: how long ago the provider may have asked who somebody is; None: any time.
    """

    client_id: str
    nonce: str
    max_age: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Believed:
    """What a good token says.

    :ivar authenticated_at: when the provider asked who they are; when it wrote the token, where it does not say.
    """

    subject: str
    claims: Mapping[str, Any]
    authenticated_at: datetime


def believed(token: str, provider: Provider, expected: Expected, at: datetime) -> Believed:
    """Return what a token says. :raises NotAuthenticated: nothing that counts here; no word of what it holds."""
    claims = _signed(token, provider)
    _check_for_whom(claims, provider.issuer, expected)
    written, ends = _instant(claims.get("iat")), _instant(claims.get("exp"))
    if written is None or ends is None:
        raise _no("lacks iat or exp")
    not_before = _instant(claims.get("nbf")) or written
    if ends <= at - _LEEWAY or written <= at - _OLDEST or max(written, not_before) >= at + _LEEWAY:
        raise _no("is of another time")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise _no("names nobody")
    return Believed(subject, claims, _authenticated(claims, expected, written, at))


def _signed(token: str, provider: Provider) -> Mapping[str, Any]:
    """Return the claims that a key of the provider has signed."""
    if len(token) > _MOST_CHARACTERS or token.count(".") != 2:
        raise _no("is none")
    algorithms = provider.described().algorithms

    def key_of(unread: Any) -> ECKey | RSAKey:
        header = unread.headers()
        kid, algorithm = header.get("kid"), header.get("alg")
        if algorithm not in algorithms or not isinstance(kid, str | None):
            raise ValueError
        return provider.key(kid, algorithm)

    try:
        claims = jwt.decode(token, key_of, algorithms=algorithms).claims
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):  # of a text that is no JWT: any of them
        raise _no("is not signed by the provider") from None
    return dict(orjson.loads(orjson.dumps(claims)))


def _check_for_whom(claims: Mapping[str, Any], issuer: str, expected: Expected) -> None:
    if claims.get("iss") != issuer:
        raise _no("is another provider's")
    if claims.get("aud") not in (expected.client_id, [expected.client_id]):
        raise _no("is not for this hub alone")
    if claims.get("azp", expected.client_id) != expected.client_id:
        raise _no("was given to somebody else")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not compare_digest(nonce.encode(), expected.nonce.encode()):
        raise _no("is of another sign-in")


def _authenticated(claims: Mapping[str, Any], expected: Expected, written: datetime, at: datetime) -> datetime:
    said = _instant(claims.get("auth_time"))
    if expected.max_age is None:
        return said or written
    if said is None or said + expected.max_age <= at - _LEEWAY or said >= at + _LEEWAY:
        raise _no("tells that the provider asked too long ago who they are")
    return said


def _instant(seconds: object) -> datetime | None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < 2**33:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _no(what: str) -> NotAuthenticated:
    return NotAuthenticated(f"The id token {what}.", _NEXT)
