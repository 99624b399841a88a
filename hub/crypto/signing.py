"""Signed documents that anybody can check without the hub: canonical JSON and Ed25519 (RFC 8032).

A document is one JSON object: what it states, the key's name, the algorithm, and the signature over the bytes of all
the rest. Its bytes are canonical: names sorted, no blanks, UTF-8, as RFC 8785 has it for objects of ASCII names and
without fractions. So a document has one spelling, and whoever changes a byte of it, however harmless, is found out.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from typing_extensions import TypedDict

from hub.errors import InvalidRequest, Tampered

ALGORITHM = "Ed25519"
_SIGNED = ("algorithm", "key", "public_key", "statement")
_NOT_SIGNED_BY = "The signature does not fit: it was changed, or it is not signed by this key."


class ProofKeyAnswer(TypedDict):
    """A public key as a JWK (RFC 8037): ``x`` is the key in base64url, ``kid`` its thumbprint (RFC 7638)."""

    kty: str
    crv: str
    x: str
    kid: str
    use: str
    alg: str


class SignedDocument(TypedDict):
    """A signed document beside its ``statement``: Ed25519, in hexadecimal digits, over the canonical JSON of the rest.

    Names are sorted and nothing is spaced (RFC 8785). ``key`` is the thumbprint of ``public_key``.
    """

    algorithm: str
    key: str
    public_key: str
    signature: str


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signatures are checked with."""

    raw: bytes

    @classmethod
    def read(cls, text: str) -> PublicKey:
        """Read a key as ``/proof-keys`` gives its ``x``: 32 bytes in base64url.

        :raises InvalidRequest: it is none.
        """
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            Ed25519PublicKey.from_public_bytes(raw)
        except ValueError:
            raise InvalidRequest("This is no public key of Ed25519.", "Give x of GET /proof-keys.") from None
        return cls(raw)

    @property
    def text(self) -> str:
        """Return it as in a JWK (RFC 8037)."""
        return _base64url(self.raw)

    @property
    def name(self) -> str:
        """Return its thumbprint (RFC 7638)."""
        return _base64url(hashlib.sha256(canonical({"crv": ALGORITHM, "kty": "OKP", "x": self.text})).digest())

    def has_signed(self, message: bytes, signature: bytes) -> bool:
        """Tell whether a signature over bytes is this key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def jwk(self) -> ProofKeyAnswer:
        """Return it as a JWK."""
        return {"kty": "OKP", "crv": ALGORITHM, "x": self.text, "kid": self.name, "use": "sig", "alg": "EdDSA"}


class SigningKey:
    """A key that signs; says no word of itself in its repr."""

    def __init__(self, seed: bytes) -> None:
        """Make one of 32 secret bytes."""
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = PublicKey(self._key.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"SigningKey({self.public.name})"

    def sign_bytes(self, message: bytes) -> bytes:
        """Return the signature over bytes, 64 bytes. Their beginning must tell one kind of message from another."""
        return self._key.sign(message)

    def sign(self, statement: Mapping[str, Any]) -> bytes:
        """Return a statement as a signed document.

        :param statement: JSON of texts, ids, times, whole numbers, truths, lists and objects whose names are ASCII.
        """
        signed = {
            "algorithm": ALGORITHM,
            "key": self.public.name,
            "public_key": self.public.text,
            "statement": statement,
        }
        return canonical(signed | {"signature": self._key.sign(canonical(signed)).hex()})


def canonical(content: Any) -> bytes:
    """Return the one spelling of a JSON value."""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)


def verify(document: bytes, trusted: Iterable[PublicKey] = ()) -> dict[str, Any]:
    """Check a document, and return all of it.

    :param trusted: keys of the hub; with none, it is checked by the key that it names itself, which shows that it is
        unchanged since that key signed it, and nothing about whose key that is.
    :raises Tampered: it was changed by as little as a byte, or signed by another key.
    """
    try:
        read = orjson.loads(document)
        signed = {name: read[name] for name in _SIGNED}
        signature = bytes.fromhex(read["signature"])
        own = PublicKey.read(signed["public_key"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, InvalidRequest):
        raise Tampered("This is no signed document of the hub.", _ASK_FOR_ANOTHER) from None
    if canonical(signed | {"signature": signature.hex()}) != document:
        raise Tampered("It is not byte for byte as the hub gives it.", _ASK_FOR_ANOTHER)
    keys = list(trusted) or [own]
    if signed["algorithm"] != ALGORITHM or signed["key"] != own.name or own not in keys:
        raise Tampered("It is signed by another key than the one that is trusted.", _ASK_FOR_ANOTHER)
    try:
        Ed25519PublicKey.from_public_bytes(own.raw).verify(signature, canonical(signed))
    except InvalidSignature:
        raise Tampered(_NOT_SIGNED_BY, _ASK_FOR_ANOTHER) from None
    return {**read}


_ASK_FOR_ANOTHER = "Ask the hub for the document anew, and do not rely on this one."


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
