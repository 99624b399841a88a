"""What ``hub check`` looks at before anyone relies on the hub."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hub.authority import load_post, load_register, load_witnesses
from hub.cli.assembly import joined, open_store
from hub.cli.checking_files import certificates, secrets
from hub.cli.checking_machine import clock_and_room
from hub.cli.finding import Finding, Level
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


def look_at_everything() -> list[Finding]:
    """Look at each part; what cannot be looked at because of another fault is left out."""
    try:
        settings = read_settings()
    except HubError as error:
        return [_bad("settings", error)]
    return [Finding("settings", Level.OK, "complete"), *_of_settings(settings), *_of_database(settings)]


def _of_settings(settings: Settings) -> Iterator[Finding]:
    """Look at what settings name, but the database."""
    register, witnesses = settings.person_register, settings.audit_witnesses
    yield _ask("authorities", lambda: ", ".join(joined(settings)) or "none configured")
    yield _ask("clients", lambda: f"{len(Identity(settings.clients).clients)} may call")
    yield _ask("post", lambda: "configured" if load_post(settings.post) else "none: letters wait")
    yield _ask("register", lambda: "configured" if load_register(register) else "none: nobody is followed")
    yield _ask("witnesses", lambda: f"{len(load_witnesses(witnesses))} of the audit")
    yield _ask("sign-in", lambda: _provider_answers(settings))
    yield _ask("broker", lambda: _broker_answers(settings))
    yield from _look("certificates", lambda: certificates(settings))
    yield from _look("secrets", lambda: [secrets(settings)])


def _of_database(settings: Settings) -> list[Finding]:
    """Look at the database, and at what is in it as far as its tables are those of this version."""
    try:
        store = open_store(settings)
    except HubError as error:
        return [_bad("database", error)]
    try:
        found = [_ask("database", lambda: _database_answers(store))]
        if found[-1].level is Level.OK:
            found += _look("clock", lambda: clock_and_room(store))
            found += _look("tables", lambda: [_tables(store)])
            if found[-1].level is Level.OK:
                found.append(_ask("policy", lambda: _policy(store)))
                found.append(_ask("keys", lambda: _keys(store)))
        return found
    finally:
        store.close()


def _ask(part: str, question: Callable[[], str]) -> Finding:
    [found] = _look(part, lambda: [Finding(part, Level.OK, question())])
    return found


def _look(part: str, question: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Return what a question finds; an error of the hub is critical, and any other says that nothing is known."""
    try:
        return list(question())
    except HubError as error:
        return [_bad(part, error)]
    except Exception as error:  # a traceback would end with 1, which says "warning" to whoever watches
        said = f"could not be looked at: {type(error).__name__}"
        return [Finding(part, Level.UNKNOWN, said, "Run it as the hub's user, with the hub's settings.")]


def _bad(part: str, error: HubError) -> Finding:
    return Finding(part, Level.CRITICAL, error.diagnostics(), error.next_step)


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
        return Finding("tables", Level.OK, "newest")
    return Finding("tables", Level.CRITICAL, "older than this version of the hub", "Run: hub migrate")


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
