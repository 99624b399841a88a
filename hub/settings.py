"""Everything an operator can set, read once at start; a start with bad settings names all faults at once.

Values come from ``HUB_*`` variables (nested with ``__``, lists and tables as JSON), from files named after them in
``HUB_SECRETS_DIR``, and from the TOML file named by ``HUB_SETTINGS_FILE``; the first that says something wins.
"""

from __future__ import annotations

import base64
import os
import re
from tomllib import TOMLDecodeError
from typing import Annotated, Any, Self, get_origin
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, Field, SecretBytes, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from hub.errors import Fault, SettingsRefused

_KEY_BYTES = 32
_PLACES = ("HUB_SETTINGS_FILE", "HUB_SECRETS_DIR")
_FIELD_IN_MESSAGE = re.compile(r'field "(\w+)"')  # pydantic-settings says it nowhere else


def _key(text: object) -> bytes:
    """Read a key of 256 bits, written in base64."""
    try:
        key = text if isinstance(text, bytes) else base64.b64decode(str(text), validate=True)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise ValueError("needs 32 random bytes in base64; make some with: hub new-key")
    return key


Key = Annotated[SecretBytes, BeforeValidator(_key)]
PublicKeyText = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]
KeyVersion = Annotated[int, Field(ge=1, lt=2**32)]  # four bytes of it stand before each key that it wraps


#: An organisation's or a client's: it stands in audit rows (64 characters) and in ids of FHIR.
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
#: An authority's stands behind a plan's id in ids of FHIR, which end at 64 characters.
AuthorityName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,26}$")]


class Client(BaseModel, extra="forbid"):
    """One caller of the hub and what it is. The token itself is nowhere, only its SHA-256."""

    token_sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the bearer token, in hex")
    organisation: Name = Field(description="the authority or body it speaks for, such as children")
    role: str = Field(
        description="authority-system, coordinator, caseworker, partner, citizen, operator or administrator"
    )
    purpose: str = Field("one-plan", description="what it may ask for")
    person: UUID | None = Field(None, description="the citizen's id at the hub, for the role citizen")


