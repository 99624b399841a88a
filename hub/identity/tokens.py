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
        used = Counter(client.token_sha256 for client in clients.values())
        faults += [
            Fault(f"clients.{name}.token_sha256", "Another client has the same token.", "Give each one of its own.")
            for name, client in clients.items()
            if used[client.token_sha256] > 1
        ]
        if faults:
            raise SettingsRefused("Some clients cannot be known.", faults=faults)
        self._callers = [
            (bytes.fromhex(client.token_sha256), Caller(name, _reader(client))) for name, client in clients.items()
        ]
        self._clients = dict(clients)

    def caller(self, authorization: str, language: str = "da") -> Caller:
        """Return who sends this ``Authorization`` header.

        :param language: of the reasons the caller is given, ``da`` or ``en``.
        :raises NotAuthenticated: nobody known does.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NotAuthenticated("The request carries no bearer token.")
        digest = hashlib.sha256(token.strip().encode()).digest()
        # Every client is compared, and each in constant time: how long it takes tells nothing of any token.
        found = [caller for known, caller in self._callers if compare_digest(known, digest)]
        if not found:
            raise NotAuthenticated("The token is not one of a client of this hub.")
        return _speaking(found[0], language)

    def client(self, name: str, language: str = "da") -> Caller:
        """Return a client who has shown its token before. :raises NotAuthenticated: there is none any more."""
        if name not in self._clients:
            raise NotAuthenticated("There is no such client.")
        return _speaking(Caller(name, _reader(self._clients[name])), language)

    def settings_digest(self, name: str) -> bytes:
        """Return a digest of all that the settings say of a client, its token's included; empty for no client."""
        client = self._clients.get(name)
        return hashlib.sha256(client.model_dump_json().encode()).digest() if client else b""


def language_of(accept_language: str) -> str:
    """Return ``en`` for a caller who asks for English first (``Accept-Language``), ``da`` for any other."""
    return "en" if accept_language.lower().startswith("en") else "da"


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
    return Reader(client.organisation, role, purpose, person=client.person)


def _faults(name: str, client: Client) -> list[Fault]:
    if client.role not in set(Role):
        return [Fault(f"clients.{name}.role", "There is no such role.", f"Use one of {', '.join(Role)}.")]
    if client.role == Role.CITIZEN and client.person is None:
        return [Fault(f"clients.{name}.person", "A citizen's client needs the citizen's id at the hub.")]
    if client.role != Role.CITIZEN and client.person is not None:
        return [Fault(f"clients.{name}.person", "Only a citizen's client speaks for a person.", "Leave it out.")]
    return []
