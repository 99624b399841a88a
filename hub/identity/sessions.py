"""Sessions of the pages: a person shows a client's token once, and a secret in a cookie stands for it afterwards.

The secret is 256 random bits, so a plain SHA-256 of it is all that the store needs to keep (as of tokens).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest, digest

from hub.clock import now
from hub.errors import NotAllowed, NotAuthenticated
from hub.flow.refusal import refusals_written
from hub.identity.tokens import Caller, Identity
from hub.plan.person import Role
from hub.store.sessions import SessionRow
from hub.store.transaction import Store

#: A screen left alone shows a family's plan to whoever passes: a quarter of an hour without use ends the session.
IDLE = timedelta(minutes=15)
#: A working day; a stolen secret is worth no more.
LONGEST = timedelta(hours=8)
#: For whom there are pages.
_ROLES = frozenset({Role.COORDINATOR})
_SECRET_BYTES = 32
#: Who is refused when nobody is known; no client can be called so.
_NOBODY = "-"


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in.

    :ivar secret: what the cookie holds.
    """

    secret: str = field(repr=False)
    caller: Caller

    @property
    def form_token(self) -> str:
        """Return what every form of this session carries; it tells nothing of the secret."""
        return digest(self.secret.encode(), b"form", "sha256").hex()

    def has_made(self, form_token: str) -> bool:
        """Tell whether a form is one of this session's."""
        return compare_digest(self.form_token.encode(), form_token.encode())


class Sessions:
    """Begins, knows and ends sessions."""

    def __init__(self, store: Store, identity: Identity) -> None:
        self._store = store
        self._identity = identity

    def begin(self, token: str, *, correlation_id: str, before: str = "") -> Session:
        """Sign in with a client's token; the session that was there before ends.

        :raises NotAuthenticated: the token is nobody's.
        :raises NotAllowed: there are no pages for its client.
        """
        with refusals_written(self._store, _NOBODY, correlation_id, asked="sign-in"):
            caller = self._identity.caller(f"Bearer {token}")
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

    def find(self, secret: str, language: str = "da") -> Session:
        """Return the session that a secret stands for, and count this as its use.

        :param language: of the reasons its reader is given, ``da`` or ``en``.
        :raises NotAuthenticated: there is none, it is over, or its client is not what it was.
        """
        with self._store.begin() as unit:
            at, known = now(), _digest(secret)
            row = unit.sessions.find(known)
            if row is None or not self._lasts(row, at):
                raise NotAuthenticated("Nobody is signed in.", "Sign in.")
            unit.sessions.seen(known, at)
        return Session(secret, self._identity.client(row.client, language))

    def end(self, session: Session, *, correlation_id: str) -> None:
        """Sign out."""
        with self._store.begin() as unit:
            unit.sessions.end(_digest(session.secret))
            unit.audit.record("signed-out", session.caller.client, now(), correlation_id)

    def _lasts(self, row: SessionRow, at: datetime) -> bool:
        """Tell whether a session goes on: it is young, in use, and nothing in its client's settings has changed."""
        is_same = compare_digest(row.client_digest, self._identity.settings_digest(row.client))
        return is_same and at < row.began_at + LONGEST and at < row.seen_at + IDLE


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
