"""Operators see how the sealing of the audit stands, over the API and on the command line, and what is an alarm."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from hub.authority import load_witnesses
from hub.cli.commands import app
from hub.clock import now
from hub.flow.seal import checkpoint, seal
from hub.flow.witness import tell
from hub.settings import read_settings
from hub.store.transaction import Store
from tests.integration.api.served import Served, on_both
from tests.integration.databases import a_store

pytestmark = pytest.mark.integration


def does(store: Store, ago: timedelta = timedelta(0)) -> None:
    with store.begin() as unit:
        unit.audit.record("read", "test", now() - ago, "c", shown=1)


def seals(store: Store) -> None:
    while seal(store, is_whole=True):
        pass


@on_both
def test_an_entry_that_waits_for_too_long_is_seen(hub: Served) -> None:
    seals(hub.store)
    does(hub.store, timedelta(minutes=2))
    told = hub.ask("operator", "GET", "/ops/audit").json()["audit"]
    assert (told["is_well"], told["is_late"]) == (False, True)
    assert told["unsealed"] >= 1
    assert told["oldest_unsealed_seconds"] > 60
    seals(hub.store)
    told = hub.ask("operator", "GET", "/ops/audit").json()["audit"]
    assert (told["is_well"], told["unsealed"], told["witnesses"]) == (True, 0, [])


@pytest.fixture
def embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A hub that the command line knows by its settings, with a folder that is not there as its witness."""
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    monkeypatch.setenv("HUB_DATABASE_URL", url)
    monkeypatch.setenv("HUB_KEYS__1", base64.b64encode(b"\x01" * 32).decode())
    monkeypatch.setenv("HUB_INDEX_KEY", base64.b64encode(b"\x02" * 32).decode())
    monkeypatch.setenv("HUB_AUDIT_WITNESSES", orjson.dumps([str(tmp_path / "witness")]).decode())
    assert CliRunner().invoke(app, ["migrate"]).exit_code == 0
    return a_store(url)


def status(*options: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["audit", "status", *options])
    return result.exit_code, result.output


def test_a_witness_that_lags_ends_the_command_with_one(
    embedded: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = read_settings()
    (witness,) = load_witnesses(settings.audit_witnesses)
    does(embedded)
    seals(embedded)
    assert checkpoint(embedded, settings)
    tell(witness, embedded)
    code, text = status()
    assert (code, "recipient-down" in text) == (0, True), "it fails, and is no alarm yet"
    monkeypatch.setenv("HUB_AUDIT_LAG_SECONDS", "0.001")
    code, text = status("--json")
    told: dict[str, Any] = orjson.loads(text)
    assert (code, told["is_well"], told["is_late"]) == (1, False, False)
    (one,) = told["witnesses"]
    assert (one["size"], one["missing"], one["taken_at"], one["is_late"]) == (0, 1, None, True)
    (tmp_path / "witness").mkdir()
    with embedded.begin() as unit:  # its next time has come
        known = unit.witnesses.all()[witness.name]
        unit.witnesses.settle(witness.name, type(known)(known.size, known.taken_at, known.trouble, now()))
    tell(witness, embedded)
    code, text = status("--json")
    (one,) = orjson.loads(text)["witnesses"]
    assert (code, one["size"], one["missing"], one["trouble"]) == (
        0,
        2,
        0,
        "",
    )  # the rules that came with the tables, too
    assert one["taken_at"] is not None
    embedded.close()
