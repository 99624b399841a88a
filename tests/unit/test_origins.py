"""``hub config show`` tells what counts and where it comes from, and no secret."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from hub.cli.commands import app
from hub.settings import read_settings
from hub.settings.origins import DEFAULT, MASK, origins

pytestmark = pytest.mark.files

KEY, INDEX = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
TOML = f"""
port = 8081
queue_prefix = "of-toml"
database_url = "postgresql://hub:geheim-1@db.example/hub?sslpassword=geheim-2"
broker_url = "amqp://hub:geheim@3@rabbit.example//"
audit_witnesses = ["https://u:geheim-4@witness.example/"]

[clients.desk]
token_sha256 = "{"5" * 64}"
organisation = "coordination"
role = "coordinator"

[authorities.social]
url = "https://social.example"
token = "geheim-6"
secret_of_an_adapter_nobody_knows = "geheim-7"
poll_every = 30

[authorities.social.webhook]
secret = "geheim-8"
url = "https://hook.example"

[sign_in]
issuer = "https://login.example"
client_id = "hub"
client_secret = "geheim-9"
citizen_claim = "cpr"
"""


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("HUB_"):
            monkeypatch.delenv(name)
    (tmp_path / "hub.toml").write_text(TOML)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "HUB_INDEX_KEY").write_text(INDEX)
    monkeypatch.setenv("HUB_SETTINGS_FILE", str(tmp_path / "hub.toml"))
    monkeypatch.setenv("HUB_SECRETS_DIR", str(tmp_path / "secrets"))
    monkeypatch.setenv("HUB_KEYS__1", KEY)
    monkeypatch.setenv("HUB_PORT", "8082")
    monkeypatch.setenv("HUB_AUTHORITIES__SOCIAL__PAGE_SIZE", "50")
    monkeypatch.setenv("HUB_QUIET_HOURS_OF", '{"social": 24}')


def test_each_setting_is_told_with_the_place_that_won(tmp_path: Path) -> None:
    told = {one.name: (one.value, one.origin) for one in origins(read_settings())}
    toml = str(tmp_path / "hub.toml")
    assert told["port"] == (8082, "HUB_PORT")
    assert told["queue_prefix"] == ("of-toml", toml)
    assert told["municipality"] == ("0376", DEFAULT)
    assert told["index_key"] == (MASK, str(tmp_path / "secrets" / "HUB_INDEX_KEY"))
    assert told["keys.1"] == (MASK, "HUB_KEYS__1")
    assert told["quiet_hours_of.social"] == (24, "HUB_QUIET_HOURS_OF")
    assert told["authorities.social.url"] == ("https://social.example", toml)
    assert told["authorities.social.page_size"] == ("50", "HUB_AUTHORITIES__SOCIAL__PAGE_SIZE")
    assert told["clients.desk.purpose"] == ("one-plan", DEFAULT)
    assert told["database_url"][0] == "postgresql://hub:***@db.example/hub?sslpassword=***"
    assert told["broker_url"][0] == "amqp://hub:***@rabbit.example//"


@pytest.mark.parametrize("arguments", [[], ["--origin"], ["--json"], ["--origin", "--json"]])
def test_no_secret_is_shown(arguments: list[str]) -> None:
    shown = CliRunner(env={"COLUMNS": "400"}).invoke(app, ["config", "show", *arguments]).output
    assert "https://hook.example" in shown
    for secret in ("geheim", KEY, INDEX, "5" * 64):
        assert secret not in shown


def test_every_setting_is_told() -> None:
    ran = CliRunner().invoke(app, ["config", "show", "--origin", "--json"])
    told = {one["setting"].partition(".")[0] for one in orjson.loads(ran.stdout)}
    assert told == set(type(read_settings()).model_fields)


def test_a_shell_completes_commands() -> None:
    asked = {**os.environ, "_HUB_COMPLETE": "complete_bash", "COMP_WORDS": "hub config s", "COMP_CWORD": "2"}
    # bin/hub as it is installed; the name of the variable follows the program's.
    program = "import sys; sys.argv[:] = ['hub']; from hub.cli import main; main()"
    ran = subprocess.run([sys.executable, "-c", program], env=asked, capture_output=True, text=True, timeout=60)
    assert ran.stdout.split() == ["show"]
