"""``hub check``, as an operator and a monitoring system run it."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner

from hub.cli.checking_machine import _room_of_server, clock_and_room
from hub.cli.commands import app
from hub.cli.finding import Finding, Level, summary, worst
from hub.clock import now
from hub.store.server import Server, server_of
from hub.testing.clock import frozen
from tests.certificates import an_identity, elliptic_key
from tests.faults.postgresql_node import a_postgresql_node
from tests.integration.databases import a_postgresql_database, a_store
from tests.integration.set_up import eventually

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("HUB_") and not name.startswith("HUB_TEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HUB_DATABASE_URL", f"sqlite:///{tmp_path / 'hub.db'}")
    monkeypatch.setenv("HUB_KEYS__1", base64.b64encode(b"\x01" * 32).decode())
    monkeypatch.setenv("HUB_INDEX_KEY", base64.b64encode(b"\x02" * 32).decode())
    assert CliRunner().invoke(app, ["migrate"]).exit_code == 0


@pytest.fixture
def trusts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Let an authority trust certificates that end in so many days, given by whom they are of."""

    def trust(*named: tuple[str, float]) -> None:
        key = elliptic_key()
        made = [
            an_identity(tmp_path, name, key, is_ca=True, begins=now() - timedelta(days=100), days=100 + days)
            for name, days in named
        ]
        file = tmp_path / "trusted.pem"
        file.write_text("".join(one.certificate.public_bytes(Encoding.PEM).decode() for one in made))
        monkeypatch.setenv("HUB_AUTHORITIES__SOCIAL__CA_FILE", str(file))

    return trust


def check() -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """Run it; return its exit code, and what it found by part."""
    ran = CliRunner().invoke(app, ["check", "--json"])
    parts: dict[str, list[dict[str, Any]]] = {}
    for one in orjson.loads(ran.stdout):
        parts.setdefault(one["part"], []).append(one)
    return ran.exit_code, parts


def levels(parts: dict[str, list[dict[str, Any]]], part: str) -> list[str]:
    return [one["level"] for one in parts[part]]


def test_of_a_hub_that_is_well_every_part_is_named_and_only_the_clock_may_complain() -> None:
    code, parts = check()
    assert parts.keys() == {
        "settings", "authorities", "clients", "post", "register", "witnesses", "sign-in", "broker", "certificates",
        "secrets", "database", "clock", "room", "tables", "policy", "keys",
    }  # fmt: skip
    for name in parts.keys() - {"clock", "room"}:  # those are the machine's that runs the tests
        assert levels(parts, name) == ["ok"], parts[name]
        assert parts[name][0]["ok"] is True
    machine = {*levels(parts, "clock"), *levels(parts, "room")}
    assert code == (2 if "critical" in machine else 1 if "warning" in machine else 0)


def test_older_tables_are_critical_and_the_first_line_says_which_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", os.environ["HUB_DATABASE_URL"] + ".other")
    ran = CliRunner().invoke(app, ["check"])
    assert ran.exit_code == 2
    assert ran.stdout.splitlines()[0].startswith("CRITICAL: tables (critical)")
    assert "hub migrate" in ran.stdout


