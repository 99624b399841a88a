"""What a security administrator looks after: who may call and by what, which keys there are, and when certificates end.

No secret, no hash of one, and nothing of a plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from typing_extensions import TypedDict

from hub.clock import now
from hub.crypto.expiry import ends_of
from hub.settings import Client, Settings
from hub.store.transaction import Store

_CERTIFICATES = ("client_certificate_file", "signing_certificate_file", "trusted_certificates_file", "ca_file")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that the settings name.

    :ivar place: the setting. :ivar fingerprint: SHA-256, hex. :ivar ends_at: None: the file is not readable.
    :ivar subject: never told; it may name a person.
    """

    place: str
    fingerprint: str
    ends_at: datetime | None
    subject: str = field(default="", repr=False)


class ClientKeyAnswer(TypedDict):
    """A public key of a client, by its name."""

    kid: str
    kty: str


class ClientAnswer(TypedDict):
    """A client: as what it comes, who uses it, and by what it is known."""

    client: str
    organisation: str
    role: str
    purpose: str
    holder: str
    signs_in_by: Literal["keys", "token"]
    keys: list[ClientKeyAnswer]
    certificate_sha256: str | None


class MasterKeyAnswer(TypedDict):
    """A version of the master key; the one in use wraps what is new."""

    version: int
    is_in_use: bool


class SigningKeyAnswer(TypedDict):
    """The key that signs proofs, by its name in ``/proof-keys``; one not of its own hangs on the master key."""

    kid: str
    is_of_its_own: bool


class CertificateAnswer(TypedDict):
    """A certificate that a setting names; without an end and a fingerprint where its file is not readable."""

    setting: str
    sha256: str
    ends_at: datetime | None


class KeysAnswer(TypedDict):
    """Which keys there are, by versions and public names, how many old ones, and when certificates end."""

    master_keys: list[MasterKeyAnswer]
    proof_key: SigningKeyAnswer
    old_proof_keys: int
    certificates: list[CertificateAnswer]


def clients_told(store: Store, settings: Settings, *, actor: str, correlation_id: str) -> list[ClientAnswer]:
    """Return who may call the hub, as what and by what; written down."""
    with store.begin() as unit:
        unit.audit.record("clients-read", actor, now(), correlation_id, clients=len(settings.clients))
    return [_client(name, client) for name, client in sorted(settings.clients.items())]


def keys_told(store: Store, settings: Settings, *, actor: str, correlation_id: str) -> KeysAnswer:
    """Return which keys there are, by version and public name, and when certificates end; written down."""
    keyring, public = store.keyring, store.keyring.signing_key.public
    with store.begin() as unit:
        unit.audit.record("keys-read", actor, now(), correlation_id)
    return {
        "master_keys": [
            {"version": version, "is_in_use": version == keyring.in_use} for version in sorted(keyring.versions)
        ],
        "proof_key": {"kid": public.name, "is_of_its_own": settings.signing_key is not None},
        "old_proof_keys": len(settings.old_proof_keys),
        "certificates": [
            {"setting": one.place, "sha256": one.fingerprint, "ends_at": one.ends_at}
            for one in sorted(certificates_named(settings), key=lambda one: one.place)
        ],
    }


def _client(name: str, client: Client) -> ClientAnswer:
    return {
        "client": name,
        "organisation": client.organisation,
        "role": client.role,
        "purpose": client.purpose,
        "holder": client.holder or name,
        "signs_in_by": "keys" if client.keys else "token",
        "keys": [{"kid": key["kid"], "kty": key["kty"]} for key in client.keys],
        "certificate_sha256": client.certificate_sha256 or None,
    }


def certificates_named(settings: Settings) -> Iterator[Certificate]:
    """Return every certificate in every file that the settings name."""
    tables = {f"authorities.{name}": table for name, table in settings.authorities.items()}
    tables |= {"post": settings.post, "person_register": settings.person_register}
    for place, table in tables.items():
        yield from _of(place, table)


def _of(place: str, table: Mapping[str, Any]) -> Iterator[Certificate]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _of(f"{place}.{name}", value)
        elif name in _CERTIFICATES and isinstance(value, str):
            try:
                ends = ends_of(Path(value).read_bytes())
            except (OSError, ValueError):
                yield Certificate(f"{place}.{name}", "", None)
                continue
            yield from (Certificate(f"{place}.{name}", one.fingerprint, one.at, one.subject) for one in ends)
