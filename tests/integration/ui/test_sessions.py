"""Who is signed in to the pages, on both databases."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

import hub.store.migrations as migrations
from hub.errors import NotAllowed, NotAuthenticated
from hub.identity.sessions import IDLE, LONGEST, Sessions
from hub.identity.tokens import Identity, new_token
from hub.plan.contribution import PersonFacts
from hub.plan.identifier import cpr_identifier
from hub.settings import Client
from hub.store.session_tables import sessions
from hub.store.tables import audit
from hub.store.transaction import Store
from hub.testing.clock import FrozenClock, frozen
from tests.integration.databases import EMBEDDED, OPERATED, a_database_for_a_hub, a_store, an_empty_database

pytestmark = pytest.mark.integration
MORNING = datetime(2026, 11, 23, 8, tzinfo=UTC)
TOKEN, TOKEN_DIGEST = new_token()
SYSTEM, SYSTEM_DIGEST = new_token()
COORDINATOR = Client.model_validate(
    {"token_sha256": TOKEN_DIGEST, "organisation": "coordination", "role": "coordinator"}
)
A_SYSTEM = Client.model_validate(
    {"token_sha256": SYSTEM_DIGEST, "organisation": "children", "role": "authority-system"}
)
CLIENTS = {"desk": COORDINATOR, "system": A_SYSTEM}


@pytest.fixture(params=[EMBEDDED, OPERATED])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with a_database_for_a_hub(request.param, tmp_path) as url:
        opened = a_store(url)
        migrations.upgrade(opened)
        yield opened
        opened.close()


@pytest.fixture
def clock() -> Iterator[FrozenClock]:
    with frozen(MORNING) as still:
        yield still


def rows(store: Store, table: sa.Table) -> list[dict[str, object]]:
    with store.begin(read_only=True) as unit:
        return [dict(row._mapping) for row in unit.connection.execute(sa.select(table))]


def begin(store: Store, token: str = TOKEN, before: str = "") -> str:
    return Sessions(store, Identity(CLIENTS)).begin(token, correlation_id="c", before=before).secret


def is_signed_in(store: Store, secret: str, clients: dict[str, Client] = CLIENTS) -> bool:
    try:
        Sessions(store, Identity(clients)).find(secret)
    except NotAuthenticated:
        return False
    return True


def test_a_session_is_kept_as_a_digest_and_a_name(store: Store, clock: FrozenClock) -> None:
    secret = begin(store)
    (row,) = rows(store, sessions)
    assert (row["client"], row["began_at"], row["seen_at"]) == ("desk", MORNING, MORNING)
    assert row["secret_digest"] == hashlib.sha256(secret.encode()).digest()
    assert secret not in repr(rows(store, sessions)) + repr(rows(store, audit))
    assert len(secret) == 43, "256 bits in base64"


def test_a_session_knows_its_client_and_language(store: Store, clock: FrozenClock) -> None:
    session = Sessions(store, Identity(CLIENTS)).find(begin(store), "en")
    assert session.caller.client == "desk"
    assert (session.caller.reader.organisation, session.caller.reader.language) == ("coordination", "en")


def test_a_session_in_use_goes_on_until_the_working_day_is_over(store: Store, clock: FrozenClock) -> None:
    secret = begin(store)
    while clock() < MORNING + LONGEST:
        assert is_signed_in(store, secret)
        clock.advance(IDLE - timedelta(seconds=1))
    assert not is_signed_in(store, secret)


def test_a_session_without_use_ends(store: Store, clock: FrozenClock) -> None:
    secret = begin(store)
    clock.advance(IDLE - timedelta(seconds=1))
    assert is_signed_in(store, secret)
    clock.advance(IDLE)
    assert not is_signed_in(store, secret)


def test_a_session_ends_with_its_client_and_with_any_change_of_it(store: Store, clock: FrozenClock) -> None:
    secret = begin(store)
    for client in (
        COORDINATOR.model_copy(update={"role": "operator"}),
        COORDINATOR.model_copy(update={"organisation": "elsewhere"}),
        COORDINATOR.model_copy(update={"token_sha256": new_token()[1]}),
    ):
        assert not is_signed_in(store, secret, {**CLIENTS, "desk": client})
    assert not is_signed_in(store, secret, {"system": A_SYSTEM})
    assert is_signed_in(store, secret)


def test_another_secret_is_nobodys(store: Store, clock: FrozenClock) -> None:
    secret = begin(store)
    (row,) = rows(store, sessions)
    kept = row["secret_digest"]
    assert isinstance(kept, bytes)
    for other in ("", secret[:-1], secret + "x", kept.hex()):
        assert not is_signed_in(store, other)


def test_signing_in_again_ends_the_session_before(store: Store, clock: FrozenClock) -> None:
    first = begin(store)
    second = begin(store, before=first)
    assert (is_signed_in(store, first), is_signed_in(store, second)) == (False, True)


def test_signing_in_sweeps_what_is_over(store: Store, clock: FrozenClock) -> None:
    begin(store)
    clock.advance(IDLE)
    begin(store)
    assert len(rows(store, sessions)) == 1


def test_signing_out_ends_the_session_and_is_written_down(store: Store, clock: FrozenClock) -> None:
    known = Sessions(store, Identity(CLIENTS))
    session = known.begin(TOKEN, correlation_id="in")
    known.end(session, correlation_id="out")
    assert not is_signed_in(store, session.secret)
    assert [(row["action"], row["actor"], row["correlation_id"]) for row in rows(store, audit)] == [
        ("signed-in", "desk", "in"),
        ("signed-out", "desk", "out"),
    ]


def test_whoever_has_no_pages_is_refused_and_both_refusals_are_written_down(store: Store) -> None:
    with pytest.raises(NotAllowed):
        begin(store, SYSTEM)
    with pytest.raises(NotAuthenticated):
        begin(store, "no-such-token")
    written = [(row["actor"], orjson.loads(str(row["details"]))["code"]) for row in rows(store, audit)]
    assert written == [("system", "not-allowed"), ("-", "not-authenticated")]
    assert "no-such-token" not in repr(rows(store, audit))
    assert rows(store, sessions) == []


def test_a_form_belongs_to_one_session(store: Store) -> None:
    known = Sessions(store, Identity(CLIENTS))
    mine, another = (known.begin(TOKEN, correlation_id="c") for _ in range(2))
    assert mine.has_made(mine.form_token)
    assert not mine.has_made(another.form_token)
    assert not mine.has_made("")
    assert not mine.has_made("blåbær")


@pytest.mark.parametrize("kind", [EMBEDDED, OPERATED])
def test_a_database_of_the_first_tables_gains_sessions_and_loses_nothing(kind: str, tmp_path: Path) -> None:
    with an_empty_database(kind, tmp_path) as url:
        store = a_store(url)
        with store.begin() as unit:
            config = migrations._config()
            config.attributes["connection"] = unit.connection
            command.upgrade(config, "0001")
        number = cpr_identifier("0201609995", "hub")
        with store.begin() as unit:
            person = unit.people.add(PersonFacts((number,), "Test Testesen"))
        assert not migrations.is_current(store)
        migrations.upgrade(store)
        assert migrations.is_current(store)
        assert ScriptDirectory.from_config(migrations._config()).get_current_head() != "0001"
        with store.begin(read_only=True) as unit:
            assert unit.people.find([number]) == person
        begin(store)
        store.close()
