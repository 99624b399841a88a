"""Everything an operator can set: each name, what it says, its limits and its default."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, IPvAnyNetwork, SecretBytes, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from hub.settings.clients import Client
from hub.settings.collector import HeaderName, HeaderValue, faults_of_collector
from hub.settings.key_token import KeyToken
from hub.settings.sign_in import SignIn
from hub.settings.types import AuthorityName, Key, KeyVersion, Name, PublicKeyText


class Settings(BaseSettings):
    """What an operator can set."""

    model_config = SettingsConfigDict(env_prefix="HUB_", env_nested_delimiter="__", extra="forbid")

    database_url: str = Field("sqlite:///var/hub.db", description="sqlite:///FILE or postgresql://…")
    broker_url: str = Field("memory://", description="memory:// with SQLite, amqp://… with PostgreSQL")
    queue_prefix: str = Field("hub", pattern=r"^[a-z0-9-]{1,40}$", description="first part of every queue's name")
    municipality: str = Field("0376", pattern=r"^[0-9]{4}$", description="municipality code, four digits")
    keys: dict[KeyVersion, Key] = Field(
        default_factory=dict, description="master keys by version, base64; the highest seals"
    )
    key_token: KeyToken | None = Field(None, description="a token (PKCS#11) that keeps master keys, beside or instead")
    key_in_use: KeyVersion | None = Field(
        None, description="version of the master key that seals; without it the highest"
    )
    index_key: Key = Field(description="key of the blind index of person numbers, base64; of its own")
    signing_key: Key | None = Field(
        None, description="key that proofs are signed with, base64; without it one made from the index key"
    )
    old_proof_keys: list[PublicKeyText] = Field(
        default_factory=list,
        description="public keys that the hub signed with before, as /proof-keys gave their x",
    )
    clients: dict[Name, Client] = Field(default_factory=dict, description="who may call the hub")
    sign_in: SignIn | None = Field(
        None, description="the identity provider that people sign in through (OpenID Connect); without it by token"
    )
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
    answer_days: int = Field(
        10, gt=0, le=250, description="how long an authority has to answer a citizen, working days; policy, not law"
    )
    travel_minutes: int = Field(30, ge=0, le=1440, description="the way between two appointments, minutes")
    quiet_hours: int = Field(
        72, ge=0, le=8760, description="how long a source may bring nothing before pages say so, hours; 0 for ever"
    )
    quiet_hours_of: dict[Name, Annotated[int, Field(ge=0, le=8760)]] = Field(
        default_factory=dict, description="the same for an authority of its own number, by name"
    )
    contacts: dict[Name, Annotated[str, Field(min_length=1, max_length=200)]] = Field(
        default_factory=dict, description="whom coordinators call when an authority's system is silent, by name"
    )
    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8080, description="port to listen on; 0 takes a free one")
    metrics_host: str = Field("127.0.0.1", description="address that numbers for Prometheus are given at")
    metrics_port: int | None = Field(
        None, ge=0, le=65_535, description="port that they are given at; 0 takes a free one; without it they are not"
    )
    otlp_endpoint: str = Field(
        "", description="address of the collector that spans are sent to (OTLP over HTTP); empty: there are none"
    )
    otlp_plain_http: bool = Field(False, description="send them unencrypted beyond this machine (closed networks only)")
    otlp_ca_file: Path | None = Field(None, description="PEM of who signs the collector's certificate; else the usual")
    otlp_headers: dict[HeaderName, HeaderValue] = Field(
        default_factory=dict, description="headers that the collector asks for, such as Authorization, by name"
    )
    trace_sample_ratio: float = Field(1, ge=0, le=1, description="share of traces that is sent, from 0 to 1")
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^/?#@\s]+)?$",
        description="address that others reach the hub by, without a path; in WSDL and cookies; empty: host and port",
    )
    trusted_proxies: list[IPvAnyNetwork] = Field(
        default_factory=list, description="networks of proxies that tell of a caller's certificate (Client-Cert)"
    )
    going_seconds: float = Field(
        0, ge=0, le=60, description="how long /readyz says that the process is about to end before it does, seconds"
    )
    requests_at_once: int = Field(
        32, gt=0, le=10_000, description="requests of one caller under way at once; more are told to come again"
    )
    evaluation_least: int = Field(
        5, ge=1, le=100, description="a number of fewer families is not told by the evaluation"
    )
    lookups_per_minute: int = Field(
        20, gt=0, le=60_000, description="people that one client may look up by number in a minute, by all processes"
    )
    lookups_per_minute_of: dict[Name, Annotated[int, Field(gt=0, le=60_000)]] = Field(
        default_factory=dict, description="the same for a client of its own number, by name"
    )
    hosts: list[str] = Field(
        default_factory=list, description="names besides that of public_url that callers may reach the hub by (Host)"
    )
    max_body_bytes: int = Field(10_000_000, gt=0, description="largest body taken, bytes")
    lease_seconds: float = Field(60, gt=0, description="how long a worker may hold a delivery; longer than a send")
    sweep_seconds: float = Field(5, gt=0, description="how often the sweeper looks for what was left behind")
    ring_again_seconds: float = Field(30, gt=0, description="when an unanswered ring is repeated")
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
    subscription_failures: int = Field(
        20, gt=0, le=1000, description="failures in a row after which a FHIR subscription is in error"
    )
    keep_done_days: float = Field(7, gt=0, description="how long a fetch that is done stays on the list, days")
    keep_bodies_days: float = Field(30, gt=0, description="how long the sealed body of a message is kept, days")
    keep_dedupe_days: float = Field(35, gt=0, description="how long a message is known after its plans ended, days")
    keep_attempts_days: float = Field(90, gt=0, description="how long a settled delivery attempt is kept, days")
    keep_notices_days: float = Field(365, gt=0, description="how long it is known that a letter was sent, days")
    keep_history_days: float = Field(1826, gt=0, description="how long superseded versions are kept, days")
    keep_audit_days: float = Field(1826, gt=0, description="how long sealed audit entries are kept in full, days")
    keep_plans_days: float = Field(1826, gt=0, description="how long a plan that has ended is kept, days")
    keep_unknown_days: float = Field(365, gt=0, description="how long it is tried to fetch who has no plan, days")
    audit_checkpoint_seconds: float = Field(
        60, gt=0, le=3600, description="how long sealed audit entries wait for a checkpoint at most, seconds"
    )
    audit_checkpoint_entries: int = Field(
        1000, gt=0, description="how many sealed audit entries make a checkpoint at once"
    )
    audit_witnesses: list[str] = Field(
        default_factory=list,
        description="folders and https:// addresses elsewhere that are given each checkpoint of the audit",
    )
    audit_lag_seconds: float = Field(
        60,
        gt=0,
        description="how long an audit entry may wait to be sealed, or a witness lag, before it is an alarm, seconds",
    )
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
        in_token = set(self.key_token.keys) if self.key_token else set()
        if not self.keys and not in_token:
            faults.append("keys: at least one master key is needed; make one with: hub new-key")
        if both := in_token & self.keys.keys():
            faults.append(f"key_token: version {min(both)} is among keys too")
        if self.key_in_use is not None and self.key_in_use not in in_token | self.keys.keys():
            faults.append("key_in_use: there is no master key of this version")
        if len({key.get_secret_value() for key in self.keys.values()}) < len(self.keys):
            faults.append("keys: two versions are the same key")
        if any(key.get_secret_value() == self.index_key.get_secret_value() for key in self.keys.values()):
            faults.append("index_key: must differ from every master key")
        if self.signing_key is not None and self._is_other_key(self.signing_key):
            faults.append("signing_key: must differ from every other key")
        faults += faults_of_collector(self.otlp_endpoint, plain_http=self.otlp_plain_http)
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

    @property
    def address(self) -> str:
        """Return the address that others reach the hub by."""
        return self.public_url or f"http://{self.host}:{self.port}"

    @property
    def host_names(self) -> frozenset[str]:
        """Return the names that callers may reach the hub by, as ``Host`` has them; empty: by any."""
        public = self.public_url.lower().partition("://")[2]
        return frozenset(name.lower() for name in (public, *self.hosts) if name)

    def lookups_at_most(self, client: str) -> int:
        """Return how many people a client may look up in a minute."""
        return self.lookups_per_minute_of.get(client, self.lookups_per_minute)

    def quiet_at_most(self, authority: str) -> timedelta:
        """Return how long an authority may bring nothing before that is told; none for ever."""
        return timedelta(hours=self.quiet_hours_of.get(authority, self.quiet_hours))

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
