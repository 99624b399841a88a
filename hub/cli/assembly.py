"""Putting the rooms together, from settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.authority import Authorities, Posts, Register, Witness, load, load_post, load_register, load_witnesses
from hub.crypto.envelope import Keyring, MasterKey
from hub.crypto.signing import PublicKey
from hub.crypto.token import Token
from hub.errors import Fault, SettingsRefused
from hub.flow.standing import called
from hub.plan.person import Role
from hub.settings import Settings, read_settings
from hub.store.transaction import Store


@dataclass(frozen=True, slots=True)
class Rooms:
    """What every command works with."""

    settings: Settings
    store: Store
    authorities: Authorities
    post: Posts | None = None
    register: Register | None = None
    witnesses: Sequence[Witness] = ()


def open_rooms() -> Rooms:
    """Read the settings, open the store, join the authorities. :raises SettingsRefused: naming all faults."""
    settings = read_settings()
    post, register = load_post(settings.post), load_register(settings.person_register)
    witnesses = load_witnesses(settings.audit_witnesses)
    authorities, store = joined(settings), open_store(settings)
    store.counts.know(called(authorities, settings))
    return Rooms(settings, store, authorities, post, register, witnesses)


def joined(settings: Settings) -> Authorities:
    """Join the configured authorities. :raises SettingsRefused: one cannot be joined; or a partner's client is none."""
    authorities = load(settings.authorities)
    faults = [
        Fault(f"clients.{name}.role", "Its organisation is a partner, so it is one too.", "Write: partner.")
        for name, client in settings.clients.items()
        if (authority := authorities.get(client.organisation)) is not None
        and authority.role is Role.PARTNER
        and client.role != Role.PARTNER
    ]
    if faults:
        raise SettingsRefused("A partner's client may read no more than the partner is sent.", faults=faults)
    return authorities


def open_store(settings: Settings) -> Store:
    """Open the database with the keys that the settings hold or name.

    :raises SettingsRefused: the token that keeps them cannot be used.
    """
    keys: dict[int, bytes | MasterKey] = {version: key.get_secret_value() for version, key in settings.keys.items()}
    if (kept := settings.key_token) is not None:
        keys |= Token(str(kept.module), kept.label, kept.pin.get_secret_value()).keys(kept.keys)
    seed = settings.signing_key.get_secret_value() if settings.signing_key else None
    old = map(PublicKey.read, settings.old_proof_keys)
    keyring = Keyring(keys, settings.index_key.get_secret_value(), seed, settings.key_in_use, old)
    return Store(settings.database_url, keyring, settings.municipality)
