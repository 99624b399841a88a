"""Bearer tokens of configured clients: the hub keeps their SHA-256 only.

A plain hash is enough: a token is 256 random bits, so there is nothing to guess and no need for a slow one.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hmac import compare_digest

from hub.consent.reader import Reader
from hub.errors import Fault, NotAuthenticated, SettingsRefused
from hub.identity.assertions import key_faults
from hub.identity.holders import combination_faults, person_of
from hub.plan.person import Role
from hub.settings import Client

#: What a citizen asks for unless the settings say otherwise: insight into the own plan (GDPR art. 15).
CITIZEN_ACCESS = "citizen-access"
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: the client's name in the settings, for the audit, and the reader it is."""

    client: str
    reader: Reader


class Identity:
    """Knows callers by their tokens.

    :raises SettingsRefused: naming every client whose settings make no sense.
    """

    def __init__(self, clients: Mapping[str, Client]) -> None:
        faults = [fault for name, client in clients.items() for fault in _faults(name, client)]
        used = Counter(client.token_sha256 for client in clients.values() if client.token_sha256)
        faults += [
            Fault(f"clients.{name}.token_sha256", "Another client has the same token.", "Give each one of its own.")
            for name, client in clients.items()
            if used[client.token_sha256] > 1
        ]
        if not faults:  # which needs every role to be one
            faults = combination_faults(clients)
        if faults:
            raise SettingsRefused("Some clients cannot be known.", faults=faults)
        self._callers = [
            (bytes.fromhex(client.token_sha256), Caller(name, _reader(client)))
            for name, client in clients.items()
            if client.token_sha256
        ]
        #: By name, as the settings have them.
        self.clients = dict(clients)

    def caller(self, token: str, language: str = "da") -> Caller:
        """Return whose token of the settings this is.

        :param language: of the reasons the caller is given, ``da`` or ``en``.
        :raises NotAuthenticated: nobody known does.
        """
        digest = hashlib.sha256(token.encode()).digest()
        # Every client is compared, and each in constant time: how long it takes tells nothing of any token.
        found = [caller for known, caller in self._callers if compare_digest(known, digest)]
        if not found:
            raise NotAuthenticated("The token is not one of a client of this hub.")
        return _speaking(found[0], language)

    def client(self, name: str, language: str = "da") -> Caller:
        """Return a client who has shown its token before. :raises NotAuthenticated: there is none any more."""
        if name not in self.clients:
            raise NotAuthenticated("There is no such client.")
        return _speaking(Caller(name, _reader(self.clients[name])), language)

    def person_of(self, name: str) -> str:
        """Return who answers for what a client does: by whichever client they come, the same name."""
        return person_of(name, self.clients)

    def roles_held_by(self, person: str) -> frozenset[Role]:
        """Return the roles of all clients whose holder somebody is."""
        held = (client for name, client in self.clients.items() if self.person_of(name) == person)
        return frozenset(Role(client.role) for client in held)

    def settings_digest(self, name: str) -> bytes:
        """Return a digest of all that the settings say of a client, its token's included; empty for no client."""
        client = self.clients.get(name)
        return hashlib.sha256(client.model_dump_json(exclude_defaults=True).encode()).digest() if client else b""


def language_of(accept_language: str) -> str:
    """Return ``en`` for a caller who asks for English first (``Accept-Language``), ``da`` for any other."""
    return "en" if accept_language.lower().startswith("en") else "da"


def bearer(authorization: str) -> str:
    """Return the token in an ``Authorization`` header (RFC 6750). :raises NotAuthenticated: there is none."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotAuthenticated("The request carries no bearer token.")
    return token.strip()


def new_token() -> tuple[str, str]:
    """Make a token; return it for the client, and its SHA-256 in hex for the settings."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    return token, hashlib.sha256(token.encode()).hexdigest()


def _speaking(caller: Caller, language: str) -> Caller:
    return replace(caller, reader=replace(caller.reader, language=language))


def _reader(client: Client) -> Reader:
    role = Role(client.role)
    is_said = "purpose" in client.model_fields_set
    purpose = CITIZEN_ACCESS if role is Role.CITIZEN and not is_said else client.purpose
    kle = frozenset(client.kle) if client.kle else None
    return Reader(client.organisation, role, purpose, person=client.person, kle=kle)


def _faults(name: str, client: Client) -> list[Fault]:
    if client.role not in set(Role):
        return [Fault(f"clients.{name}.role", "There is no such role.", f"Use one of {', '.join(Role)}.")]
    if bool(client.token_sha256) == bool(client.keys):
        sentence = "A client is known by its token or by its keys."
        return [Fault(f"clients.{name}", sentence, "Set token_sha256, or keys, and not both.")]
    if faults := key_faults(name, client):
        return faults
    if client.role == Role.CITIZEN and client.person is None:
        return [Fault(f"clients.{name}.person", "A citizen's client needs the citizen's id at the hub.")]
    if client.kle and client.role not in (Role.CASEWORKER, Role.AUTHORITY_SYSTEM):
        sentence = "Only what a caseworker or a system reads is limited by KLE."
        return [Fault(f"clients.{name}.kle", sentence, "Leave it out.")]
    if client.role == Role.CITIZEN and client.holder:
        sentence = "A citizen's client is its person's, and has no other holder."
        return [Fault(f"clients.{name}.holder", sentence, "Leave it out.")]
    if client.role != Role.CITIZEN and client.person is not None:
        return [Fault(f"clients.{name}.person", "Only a citizen's client speaks for a person.", "Leave it out.")]
    return []
