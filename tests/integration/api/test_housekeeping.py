"""Operators see how housekeeping stands, over the API and on the command line, and can begin a round there."""

from __future__ import annotations

import base64
import os
from datetime import timedelta
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from hub.cli.commands import app
from hub.clock import new_id, now
from hub.flow.kept import KINDS
from hub.store.tables import inbox
from tests.integration.api.served import Served, on_both

pytestmark = pytest.mark.integration


def an_old_message(hub: Served) -> None:
    """Put a message of 31 days ago into the inbox."""
    told = {"authority": "children", "correlation_id": "c", "outcome": "{}", "received_at": now() - timedelta(days=31)}
    secret = {"message_index": os.urandom(32), "body_digest": os.urandom(32), "body": b"sealed"}
    with hub.store.begin() as unit:
        unit.connection.execute(
            inbox.insert().values(id=new_id(), municipality="0376", trace_id=new_id(), **told, **secret)
        )


def seen(hub: Served) -> dict[str, dict[str, Any]]:
    rows = hub.ask("operator", "GET", "/ops/housekeeping").json()["housekeeping"]
    return {row["kind"]: row for row in rows}


@on_both
def test_an_operator_sees_every_kind_and_nothing_of_a_plan(hub: Served) -> None:
    answer = hub.ask("operator", "GET", "/ops/housekeeping")
    assert seen(hub).keys() == {kind.name for kind in KINDS}
    assert str(hub.plan) not in answer.text


def test_a_round_that_is_asked_for_on_the_command_line_clears_now_and_is_told(
    hub: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {"KEYS__1": b"\x01" * 32, "INDEX_KEY": b"\x02" * 32}
    given = {name: base64.b64encode(key).decode() for name, key in keys.items()}
    for name, value in (given | {"DATABASE_URL": f"sqlite:///{hub.store.engine.url.database}"}).items():
        monkeypatch.setenv(f"HUB_{name}", value)
    an_old_message(hub)
    plain = CliRunner().invoke(app, ["housekeeping"])
    assert (plain.exit_code, "message-bodies" in plain.stdout) == (0, True)
    assert seen(hub)["message-bodies"]["total"] == 0
    ran = CliRunner().invoke(app, ["housekeeping", "--now", "--json"])
    assert ran.exit_code == 0
    told = {row["kind"]: row for row in orjson.loads(ran.stdout)["housekeeping"]}
    assert told["message-bodies"]["last_cleared"] == 1
    assert seen(hub)["message-bodies"]["last_cleared"] == 1
    deeds = hub.ask("operator", "GET", "/ops/activity").json()["activity"]
    (deed,) = [one for one in deeds if one["action"] == "cleared"]
    assert (deed["cleared"], deed["rows"], deed["actor"][:4]) == ("message-bodies", 1, "cli:")
