"""``hub consent simulate`` as its user runs it, on the hub's own machine."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from hub.cli.commands import app
from hub.consent.policy_written import write_policy, write_toml
from hub.store.tables import audit
from hub.testing.builders import a_consent, a_contribution, the_danish_policy
from tests.integration.databases import a_store
from tests.integration.world import SOMEBODY, World

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Desk:
    """A plan with a goal of children's that social services may see, and one that nobody else may."""

    world: World
    folder: Path
    plan: UUID
    consent: UUID

    def says(self, *arguments: object, code: int = 0) -> str:
        asked = ["consent", "simulate", "--plan", self.plan, *arguments]
        result = CliRunner().invoke(app, [str(one) for one in asked])
        assert result.exit_code == code, result.output + str(result.exception)
        return result.output

    def told(self, *arguments: object) -> Any:
        (plan,) = orjson.loads(self.says(*arguments, "--json"))
        return plan

    def a_file(self, name: str, text: bytes) -> Path:
        (self.folder / name).write_bytes(text)
        return self.folder / name


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    monkeypatch.setenv("HUB_DATABASE_URL", url)
    monkeypatch.setenv("HUB_KEYS__1", base64.b64encode(b"\x01" * 32).decode())
    monkeypatch.setenv("HUB_INDEX_KEY", base64.b64encode(b"\x02" * 32).decode())
    assert CliRunner().invoke(app, ["migrate"]).exit_code == 0
    store = a_store(url)
    world = World(store)
    plan = world.opens_plan().plan
    world.accepts(a_contribution("children").with_draft("g").with_draft("h", category="health").build())
    given = world.says(a_consent(SOMEBODY).to("social").for_categories("goals").build(), plan)
    world.drains()
    yield Desk(world, tmp_path, plan, given.id)
    store.close()


def sent(told: Any, recipient: str) -> tuple[int, int]:
    (one,) = [one for one in told["deliveries"] if one["recipient"] == recipient]
    return one["additions"], one["withdrawals"]


def test_a_withdrawal_is_simulated_and_only_that_is_written_down(desk: Desk) -> None:
    told = desk.told("--withdraw", desk.consent)
    assert sent(told, "social") == (0, 1)
    assert [len(one["loses"]) for one in told["recipients"] if one["exchange"] == "disclose"] == [1]
    with desk.world.store.begin(read_only=True) as unit:
        known = unit.consents.get(desk.consent)
        assert known is not None
        assert known.status == "active"
        row = unit.connection.execute(sa.select(audit).order_by(audit.c.row.desc())).first()
    assert row is not None
    assert (row.action, row.plan_id, orjson.loads(row.details)) == (
        "simulated",
        desk.plan,
        {"consent": str(desk.consent)},
    )


def test_a_consent_that_would_be_given_is_simulated_whole(desk: Desk) -> None:
    give = {
        "kind": "sharing", "plan": str(desk.plan), "sources": ["*"], "recipients": ["social"], "categories": ["health"],
    }  # fmt: skip
    file = desk.a_file("give.json", orjson.dumps(give))
    told = desk.told("--give", file)
    assert sent(told, "social") == (1, 0)
    (shift,) = [one for one in told["recipients"] if one["exchange"] == "disclose"]
    assert [one["category"] for one in shift["gains"]] == ["health"]
    printed = desk.says("--give", file)
    assert "social" in printed
    assert "health" in printed


def test_a_policy_that_would_be_published_is_simulated(desk: Desk) -> None:
    document = dict(write_policy(the_danish_policy()))
    document["rule"] = [rule for rule in document["rule"] if rule["id"] not in ("CON-SEL141", "CON-FVL28")]
    told = desk.told("--policy", desk.a_file("policy.toml", write_toml(document).encode()))
    assert sent(told, "social") == (0, 1)


def test_it_says_so_where_nothing_changes_or_what_is_asked_is_unclear(desk: Desk) -> None:
    same = desk.a_file("same.toml", write_toml(write_policy(the_danish_policy())).encode())
    assert "Nobody would see more or less." in desk.says("--policy", same)
    desk.says(code=2)
    desk.says("--policy", same, "--withdraw", desk.consent, code=2)
