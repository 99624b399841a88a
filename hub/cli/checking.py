"""What ``hub check`` looks at before anyone relies on the hub."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hub.authority import load_post, load_register, load_witnesses
from hub.cli.assembly import joined, open_store
from hub.cli.keys import in_words
from hub.errors import BrokerDown, HubError
from hub.flow.rotation import check_keys, standing
from hub.identity.offers import People
from hub.identity.provider import Provider
from hub.identity.tokens import Identity
from hub.queue.broker import Broker
from hub.settings import Settings, read_settings
from hub.store.migrations import is_current
from hub.store.transaction import Store

#: Exit code of ``hub check`` when something is not well.
NOT_READY = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """How one part stands, and what to do when it does not stand well."""

    part: str
    is_well: bool
    said: str
    next_step: str = ""


def look_at_everything() -> list[Finding]:
    """Look at each part; what cannot be looked at because of another fault is left out."""
    try:
        settings = read_settings()
    except HubError as error:
        return [Finding("settings", False, error.diagnostics(), error.next_step)]
    findings = [Finding("settings", True, "complete")]
    findings.append(_ask("authorities", lambda: ", ".join(joined(settings)) or "none configured"))
    findings.append(_ask("clients", lambda: f"{len(Identity(settings.clients).clients)} may call"))
    findings.append(_ask("post", lambda: "configured" if load_post(settings.post) else "none: letters wait"))
    register = settings.person_register
    findings.append(_ask("register", lambda: "configured" if load_register(register) else "none: nobody is followed"))
    witnesses = settings.audit_witnesses
    findings.append(_ask("witnesses", lambda: f"{len(load_witnesses(witnesses))} of the audit"))
    findings.append(_ask("sign-in", lambda: _provider_answers(settings)))
    findings.append(_ask("broker", lambda: _broker_answers(settings)))
    store = open_store(settings)
    findings.append(_ask("database", lambda: _database_answers(store)))
    if findings[-1].is_well:
        findings.append(_tables(store))
        if findings[-1].is_well:
            findings.append(_ask("policy", lambda: _policy(store)))
            findings.append(_ask("keys", lambda: _keys(store)))
    store.close()
    return findings


def _ask(part: str, question: Callable[[], str]) -> Finding:
    try:
        return Finding(part, True, question())
    except HubError as error:
        return Finding(part, False, error.diagnostics(), error.next_step)


def _broker_answers(settings: Settings) -> str:
    with Broker(settings.broker_url, settings.queue_prefix) as broker:
        broker.ping()
    return "answers"


def _provider_answers(settings: Settings) -> str:
    if settings.sign_in is None:
        return "by token alone: no identity provider"
    People(settings.sign_in)
    Provider(settings.sign_in).described()
    return "the identity provider answers"


def _database_answers(store: Store) -> str:
    store.ping()
    return "answers"


def _tables(store: Store) -> Finding:
    if is_current(store):
        return Finding("tables", True, "newest")
    return Finding("tables", False, "older than this version of the hub", "Run: hub migrate")


def _policy(store: Store) -> str:
    with store.begin(read_only=True) as unit:
        return f"version {unit.policies.in_force().version}"


def _keys(store: Store) -> str:
    check_keys(store)
    return in_words(standing(store))


def rings_waiting(settings: Settings) -> list[dict[str, Any]]:
    """Return how many rings wait in each queue of the broker; none of the embedded one, which is another process's."""
    if settings.is_embedded:
        return []
    try:
        with Broker(settings.broker_url, settings.queue_prefix) as broker:
            return [{"queue": name, "rings": depth} for name, depth in sorted(broker.depths().items())]
    except BrokerDown as error:
        return [{"queue": error.code, "rings": None}]
