"""What a browser carries while somebody signs in: sealed by the hub, so that it can neither be read nor made up.

Nothing of a sign-in is kept by the hub before it is known who it is (docs/adr/0036).
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from hub.crypto.envelope import Keyring
from hub.errors import SettingsRefused, Tampered
from hub.identity.offers import Offer

_MOST_CHARACTERS = 4_000
_Carried = TypeVar("_Carried", "Asked", "Offered")


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody is on the way to the provider and back.

    :ivar before: digest of the session that was there before, in hex; empty for none.
    :ivar anew: whether the provider was to ask who they are even if it knows.
    """

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    wanted: str
    before: str
    anew: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Offered:
    """Somebody is known, and has yet to choose as what to go on.

    :ivar id: it counts once. :ivar settings: digest of the settings that the offers come of, in hex.
    """

    id: str = field(repr=False)
    client: str
    offers: tuple[Offer, ...]
    wanted: str
    before: str
    authenticated_at: datetime
    settings: str
    at: datetime


class Carried(Generic[_Carried]):
    """Seals and opens one kind of what a browser carries, which is over after a while."""

    def __init__(self, kind: type[_Carried], keyring: Keyring, lasts: timedelta) -> None:
        self._adapter: TypeAdapter[_Carried] = TypeAdapter(kind)
        self._keyring, self._place, self.lasts = keyring, f"sign-in|{kind.__name__.lower()}", lasts

    def seal(self, what: _Carried) -> str:
        """Return what a cookie may hold."""
        sealed = self._keyring.seal_alone(self._adapter.dump_json(what), self._place)
        return urlsafe_b64encode(sealed).decode()

    def open(self, cookie: str, at: datetime) -> _Carried | None:
        """Return what a cookie holds; None where it is none of the hub's, or over."""
        try:
            if len(cookie) > _MOST_CHARACTERS:
                return None
            sealed = urlsafe_b64decode(cookie.encode("ascii"))
            what = self._adapter.validate_json(self._keyring.unseal_alone(sealed, self._place))
        except (ValueError, SettingsRefused, Tampered, ValidationError):
            return None
        return what if what.at <= at < what.at + self.lasts else None
