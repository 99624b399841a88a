"""Envelope encryption: data keys seal content, master keys wrap data keys.

Sealed bytes are version (1 byte) | nonce (12 bytes) | ciphertext and tag. Nonces are random: far below 2³² messages
per data key, as NIST SP 800-38D asks. The additional data binds each ciphertext to its place, so that a blob copied to
another row does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.crypto.signing import SigningKey
from hub.errors import SettingsRefused, Tampered

_FORMAT = b"\x01"
_NONCE_BYTES = 12
_VERSION_BYTES = 4
_KEY_BYTES = 32
_WRAPPED_BYTES = _VERSION_BYTES + len(_FORMAT) + _NONCE_BYTES + _KEY_BYTES + 16


def seal(key: bytes, plain: bytes, place: str) -> bytes:
    """Encrypt bytes for one place, such as ``elements|<element>|<plan>``."""
    nonce = os.urandom(_NONCE_BYTES)
    return _FORMAT + nonce + AESGCM(key).encrypt(nonce, plain, place.encode())


def unseal(key: bytes, sealed: bytes, place: str) -> bytes:
    """Decrypt what was sealed for this place.

    :raises Tampered: other bytes, another place or another key.
    """
    nonce, cipher = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        if sealed[:1] != _FORMAT:
            raise InvalidTag
        return AESGCM(key).decrypt(nonce, cipher, place.encode())
    except (InvalidTag, ValueError):
        raise Tampered(
            f"Stored bytes of {place.split('|')[0]} do not open: changed, moved or of another key."
        ) from None


class Keyring:
    """The master keys, the index key and the signing key; says no word of them in its repr."""

    def __init__(self, keys: Mapping[int, bytes], index_key: bytes, signing_seed: bytes | None = None) -> None:
        self._keys = dict(keys)
        self._newest = max(self._keys)
        self._index_key = index_key
        #: What the hub signs with; made from the index key, which stays for good, where no seed is given.
        self.signing_key = SigningKey(signing_seed or self.digest("signing-key", b""))

    def __repr__(self) -> str:
        return f"Keyring(versions={sorted(self._keys)})"

    def new_data_key(self, place: str) -> tuple[bytes, bytes]:
        """Make a data key for one place; return it plain and wrapped by the newest master key."""
        key = os.urandom(_KEY_BYTES)
        wrapped = self._newest.to_bytes(_VERSION_BYTES) + seal(self._keys[self._newest], key, f"key|{place}")
        return key, wrapped

    def unwrap(self, wrapped: bytes, place: str) -> bytes:
        """Return the plain data key.

        :raises SettingsRefused: the master key that wrapped it is not among the settings.
        :raises Tampered: the wrapped key was changed or moved.
        """
        version = int.from_bytes(wrapped[:_VERSION_BYTES])
        if version not in self._keys:
            raise SettingsRefused(
                f"Stored data needs master key version {version}, and HUB_KEYS__{version} is not set.",
                "Set the old master key beside the new one until every data key is wrapped anew.",
            )
        return unseal(self._keys[version], wrapped[_VERSION_BYTES:], f"key|{place}")

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


def keyed_digest(key: bytes, content: bytes) -> bytes:
    """Return HMAC-SHA-256 of the content."""
    return hmac.new(key, content, hashlib.sha256).digest()