class Settings(BaseSettings):
    """What an operator can set."""

    model_config = SettingsConfigDict(env_prefix="HUB_", env_nested_delimiter="__", extra="forbid")

    database_url: str = Field("sqlite:///var/hub.db", description="sqlite:///FILE or postgresql://…")
    broker_url: str = Field("memory://", description="memory:// with SQLite, amqp://… with PostgreSQL")
    queue_prefix: str = Field("hub", pattern=r"^[a-z0-9-]{1,40}$", description="first part of every queue's name")
    municipality: str = Field("0376", pattern=r"^[0-9]{4}$", description="municipality code, four digits")
    keys: dict[KeyVersion, Key] = Field(description="master keys by version, base64; the highest version seals")
    index_key: Key = Field(description="key of the blind index of person numbers, base64; of its own")
    signing_key: Key | None = Field(
        None, description="key that proofs are signed with, base64; without it one made from the index key"
    )
    old_proof_keys: list[PublicKeyText] = Field(
        default_factory=list, description="public keys that proofs were signed with before, as /proof-keys gave their x"
    )
    clients: dict[Name, Client] = Field(default_factory=dict, description="who may call the hub")
    authorities: dict[AuthorityName, dict[str, Any]] = Field(
        default_factory=dict, description="settings of each authority's adapter, by name"
    )
    post: dict[str, Any] = Field(
        default_factory=dict, description="how letters reach citizens (Digital Post); empty: they wait, visibly"
    )
    person_register: dict[str, Any] = Field(
        default_factory=dict, description="the person register that the hub follows people in; empty: none"
    )
    remind_seconds: float = Field(60, gt=0, description="how often to look for what citizens are to be told, seconds")
    coordinator: Name = Field("coordination", description="organisation that authors and coordinates the one plan")
    consent_months: int = Field(
        12, gt=0, le=120, description="how long a yes lasts that names no end, months; a municipality's policy, not law"
    )
    reminder_days: int = Field(
        30, gt=0, le=366, description="how long before a yes stops counting the coordinator is to ask anew, days"
    )
    appointment_hours: int = Field(
        48, ge=0, le=336, description="how long before an appointment the citizen is reminded, hours; 0 for never"
    )
    withdrawal_hours: int = Field(
        24, gt=0, le=8760, description="how long a recipient has to confirm that it has deleted, hours"
    )
    travel_minutes: int = Field(30, ge=0, le=1440, description="the way between two appointments, minutes")
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, description="port to listen on; 0 takes a free one")
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^/?#@\s]+)?$",
        description="address that others reach the hub by, without a path; in WSDL and cookies; empty: host and port",
    )
    max_body_bytes: int = Field(10_000_000, gt=0, description="largest body taken, bytes")
    lease_seconds: float = Field(60, gt=0, description="how long a worker may hold a delivery; longer than a send")
    sweep_seconds: float = Field(5, gt=0, description="how often the sweeper looks for what was left behind")
    ring_again_seconds: float = Field(60, gt=0, description="when an unanswered ring is repeated")
    retry_seconds: float = Field(20, gt=0, description="wait after a message's first failure; fourfold each time")
    max_attempts: int = Field(8, gt=0, description="failures of a message before it is a dead letter")
    workers: int = Field(8, gt=0, description="deliveries under way at once in one process")
    calls_at_once: int = Field(
        4, gt=0, le=1000, description="calls under way at once to one authority, by all processes"
    )
    calls_at_once_of: dict[Name, Annotated[int, Field(gt=0, le=1000)]] = Field(
        default_factory=dict, description="the same for an authority of its own number, by name"
    )
    deliveries_per_minute_of: dict[Name, Annotated[int, Field(gt=0, le=60_000)]] = Field(
        default_factory=dict, description="deliveries to one recipient in any minute at most, by name; others: no limit"
    )
    receipt_hours: int = Field(
        24, gt=0, le=8760, description="how long who has received a delivery has to say that it is taken in, hours"
    )
    feed_again_seconds: float = Field(
        900,
        gt=0,
        le=86_400,
        description="when a recipient that fetches is told again of what it has given no receipt for",
    )
    feed_wait_seconds: float = Field(30, ge=0, le=60, description="how long a reader of a feed may wait at most")
    feed_waiting_callers: int = Field(100, gt=0, le=10_000, description="readers of feeds that wait at once")
    keep_done_days: float = Field(7, gt=0, description="how long a fetch that is done stays on the list, days")
    keep_bodies_days: float = Field(30, gt=0, description="how long the sealed body of a message is kept, days")
    keep_dedupe_days: float = Field(35, gt=0, description="how long a message is known after its plans ended, days")
    keep_attempts_days: float = Field(90, gt=0, description="how long a settled delivery attempt is kept, days")
    keep_notices_days: float = Field(365, gt=0, description="how long it is known that a letter was sent, days")
    keep_history_days: float = Field(1826, gt=0, description="how long superseded versions are kept, days")
    keep_unknown_days: float = Field(365, gt=0, description="how long it is tried to fetch who has no plan, days")
    housekeeping_hour: int = Field(4, ge=0, le=23, description="when a night's housekeeping begins, local hour")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        embedded = self.database_url.startswith("sqlite:"), self.broker_url.startswith("memory:")
        operated = self.database_url.startswith("postgresql:"), self.broker_url.startswith("amqp")
        faults = []
        if not (all(embedded) or all(operated)):
            faults.append("database_url and broker_url: SQLite goes with memory://, PostgreSQL with amqp://")
        if "register" in self.authorities:
            faults.append("authorities: 'register' is the name of the person register; call this authority otherwise")
        if not self.keys:
            faults.append("keys: at least one master key is needed; make one with: hub new-key")
        if any(key.get_secret_value() == self.index_key.get_secret_value() for key in self.keys.values()):
            faults.append("index_key: must differ from every master key")
        if self.signing_key is not None and self._is_other_key(self.signing_key):
            faults.append("signing_key: must differ from every other key")
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _is_other_key(self, key: SecretBytes) -> bool:
        others = (self.index_key, *self.keys.values())
        return any(key.get_secret_value() == other.get_secret_value() for other in others)

    @property
    def is_embedded(self) -> bool:
        """Tell whether database and broker live in one process (SQLite and memory)."""
        return self.broker_url.startswith("memory:")

    def calls_at_most(self, authority: str) -> int:
        """Return how many calls to an authority may be under way at once."""
        return self.calls_at_once_of.get(authority, self.calls_at_once)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Say where settings come from, first wins."""
        sources = [init_settings, env_settings]
        if folder := os.environ.get("HUB_SECRETS_DIR"):
            sources.append(SecretsSettingsSource(settings_cls, folder))
        if toml := os.environ.get("HUB_SETTINGS_FILE"):
            sources.append(TomlConfigSettingsSource(settings_cls, toml))
        return tuple(sources)


def read_settings(**given: Any) -> Settings:
    """Read the settings.

    :raises SettingsRefused: naming every fault at once; never a secret's value.
    """
    _check_places()
    misspelt = _misspelt()
    try:
        settings = Settings(**given)
    except TOMLDecodeError:  # its message may repeat what stands in the file
        raise _refused([Fault("HUB_SETTINGS_FILE", "The file is no valid TOML.")]) from None
    except SettingsError as error:
        found = _FIELD_IN_MESSAGE.search(str(error))
        raise _refused([Fault(_variable((found[1],) if found else ()), "It is no valid JSON.")]) from None
    except ValidationError as error:
        faults = [Fault(_variable(fault["loc"]), f"{fault['msg']}.") for fault in error.errors(include_input=False)]
        raise _refused(misspelt + faults) from None
    if misspelt:
        raise _refused(misspelt)
    return settings


def _check_places() -> None:
    """Refuse a file or folder that is not there; passed over, it would leave other settings than were written."""
    missing = [
        Fault(name, "There is nothing at this path.")
        for name in _PLACES
        if (place := os.environ.get(name)) and not os.path.exists(place)
    ]
    if missing:
        raise _refused(missing)


def _misspelt() -> list[Fault]:
    """Return what is none of ours: passed over, it would leave a default where something was written."""
    tables = {name.upper() for name, field in Settings.model_fields.items() if get_origin(field.annotation) is dict}
    faults = []
    for name in sorted(os.environ):
        whole, _, nested = name.upper().removeprefix("HUB_").partition("__")
        is_ours = whole.lower() in Settings.model_fields and (not nested or whole in tables)
        is_another = not name.upper().startswith("HUB_") or name.upper().startswith("HUB_TEST_")
        if not (is_ours or is_another or name in _PLACES):
            faults.append(Fault(name, "There is no such setting.", "Correct its name, or unset it."))
    for name in sorted(os.listdir(folder)) if (folder := os.environ.get("HUB_SECRETS_DIR")) else ():
        if name.lower().startswith("hub_") and name.lower().removeprefix("hub_") not in Settings.model_fields:
            faults.append(
                Fault(name, "There is no such setting.", "Correct the file's name; a table is one JSON file.")
            )
    return faults


def _refused(faults: list[Fault]) -> SettingsRefused:
    return SettingsRefused("The hub cannot start with these settings.", faults=faults)


def _variable(where: tuple[int | str, ...]) -> str:
    return "HUB_" + "__".join(str(part) for part in where if part != "[key]").upper() if where else "HUB_*"
