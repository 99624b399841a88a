"""``hub trace`` as its user runs it, on the hub's own machine."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from hub.cli.commands import app
from hub.errors import NotFound
from hub.testing.builders import TEST_CPR, a_consent, a_contribution
from tests.integration.databases import a_store
from tests.integration.world import SOMEBODY, World

pytestmark = pytest.mark.integration

NAME, TITLE = "Kanariefugl Prøvesen", "Et mål om en kanariefugl"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A message that social services have taken in, and nobody else may see."""
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    monkeypatch.setenv("HUB_DATABASE_URL", url)
    monkeypatch.setenv("HUB_KEYS__1", base64.b64encode(b"\x01" * 32).decode())
    monkeypatch.setenv("HUB_INDEX_KEY", base64.b64encode(b"\x02" * 32).decode())
    monkeypatch.setenv("COLUMNS", "240")
    assert CliRunner().invoke(app, ["migrate"]).exit_code == 0
    world = World(a_store(url))
    plan = world.opens_plan(name=NAME).plans[0]
    world.says(a_consent(SOMEBODY).to("social").for_categories("goals").build(), plan)
    said = a_contribution("children").about(TEST_CPR).with_draft("g", title=TITLE)
    world.accepts(said.build(), correlation_id="message-1")
    world.drains()
    yield world
    world.store.close()


def says(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["trace", *arguments])
    for secret in (TEST_CPR, NAME, TITLE):
        assert secret not in result.output
    return result


def test_a_message_is_a_table_from_its_door_to_each_receipt(world: World) -> None:
    printed = says("message-1").output.splitlines()
    assert printed[0] == "correlation ids: c, message-1", "what the plan was opened by went out in the same delivery"
    assert printed[1].split() == ["step", "begun_at", "seconds", "who", "what", "rules"]
    lines = {
        (line.split()[0], name) for line in printed[2:] for name in ("children", "social", "employment") if name in line
    }
    assert lines >= {
        ("accepted", "children"), ("due", "social"), ("sent", "social"), ("settled", "social"),
        ("nothing-to-say", "employment"),
    }  # fmt: skip
    (settled,) = (line for line in printed if line.startswith("settled"))
    assert "receipt taken-in" in settled
    (nothing,) = (line for line in printed if line.startswith("nothing-to-say"))
    assert "decision withheld" in nothing
    assert "withheld by SYS-DEFAULT" in nothing


def test_json_has_every_step_with_both_of_its_times(world: World) -> None:
    told: dict[str, Any] = orjson.loads(says("message-1", "--json").output)
    assert told["id"] == "message-1"
    assert all(step["begun_at"] <= step["ended_at"] for step in told["steps"])
    (sent,) = (step for step in told["steps"] if step["step"] == "sent")
    assert orjson.loads(says(sent["trace_id"], "--json").output)["steps"][-1]["step"] == "settled"


def test_an_id_of_nothing_ends_in_a_sentence_and_what_to_ask_by(world: World) -> None:
    failed = says("never-heard-of")
    assert failed.exit_code == 1
    assert isinstance(failed.exception, NotFound)
    assert "correlation id" in failed.exception.next_step