def test_settings_that_cannot_be_used_are_critical(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_PORT", "eighty")
    code, parts = check()
    assert (code, levels(parts, "settings")) == (2, ["critical"])


def test_a_token_of_keys_that_cannot_be_opened_is_critical_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {"module": "/nowhere/at-all.so", "label": "hub", "pin": "1", "keys": {"2": "hub-2"}}
    monkeypatch.setenv("HUB_KEY_TOKEN", orjson.dumps(kept).decode())
    code, parts = check()
    assert (code, levels(parts, "database")) == (2, ["critical"])


@pytest.mark.parametrize(("days", "level"), [(31, "ok"), (29, "warning"), (6.9, "critical"), (-1, "critical")])
def test_a_certificate_is_told_of_thirty_and_seven_days_before_it_ends(
    trusts: Callable[..., None], days: float, level: str
) -> None:
    trusts(("root", days), ("another", 1000))
    code, parts = check()
    assert levels(parts, "certificates") == [level]
    if level != "ok":
        assert "authorities.social.ca_file" in parts["certificates"][0]["said"]
        assert code >= Level[level.upper()]


def test_a_certificate_that_another_has_taken_over_from_is_passed_over(trusts: Callable[..., None]) -> None:
    trusts(("root", -3), ("root", 200))
    _, parts = check()
    assert levels(parts, "certificates") == ["ok"]


def test_a_file_of_certificates_that_holds_none_is_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("nothing")
    monkeypatch.setenv("HUB_AUTHORITIES__SOCIAL__CA_FILE", str(tmp_path / "empty.pem"))
    _, parts = check()
    assert levels(parts, "certificates") == ["unknown"]


def test_a_file_of_secrets_that_others_may_read_is_critical(monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders let nobody else in
        folder, toml = Path(name), Path(name, "hub.toml")
        toml.write_text("port = 8081\n")
        monkeypatch.setenv("HUB_SETTINGS_FILE", str(toml))
        found = []
        for of_folder, of_file in ((0o755, 0o644), (0o755, 0o602), (0o755, 0o640), (0o750, 0o644)):
            folder.chmod(of_folder)
            toml.chmod(of_file)
            found += levels(check()[1], "secrets")
        assert found == ["critical", "critical", "ok", "ok"]


def test_keys_in_the_settings_of_authorities_and_in_the_folder_of_secrets_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, key = Path(name), Path(name, "client.key")
        folder.chmod(0o755)
        for file in (key, folder / "hub_coordinator"):
            file.write_text("coordination")
            file.chmod(0o644)
        monkeypatch.setenv("HUB_SECRETS_DIR", name)
        monkeypatch.setenv("HUB_AUTHORITIES__SOCIAL__WEBHOOK__CLIENT_KEY_FILE", str(key))
        [found] = check()[1]["secrets"]
        assert "HUB_SECRETS_DIR/hub_coordinator" in found["said"]
        assert "authorities.social.webhook.client_key_file" in found["said"]


@pytest.mark.servers
@pytest.mark.parametrize(("ahead", "level"), [(0, Level.OK), (3, Level.WARNING), (-11, Level.CRITICAL)])
def test_a_clock_that_differs_from_the_databases_is_told_of(ahead: float, level: Level) -> None:
    with a_postgresql_database() as url, frozen(now() + timedelta(seconds=ahead)):
        store = a_store(url)
        clock, room = clock_and_room(store)
        store.close()
    assert room.level is Level.OK
    if level is Level.OK:
        assert "agrees with the database's" in clock.said or "no NTP" in clock.said
    else:
        assert (clock.level, "differs from the database's" in clock.said) == (level, True)


@pytest.mark.servers
@pytest.mark.faults
def test_a_server_that_cannot_archive_and_a_slot_that_nobody_reads_are_seen() -> None:
    with a_postgresql_node() as node:
        node.tell("ALTER SYSTEM SET archive_mode = on")
        node.tell("ALTER SYSTEM SET archive_command = 'false'")
        node.stop()
        node.start()
        store = a_store(node.new_database())
        node.tell("SELECT pg_create_physical_replication_slot('nobody', true)")
        for _ in range(3):  # each WAL file of this node is 1 MiB
            node.tell("SELECT pg_logical_emit_message(false, 'x', 'y'), pg_switch_wal()")
        eventually(lambda: (server := server_of(store)) is not None and server.archive_fails)
        server = server_of(store)
        assert server is not None
        assert server.held_bytes >= 2 << 20
        _, room = clock_and_room(store)
        store.close()
    assert (room.level, "archive" in room.said) == (Level.CRITICAL, True)


def test_what_a_slot_holds_back_is_a_warning_from_one_gibibyte_and_critical_from_ten() -> None:
    found = [_room_of_server(Server(now(), held << 30, False)).level for held in (0, 1, 9, 10)]
    assert found == [Level.OK, Level.WARNING, Level.WARNING, Level.CRITICAL]


def test_what_is_known_to_be_bad_weighs_more_than_what_is_unknown() -> None:
    found = [Finding(one.name.lower(), one, "") for one in Level]
    assert worst(found) is Level.CRITICAL
    assert worst(one for one in found if one.level is not Level.CRITICAL) is Level.WARNING
    assert worst([found[0], found[3]]) is Level.UNKNOWN
    assert summary([found[1], found[2], found[0]]) == "CRITICAL: critical (critical); warning (warning)"
