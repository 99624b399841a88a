"""Sessions of the pages: somebody signs in once, and a secret in a cookie stands for it afterwards.

They come by a client's token (``begin``), or through the identity provider (``begin_as``, ``identity.signing_in``).

The secret is 256 random bits, so a plain SHA-256 of it is all that the store needs to keep (as of tokens).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest, digest

from hub.clock import now
from hub.consent.reader import Reader
from hub.errors import NotAllowed, NotAuthenticated
from hub.flow.refusal import refusals_written
from hub.identity.in_flight import Offered
from hub.identity.offers import Offer, People
from hub.identity.tokens import Caller, Identity
from hub.plan.person import OF_THE_HUB, Role
from hub.store.sessions import PersonRow, SessionRow
from hub.store.transaction import Store

#: A screen left alone shows a family's plan to whoever passes: a quarter of an hour without use ends the session.
IDLE = timedelta(minutes=15)
#: A working day; a stolen secret is worth no more.
LONGEST = timedelta(hours=8)
#: Name of the cookie that holds the secret; behind TLS ``__Host-`` stands before it.
COOKIE = "hub-session"
#: For whom there are pages by a client's token. Whom the provider lets in is let in whatever the role.
_ROLES = frozenset({Role.COORDINATOR}) | OF_THE_HUB
_SECRET_BYTES = 32
#: How long it is known that a word of the provider was used; longer than a browser carries it (``signing_in``).
_ONCE = timedelta(minutes=30)
#: Who is refused when nobody is known; no client can be called so.
_NOBODY = "-"


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in.

    :ivar secret: what the cookie holds.
    :ivar authenticated_at: when the identity provider last asked who they are; None for a client's token.
    """

    secret: str = field(repr=False)
    caller: Caller
    authenticated_at: datetime | None = None

    @property
    def form_token(self) -> str:
        """Return what every form of this session carries; it tells nothing of the secret."""
        return digest(self.secret.encode(), b"form", "sha256").hex()

    def has_made(self, form_token: str) -> bool:
        """Tell whether a form is one of this session's."""
        return compare_digest(self.form_token.encode(), form_token.encode())


class Sessions:
    """Begins, knows and ends sessions."""

    def __init__(self, store: Store, identity: Identity, people: People | None = None) -> None:
        """Know sessions. :param people: what those are whom the identity provider lets in; None: it lets in nobody."""
        self._store = store
        self._identity, self._people = identity, people

    @property
    def takes_tokens(self) -> bool:
        """Tell whether the settings have a client whose token opens pages."""
        return any(one.token_sha256 and one.role in _ROLES for one in self._identity.clients.values())

    def begin(self, token: str, *, correlation_id: str, before: str = "") -> Session:
        """Sign in with a client's token; the session that was there before ends.

        :raises NotAuthenticated: the token is nobody's.
        :raises NotAllowed: there are no pages for its client.
        """
        with refusals_written(self._store, _NOBODY, correlation_id, asked="sign-in"):
            caller = self._identity.caller(token.strip())
        with refusals_written(self._store, caller.client, correlation_id, asked="sign-in"):
            if caller.reader.role not in _ROLES:
                raise NotAllowed("There are no pages for this client.", "Sign in with a coordinator's token.")
        secret, at = secrets.token_urlsafe(_SECRET_BYTES), now()
        with self._store.begin() as unit:
            unit.sessions.sweep(began_by=at - LONGEST, seen_by=at - IDLE)
            unit.sessions.end(_digest(before))
            unit.sessions.begin(_digest(secret), caller.client, self._identity.settings_digest(caller.client), at)
            unit.audit.record("signed-in", caller.client, at, correlation_id)
        return Session(secret, caller)

    def begin_as(self, offered: Offered, offer: Offer, *, once: bytes, correlation_id: str) -> Session | None:
        """Sign in as one of what the identity provider's word lets somebody be; None: that was used before.

        :param once: digest of that word.
        """
        secret, at = secrets.token_urlsafe(_SECRET_BYTES), now()
        person = PersonRow(offer.role, offer.organisation, offer.person, offered.authenticated_at)
        with self._store.begin() as unit:
            unit.sessions.sweep(began_by=at - LONGEST, seen_by=at - IDLE)
            unit.access.sweep(at)
            if not unit.access.use(once, at + _ONCE):
                return None
            unit.sessions.end(bytes.fromhex(offered.before))
            unit.sessions.begin(_digest(secret), offered.client, bytes.fromhex(offered.settings), at, person)
            role, organisation = offer.role, offer.organisation
            unit.audit.record("signed-in", offered.client, at, correlation_id, role=role, organisation=organisation)
        return Session(secret, _caller(offered.client, offer, "da"), offered.authenticated_at)

    def find(self, secret: str, language: str = "da", *, is_use: bool = True) -> Session:
        """Return the session that a secret stands for, and count this as its use.

        :param language: of the reasons its reader is given, ``da`` or ``en``.
        :param is_use: False where a page asks by itself: nobody need sit before it, so it keeps no session alive.
        :raises NotAuthenticated: there is none, it is over, or its client is not what it was.
        """
        with self._store.begin(read_only=not is_use) as unit:
            at, known = now(), _digest(secret)
            row = unit.sessions.find(known)
            if row is None or not self._lasts(row, at):
                raise NotAuthenticated("Nobody is signed in.", "Sign in.")
            if is_use:
                unit.sessions.seen(known, at)
        if row.person is None:
            return Session(secret, self._identity.client(row.client, language))
        offer = self._people and self._people.offer(row.person.role, row.person.organisation, row.person.person)
        if not offer:
            raise NotAuthenticated("Nobody is signed in.", "Sign in.")
        return Session(secret, _caller(row.client, offer, language), row.person.authenticated_at)

    def person_of(self, session: Session) -> str:
        """Return who answers for what is done in a session: by whichever client they come, the same name."""
        client = session.caller.client
        return self._identity.person_of(client) if client in self._identity.clients else client

    def roles_held_by(self, person: str) -> frozenset[Role]:
        """Return the roles of all clients whose holder somebody is."""
        return self._identity.roles_held_by(person)

    def end(self, session: Session, *, correlation_id: str) -> None:
        """Sign out."""
        with self._store.begin() as unit:
            unit.sessions.end(_digest(session.secret))
            unit.audit.record("signed-out", session.caller.client, now(), correlation_id)

    def _lasts(self, row: SessionRow, at: datetime) -> bool:
        """Tell whether a session goes on: it is young, in use, and the settings that let it begin are as they were."""
        of_people = self._people.digest if self._people else b""
        settings = self._identity.settings_digest(row.client) if row.person is None else of_people
        is_same = compare_digest(row.client_digest, settings)
        return is_same and at < row.began_at + LONGEST and at < row.seen_at + IDLE


def digest_of(secret: str) -> str:
    """Return what a session's secret is known by, in hex; empty for none."""
    return _digest(secret).hex() if secret else ""


def _caller(client: str, offer: Offer, language: str) -> Caller:
    kle = frozenset(offer.kle) or None
    reader = Reader(offer.organisation, offer.role, offer.purpose, person=offer.person, language=language, kle=kle)
    return Caller(client, reader)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
