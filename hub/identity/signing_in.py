"""Signing in through the identity provider: to it, back from it, and on as one of what somebody may be.

    url, cookie = sign_ins.leave("/coordinator", before=digest)        # OpenID Connect: code, PKCE, state, nonce
    known = sign_ins.back(cookie, told, correlation_id=…)              # Known, or Stopped with the reason
    session = sign_ins.go_on(known, known.offers[0], correlation_id=…)

Whoever is let in is known by a pseudonym: a keyed digest of who the provider says they are. Name and number are kept
nowhere.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hmac import compare_digest
from urllib.parse import urlencode

from hub.clock import now
from hub.errors import NotAuthenticated
from hub.flow.citizen import citizen_with_plan
from hub.flow.refusal import NOBODY, refusals_written
from hub.identity.id_tokens import Believed, Expected, believed
from hub.identity.in_flight import Asked, Carried, Offered
from hub.identity.offers import Offer, People, as_citizen, may_meet
from hub.identity.provider import Provider
from hub.identity.sessions import Session, Sessions
from hub.settings.sign_in import SignIn
from hub.store.transaction import Store

#: Where the provider sends people back to, and where from its end of session; both are registered with it.
BACK, LEFT = "/sign-in/back", "/sign-in/left"
_ON_THE_WAY, _CHOOSING = timedelta(minutes=10), timedelta(minutes=5)
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Stopped:
    """Nobody is signed in.

    :ivar why: ``denied`` (by themself or by the provider), ``failed`` (the provider says so), ``interrupted`` (not
        begun here, too long ago, or twice), ``not-believed``, ``weak``, ``no-role``, ``forbidden`` or ``no-plan``.
    """

    why: str


class SignIns:
    """Lets people in whom the provider knows."""

    def __init__(self, settings: SignIn, people: People, sessions: Sessions, store: Store, address: str) -> None:
        """Prepare; nothing is asked yet.

        :param address: that others reach the hub by.
        :raises SettingsRefused: the hub could not show the provider who it is.
        """
        self._settings, self._people, self._sessions, self._store = settings, people, sessions, store
        self._address, self.called = address, settings.called
        self.provider = Provider(settings)
        self._asked = Carried(Asked, store.keyring, _ON_THE_WAY)
        self._offered = Carried(Offered, store.keyring, _CHOOSING)

    def leave(self, wanted: str, *, before: str, anew: bool = False) -> tuple[str, str]:
        """Return the provider's address to go to, and what the browser carries meanwhile.

        :param anew: let the provider ask who they are even if it knows.
        :raises ProviderDown: it does not say where that is.
        """
        state, nonce, verifier = (secrets.token_urlsafe(_SECRET_BYTES) for _ in range(3))
        asks = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._address + BACK,
            "scope": " ".join(self._settings.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": _s256(verifier),
            "code_challenge_method": "S256",
            **({"acr_values": self._settings.acr_values} if self._settings.acr_values else {}),
            **({"max_age": str(self._settings.max_age)} if self._settings.max_age else {}),
            **({"max_age": "0", "prompt": "login"} if anew else {}),
        }
        endpoint = self.provider.described().authorization_endpoint
        carried = Asked(state, nonce, verifier, wanted, before, anew, now())
        return _with(endpoint, asks), self._asked.seal(carried)

    def back(self, cookie: str, told: Mapping[str, str], *, correlation_id: str) -> Offered | Stopped:
        """Return what somebody who comes back may be, or why they get no further; that is written down.

        :raises ProviderDown: it cannot be asked who they are; nothing is kept.
        """
        asked = self._asked.open(cookie, now())
        if asked is None or not compare_digest(asked.state.encode(), told.get("state", "").encode()):
            return self._stopped("interrupted", NOBODY, correlation_id)
        says_who = self.provider.described().says_who
        if told.get("iss", "" if says_who else self.provider.issuer) != self.provider.issuer:  # RFC 9207
            return self._stopped("not-believed", NOBODY, correlation_id)
        if "error" in told:
            why = "denied" if told["error"] == "access_denied" else "failed"
            return self._stopped(why, NOBODY, correlation_id)
        try:
            token = self.provider.exchange(told.get("code", ""), asked.verifier, self._address + BACK)
            known = believed(token, self.provider, self._expected(asked), now())
        except NotAuthenticated:
            return self._stopped("not-believed", NOBODY, correlation_id)
        return self._offers(asked, known, correlation_id)

    def carried(self, offered: Offered) -> str:
        """Return what the browser carries while somebody chooses."""
        return self._offered.seal(offered)

    def choice(self, cookie: str) -> Offered | None:
        """Return what somebody may choose among; None where it is over, or the settings have changed since."""
        offered = self._offered.open(cookie, now())
        return offered if offered and offered.settings == self._people.digest.hex() else None

    def go_on(self, offered: Offered, offer: Offer, *, correlation_id: str) -> Session | Stopped:
        """Begin a session as one of what somebody may be; what was offered counts once."""
        once = self._store.keyring.digest("sign-in", offered.id.encode())
        session = self._sessions.begin_as(offered, offer, once=once, correlation_id=correlation_id)
        return session or self._stopped("interrupted", offered.client, correlation_id)

    def end_session(self) -> str:
        """Return where the provider ends its own session too; empty where it offers that nowhere.

        No id token is shown there (id_token_hint), for none is kept.

        :raises ProviderDown: it does not say.
        """
        endpoint = self.provider.described().end_session_endpoint
        asks = {"client_id": self._settings.client_id, "post_logout_redirect_uri": self._address + LEFT}
        return _with(endpoint, asks) if endpoint else ""

    def _expected(self, asked: Asked) -> Expected:
        if asked.anew:
            return Expected(self._settings.client_id, asked.nonce, now() - asked.at)
        max_age = timedelta(seconds=self._settings.max_age) if self._settings.max_age else None
        return Expected(self._settings.client_id, asked.nonce, max_age)

    def _offers(self, asked: Asked, known: Believed, correlation_id: str) -> Offered | Stopped:
        client = self._pseudonym(known.subject)
        if not self._people.is_sure(known.claims):
            return self._stopped("weak", client, correlation_id)
        offers = self._people.offers(known.claims)
        if not offers:
            number = self._people.citizen(known.claims)
            if number is None:
                return self._stopped("no-role", client, correlation_id)
            person = citizen_with_plan(number, self._store)
            if person is None:
                return self._stopped("no-plan", client, correlation_id)
            offers = (as_citizen(person),)
        if not may_meet(offers, self._sessions.roles_held_by(client)):
            return self._stopped("forbidden", client, correlation_id)
        # The state stands for the sign-in: however often the same answer comes back, it lets in once.
        return self._offer(asked, client, offers, known.authenticated_at)

    def _offer(self, asked: Asked, client: str, offers: tuple[Offer, ...], authenticated_at: datetime) -> Offered:
        digest = self._people.digest.hex()
        return Offered(asked.state, client, offers, asked.wanted, asked.before, authenticated_at, digest, now())

    def _pseudonym(self, subject: str) -> str:
        """Return how the audit knows somebody; no client of the settings can be called so, for it has a dot."""
        return f"person.{self._store.keyring.blind_index('signed-in', self.provider.issuer, subject).hex()[:40]}"

    def _stopped(self, why: str, actor: str, correlation_id: str) -> Stopped:
        """Write down that somebody is not let in; of nobody known as often as the audit bears."""
        asked = {"asked": "sign-in", "why": why}
        with suppress(NotAuthenticated), refusals_written(self._store, actor, correlation_id, **asked):
            raise NotAuthenticated("The identity provider's word lets nobody in.", "Begin again.")
        return Stopped(why)


def _with(endpoint: str, asks: Mapping[str, str]) -> str:
    """Return an address with what it is asked; some providers have something in it already (RFC 6749 section 3.1)."""
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asks)}"


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
