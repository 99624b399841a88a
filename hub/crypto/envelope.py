"""Envelope encryption: data keys seal content, master keys wrap data keys.

Sealed bytes are format (1 byte) | nonce (12 bytes) | ciphertext and tag. Nonces are random: far below 2³² messages
per data key, as NIST SP 800-38D asks. The additional data binds each ciphertext to its place, so that a blob copied to
another table, row or column does not open; a wrapped key is bound to the version of its master key as well.

The format says what is bound. Format 1 names the place alone, and is only read any more: what it was written with is
``before``, where that differs. Format 2 names itself too, so that neither passes for the other.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.crypto.signing import PublicKey, SigningKey
from hub.errors import SettingsRefused, Tampered

_PLACE_ALONE, FORMAT = b"\x01", b"\x02"
NONCE_BYTES = 12
#: A wrapped key begins with its master key's version.
VERSION_BYTES = 4
_KEY_BYTES = 32
_WRAPPED_BYTES = VERSION_BYTES + len(FORMAT) + NONCE_BYTES + _KEY_BYTES + 16

#: What bytes that were changed are refused with: the latter where it is the version before a wrapped key.
UNOPENED = (Tampered, SettingsRefused)

SET_OLD_KEY = "Set the old master key beside the new one until every data key is wrapped anew (hub keys status)."


def seal(key: bytes, plain: bytes, place: str) -> bytes:
    """Encrypt bytes for one place, such as ``elements|<element>|<plan>|<registered at>``."""
    nonce = os.urandom(NONCE_BYTES)
    return FORMAT + nonce + AESGCM(key).encrypt(nonce, plain, bound(FORMAT, place, place))


def unseal(key: bytes, sealed: bytes, place: str, before: str = "") -> bytes:
    """Decrypt what was sealed for this place.

    :param before: how format 1 named the place, if otherwise.
    :raises Tampered: other bytes, another place or another key.
    """
    form, nonce, cipher = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, cipher, bound(form, place, before or place))
    except (InvalidTag, ValueError):
        raise Tampered(
            f"Stored bytes of {place.split('|')[0]} do not open: changed, moved or of another key."
        ) from None


def names_place_alone(sealed: bytes) -> bool:
    """Tell whether bytes are of format 1, for places that were named otherwise then."""
    return sealed[:1] == _PLACE_ALONE


def bound(form: bytes, place: str, before: str) -> bytes:
    """Return the additional data. :raises InvalidTag: there is no such format."""
    if form == FORMAT:
        return FORMAT + place.encode()
    if form == _PLACE_ALONE:
        return before.encode()
    raise InvalidTag


class MasterKey(Protocol):
    """A key that wraps data keys, wherever it is kept."""

    def seal(self, plain: bytes, place: str) -> bytes:
        """Encrypt for one place (:func:`seal`)."""
        ...

    def unseal(self, sealed: bytes, place: str, before: str) -> bytes:
        """Decrypt what was sealed for this place (:func:`unseal`)."""
        ...


@dataclass(frozen=True, slots=True)
class KeyInMemory:
    """A master key that the settings hold."""

    key: bytes = field(repr=False)

    def seal(self, plain: bytes, place: str) -> bytes:
        """Encrypt for one place."""
        return seal(self.key, plain, place)

    def unseal(self, sealed: bytes, place: str, before: str) -> bytes:
        """Decrypt what was sealed for this place. :raises Tampered: it was not."""
        return unseal(self.key, sealed, place, before)


class Keyring:
    """The master keys, the index key and the signing key; says no word of them in its repr.

    :ivar in_use: the version of the master key that wraps what is new.
    """

    def __init__(
        self,
        keys: Mapping[int, bytes | MasterKey],
        index_key: bytes,
        signing_seed: bytes | None = None,
        in_use: int | None = None,
        old_proof_keys: Iterable[PublicKey] = (),
    ) -> None:
        """Take the keys; the highest version is in use unless another is named."""
        self._keys = {v: KeyInMemory(key) if isinstance(key, bytes) else key for v, key in keys.items()}
        self.in_use = in_use or max(self._keys)
        self._index_key = index_key
        #: What the hub signs with; made from the index key, which stays for good, where no seed is given.
        self.signing_key = SigningKey(signing_seed or self.digest("signing-key", b""))
        #: What the hub's signatures are checked with: the present key first, then those it signed with before.
        self.public_keys = (self.signing_key.public, *old_proof_keys)

    def __repr__(self) -> str:
        return f"Keyring(versions={sorted(self._keys)})"

    def new_data_key(self, place: str) -> tuple[bytes, bytes]:
        """Make a data key for one place; return it plain and wrapped by the newest master key."""
        key = os.urandom(_KEY_BYTES)
        return key, self._wrap(key, place)

    def _wrap(self, key: bytes, place: str) -> bytes:
        sealed = self._keys[self.in_use].seal(key, _key_place(place, self.in_use))
        return self.in_use.to_bytes(VERSION_BYTES) + sealed

    def unwrap(self, wrapped: bytes, place: str) -> bytes:
        """Return the plain data key.

        :raises SettingsRefused: the master key that wrapped it is not among the settings.
        :raises Tampered: the wrapped key was changed or moved.
        """
        version = version_of(wrapped)
        if version not in self._keys:
            raise SettingsRefused(
                f"Stored data needs master key version {version}, and HUB_KEYS__{version} is not set.", SET_OLD_KEY
            )
        return self._keys[version].unseal(wrapped[VERSION_BYTES:], _key_place(place, version), f"key|{place}")

    @property
    def versions(self) -> frozenset[int]:
        """Return the versions of the master keys that are here."""
        return frozenset(self._keys)

    def rewrap(self, sealed: bytes, place: str) -> bytes:
        """Return a wrapped key, with whatever was sealed by it behind it, wrapped by the master key in use.

        :raises SettingsRefused: the master key that wrapped it is not here.
        :raises Tampered: the wrapped key was changed or moved.
        """
        key = self.unwrap(sealed[:_WRAPPED_BYTES], place)
        return self._wrap(key, place) + sealed[_WRAPPED_BYTES:]

    def seal_alone(self, plain: bytes, place: str) -> bytes:
        """Seal bytes with a data key of their own, which travels with them, wrapped."""
        key, wrapped = self.new_data_key(place)
        return wrapped + seal(key, plain, place)

    def unseal_alone(self, sealed: bytes, place: str) -> bytes:
        """Open what ``seal_alone`` sealed. :raises Tampered: see ``unseal``."""
        return unseal(self.unwrap(sealed[:_WRAPPED_BYTES], place), sealed[_WRAPPED_BYTES:], place)

    def blind_index(self, purpose: str, *parts: str) -> bytes:
        """Return a keyed index of a value: equal values meet, and without the key nobody can try them all.

        CPR has so few values that a plain hash would be a lookup table; hence HMAC-SHA-256 with a key of its own.
        """
        return self.digest(purpose, "\x1f".join(parts).encode())

    def digest(self, purpose: str, content: bytes) -> bytes:
        """Return a keyed digest of bytes, such as a message's body."""
        return keyed_digest(self._index_key, purpose.encode() + b"\x1f" + content)


def version_of(wrapped: bytes) -> int:
    """Return the version of the master key that stands before what it wrapped."""
    return int.from_bytes(wrapped[:VERSION_BYTES])


def _key_place(place: str, version: int) -> str:
    return f"key|{version}|{place}"


def keyed_digest(key: bytes, content: bytes) -> bytes:
    """Return HMAC-SHA-256 of the content."""
    return hmac.new(key, content, hashlib.sha256).digest()
