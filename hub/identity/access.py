"""Who is calling: by a configured token, or by one of five minutes that a system was given for its assertion.

    token, seconds = access.issue(assertion, certificate, correlation_id=…)
    caller = access.caller("Bearer …", certificate, "da")

A token is a random text and a row, not a document that says of itself what it is good for: it ends at once when its
client's settings change, in every process, and there is no key whose theft makes tokens. ADR 35 says why.
"""

from __future__ import annotations

import hashlib
import secrets
from hmac import compare_digest

from hub.clock import now
from hub.errors import NotAuthenticated
from hub.flow.refusal import NOBODY, refusals_written
from hub.identity.assertions import LONGEST, Assertions
from hub.identity.tokens import Caller, Identity, bearer
from hub.settings import Client
from hub.store.access_rows import TokenRow
from hub.store.transaction import Store

ISSUING = "/oauth/token"
#: RFC 6749 section 5.1, ``expires_in``; no token lasts for longer than the assertion may.
SECONDS = int(LONGEST.total_seconds())
#: Before each token of the hub's own, so that one that leaks is told from others (secret scanners look for it).
PREFIX = "hub_at_"
_TOKEN_BYTES = 32


class Access:
    """Issues tokens, and knows callers by them or by those of the settings."""

    def __init__(self, store: Store, identity: Identity, address: str) -> None:
        """Know callers. :param address: that they reach the hub by; an assertion must be for ``ISSUING`` there."""
        self._store, self._identity = store, identity
        self._assertions = Assertions(identity.clients, f"{address}{ISSUING}")

    def issue(self, assertion: str, certificate: bytes | None, *, correlation_id: str) -> tuple[str, int]:
        """Return a token for whoever has signed the assertion, and its seconds.

        :param certificate: SHA-256 of the TLS certificate that the caller has shown; the token is bound to it.
        :raises NotAuthenticated: nobody has, the assertion was used before, or the certificate is another's.
        """
        with refusals_written(self._store, NOBODY, correlation_id, asked="token"):
            proven = self._assertions.proven(assertion, now())
        client = proven.client
        with refusals_written(self._store, client, correlation_id, asked="token"):
            _shows(self._identity.clients[client], certificate)
            token, at = PREFIX + secrets.token_urlsafe(_TOKEN_BYTES), now()
            digest = self._store.keyring.digest("assertion", f"{client}\x1f{proven.id}".encode())
            known = TokenRow(client, self._identity.settings_digest(client), certificate, at + LONGEST)
            with self._store.begin() as unit:
                unit.access.sweep(at)
                if not unit.access.use(digest, proven.lasts_until):
                    raise NotAuthenticated("The assertion was used before.", "Sign a new one for each token.")
                unit.access.issue(_digest(token), known)
                unit.audit.record("token-issued", client, at, correlation_id, bound=certificate is not None)
        return token, SECONDS

    def looks_up(self, authorization: str) -> bool:
        """Tell whether ``caller`` asks the database about this header, and so may wait."""
        return authorization.partition(" ")[2].strip().startswith(PREFIX)

    def caller(self, authorization: str, certificate: bytes | None, language: str = "da") -> Caller:
        """Return who sends this ``Authorization`` header.

        :param certificate: SHA-256 of the TLS certificate that the caller has shown.
        :param language: of the reasons the caller is given, ``da`` or ``en``.
        :raises NotAuthenticated: nobody known does, or another's certificate came with it.
        """
        token = bearer(authorization)
        is_issued = token.startswith(PREFIX)
        caller = self._issued_to(token, certificate, language) if is_issued else self._identity.caller(token, language)
        _shows(self._identity.clients[caller.client], certificate)
        return caller

    def are_one_person(self, client: str, other: str) -> bool:
        """Tell whether two clients are the same person's."""
        return self._identity.person_of(client) == self._identity.person_of(other)

    def person_of(self, client: str) -> str:
        """Return who answers for what a client does."""
        return self._identity.person_of(client)

    def _issued_to(self, token: str, certificate: bytes | None, language: str) -> Caller:
        with self._store.begin(read_only=True) as unit:
            row = unit.access.find(_digest(token))
        if row is None or row.lasts_until <= now():
            raise NotAuthenticated("The token is over, or none of this hub.", "Get a new one at /oauth/token.")
        if not compare_digest(row.client_digest, self._identity.settings_digest(row.client)):
            raise NotAuthenticated("The client's settings have changed since.", "Get a new token at /oauth/token.")
        if row.certificate is not None and not compare_digest(row.certificate, certificate or b""):
            raise NotAuthenticated("The token is bound to another TLS certificate.", "Call with the one it was got by.")
        return self._identity.client(row.client, language)


def _shows(client: Client, certificate: bytes | None) -> None:
    """Let nobody pass whose certificate is not its client's. :raises NotAuthenticated: it is another's, or none."""
    if client.certificate_sha256 and not compare_digest(bytes.fromhex(client.certificate_sha256), certificate or b""):
        raise NotAuthenticated("The client must show its own TLS certificate.", "Call with the configured certificate.")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
