"""Operators replay many dead letters by API and from the command line, and watch what becomes of them."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest
from typer.testing import CliRunner

from hub.cli.commands import app
from hub.clock import new_id
from hub.flow.replay_steps import step
from hub.store.tables import outbox
from tests.integration.api.served import Served, on_both

pytestmark = pytest.mark.integration

WHY = "Deres system er rettet i nat."


@pytest.fixture
def dead_letters(hub: Served) -> Iterator[list[str]]:
    """Two deliveries to employment that ended as dead letters."""
    yield [str(hub.a_dead_letter()) for _ in range(2)]
    with hub.store.begin() as unit:
        unit.connection.execute(outbox.update().values(dead_at=None))


def asked(hub: Served, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> Any:
    return hub.ask("operator", method, f"/ops/replays{path}", body).json()


@on_both
def test_a_replay_is_drafted_started_watched_and_cancelled(hub: Served, dead_letters: list[str]) -> None:
    wanted = {"ids": dead_letters, "reason": WHY, "canary": 1, "per_minute": 6000}
    drafted = hub.ask("operator", "POST", "/ops/replays", wanted)
    assert drafted.status_code == 201
    told = drafted.json()
    assert (told["state"], told["counts"]["waiting"], told["created_by"]) == ("draft", 2, "operator")
    path = f"/{told['id']}"
    assert asked(hub, f"{path}/start")["state"] == "canary"
    assert step(UUID(told["id"]), hub.store, {})
    shown = asked(hub, path, method="GET")
    assert [(one["id"], one["begun_at"] is not None) for one in shown["items"]] == [
        (dead_letters[0], True), (dead_letters[1], False),
    ]  # fmt: skip
    assert asked(hub, f"{path}/cancel")["state"] == "cancelled"
    cancelled = asked(hub, path, method="GET")
    assert [one["outcome"] for one in cancelled["items"]] == [None, "untouched"]
    assert (cancelled["ended_by"], cancelled["ended_why"]) == ("operator", "by-hand")
    assert told["id"] in [one["id"] for one in asked(hub, "", method="GET")["replays"]]
    again = hub.ask("operator", "POST", f"/ops/replays{path}/start")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


@on_both
def test_a_dry_run_says_what_would_become_of_each_and_makes_no_replay(hub: Served, dead_letters: list[str]) -> None:
    before = asked(hub, "", method="GET")
    tried = hub.ask("operator", "POST", "/ops/replays", {"ids": dead_letters, "dry_run": True})
    assert tried.status_code == 200
    assert sum(tried.json()["would"].values()) == 2
    assert [(one["recipient"], one["type"]) for one in tried.json()["groups"]] == [("employment", "recipient-refused")]
    assert asked(hub, "", method="GET") == before


@pytest.mark.parametrize(
    ("body", "field"),
    [({"reason": WHY}, "group"), ({"recipient": "employment"}, "reason"), ({"recipient": "x", "rate": 1}, ""),
     ({"recipient": "employment", "reason": WHY, "per_minute": 0}, "per_minute")],
)  # fmt: skip
def test_a_replay_of_nothing_in_particular_or_without_a_reason_is_refused(
    hub: Served, dead_letters: list[str], body: dict[str, Any], field: str
) -> None:
    answer = hub.ask("operator", "POST", "/ops/replays", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-request")
    assert any(fault["field"].endswith(field) for fault in answer.json()["faults"])


@on_both
def test_a_choice_that_no_dead_letter_fits_is_not_found(hub: Served) -> None:
    assert hub.ask("operator", "POST", "/ops/replays", {"ids": [str(new_id())], "reason": WHY}).status_code == 404
    assert hub.ask("operator", "GET", f"/ops/replays/{new_id()}").status_code == 404


@pytest.fixture
def command(hub: Served, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run ``hub`` against the database of the hub that is served; return its exit code and what it printed."""
    keyed = {"HUB_KEYS__1": b"\x01" * 32, "HUB_INDEX_KEY": b"\x02" * 32}
    for name, key in keyed.items():
        monkeypatch.setenv(name, base64.b64encode(key).decode())
    monkeypatch.setenv("HUB_DATABASE_URL", str(hub.store.engine.url))

    def run(*words: str) -> tuple[int, str]:
        ended = CliRunner().invoke(app, ["dlq", *words])
        if ended.exception and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return ended.exit_code, ended.stdout

    return run


def test_the_command_line_does_the_same(hub: Served, dead_letters: list[str], command: Any) -> None:
    chosen = [word for one in dead_letters for word in ("--id", one)]
    code, said = command("replay", *chosen, "--dry-run", "--json")
    assert (code, sum(orjson.loads(said)["would"].values())) == (0, 2)
    assert command("replay", *chosen, "--dry-run")[0] == 0
    code, said = command("replay", *chosen, "--reason", WHY, "--draft", "--json")
    told = orjson.loads(said)
    assert (code, told["state"], told["counts"]["waiting"]) == (0, "draft", 2)
    code, said = command("replays", "start", told["id"])
    assert (code, said.splitlines()[0]) == (0, f"Replay {told['id']}: canary; 2 waiting.")
    code, said = command("replays", "cancel", told["id"], "--json")
    assert (code, orjson.loads(said)["state"]) == (0, "cancelled")
    code, said = command("replays", "show", told["id"], "--json")
    assert [one["outcome"] for one in orjson.loads(said)["items"]] == ["untouched", "untouched"]
    assert told["id"] in command("replays", "list", "--json")[1]
    assert command("replays", "list")[0] == command("replays", "show", told["id"])[0] == 0
    code, said = command("replay", *chosen, "--reason", WHY, "--json")
    assert orjson.loads(said)["state"] == "canary"
    assert command("replays", "cancel", orjson.loads(said)["id"])[0] == 0
