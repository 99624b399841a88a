"""Master keys that never leave a token: a smart card, a hardware security module, or SoftHSM, by PKCS#11.

The token wraps and unwraps data keys itself (CKM_AES_GCM, with the same place bound as everywhere); what it wraps has
the form of any other wrapped key. python-pkcs11 is an extra, imported only where a token is configured.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any

from hub.crypto.envelope import FORMAT, NONCE_BYTES, MasterKey, bound
from hub.errors import KeysDown, SettingsRefused, Tampered

_MEND = (
    "Mend the token or HUB_KEY_TOKEN. Nothing was written, and nothing is without its key; the hub goes on by itself."
)


class Token:
    """One token, and a session in it that is opened anew when it breaks. Safe between threads, one at a time."""

    def __init__(self, module: str, label: str, pin: str) -> None:
        """Know a token; :meth:`keys` opens it.

        :param module: the path of its PKCS#11 library.
        :param label: of the token; there may be several of them in one library.
        """
        self._module, self._label, self._pin = module, label, pin
        self._session: Any = None
        self._found: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Token({self._label!r})"

    def keys(self, labels: Mapping[int, str]) -> Mapping[int, MasterKey]:
        """Return the keys by version. :raises SettingsRefused: the token or one of them cannot be used, and which."""
        try:
            import pkcs11  # noqa: F401 - an extra
        except ImportError:
            raise SettingsRefused(
                "HUB_KEY_TOKEN is set, and python-pkcs11 is not installed.", "Run: pip install 'one-plan-hub[token]'"
            ) from None
        for version, label in labels.items():
            try:
                self.run(label, lambda key: _encrypt(key, os.urandom(NONCE_BYTES), b"", b""))
            except KeysDown:
                raise SettingsRefused(
                    f"The token {self._label!r} of {self._module} cannot be used, or has no AES key {label!r} "
                    f"(master key version {version}).",
                    "Check HUB_KEY_TOKEN: module, label and pin; the key needs CKA_ENCRYPT and CKA_DECRYPT.",
                ) from None
        return {version: KeyInToken(self, label) for version, label in labels.items()}

    def run(self, label: str, use: Callable[[Any], bytes]) -> bytes:
        """Use a key once, in the session there is or in a new one.

        :raises KeysDown: neither works.
        """
        from pkcs11.exceptions import PKCS11Error

        with self._lock:
            for is_last in (False, True):
                try:
                    return use(self._key(label))
                except PKCS11Error:
                    self._close()
                    if is_last:
                        raise KeysDown("The token with the master keys does not do its part.", _MEND) from None
        raise AssertionError("one of the two ways is taken")

    def _key(self, label: str) -> Any:
        from pkcs11 import KeyType, ObjectClass

        if label not in self._found:
            if self._session is None:
                self._session = self._opened()
            found = self._session.get_key(object_class=ObjectClass.SECRET_KEY, key_type=KeyType.AES, label=label)
            self._found[label] = found
        return self._found[label]

    def _opened(self) -> Any:
        import pkcs11
        from pkcs11.exceptions import PKCS11Error

        library = pkcs11.lib(self._module)
        try:
            return library.get_token(token_label=self._label).open(user_pin=self._pin)
        except PKCS11Error:  # a library that has lost its token may find it again only when it begins anew
            library.reinitialize()
            return library.get_token(token_label=self._label).open(user_pin=self._pin)

    def _close(self) -> None:
        self._session, self._found = None, {}


class KeyInToken:
    """A master key in a token (:class:`hub.crypto.envelope.MasterKey`)."""

    def __init__(self, token: Token, label: str) -> None:
        self._token, self._label = token, label

    def seal(self, plain: bytes, place: str) -> bytes:
        """Encrypt for one place, inside the token. :raises KeysDown: it does not do its part."""
        nonce, with_ = os.urandom(NONCE_BYTES), bound(FORMAT, place, place)
        cipher = self._token.run(self._label, lambda key: _encrypt(key, nonce, plain, with_))
        return FORMAT + nonce + cipher

    def unseal(self, sealed: bytes, place: str, before: str) -> bytes:
        """Decrypt what was sealed for this place, inside the token.

        :raises Tampered: other bytes, another place or another key.
        :raises KeysDown: the token does not do its part.
        """
        if sealed[:1] != FORMAT:
            raise _tampered(place)
        nonce, cipher, with_ = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :], bound(FORMAT, place, before)
        try:
            return self._token.run(self._label, lambda key: _decrypt(key, nonce, cipher, with_))
        except KeysDown:
            # Each maker's tokens tell a wrong tag from trouble of their own in another way. If it seals, it works.
            self.seal(b"", place)
            raise _tampered(place) from None


def _tampered(place: str) -> Tampered:
    return Tampered(f"Stored bytes of {place.split('|')[0]} do not open: changed, moved or of another key.")


def _gcm(nonce: bytes, with_: bytes) -> Mapping[str, Any]:
    from pkcs11 import GCMParams, Mechanism

    return {"mechanism": Mechanism.AES_GCM, "mechanism_param": GCMParams(nonce, with_, 128)}


def _encrypt(key: Any, nonce: bytes, plain: bytes, with_: bytes) -> bytes:
    return bytes(key.encrypt(plain, **_gcm(nonce, with_)))


def _decrypt(key: Any, nonce: bytes, cipher: bytes, with_: bytes) -> bytes:
    return bytes(key.decrypt(cipher, **_gcm(nonce, with_)))
