"""``hub policy`` and ``hub migrate --policy`` as their user runs them."""

from __future__ import annotations

import base64
import getpass
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from hub.cli.commands import app
from hub.consent.policy_written import write_policy, write_toml
from hub.errors import Conflict, InvalidRequest, NotAllowed, NotFound
from hub.flow.policies import Editor, draft_policy, publish_draft
from hub.store.tables import audit
from hub.store.transaction import Store
from hub.testing.builders import the_danish_policy
from tests.integration.databases import a_store

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Desk:
    """The hub's own machine: a database, and a file to edit."""

    store: Store
    folder: Path

    def hub(self, *arguments: object) -> Result:
        return CliRunner().invoke(app, [str(one) for one in arguments])

    def says(self, *arguments: object) -> str:
        """Run a command that goes well."""
        result = self.hub(*arguments)
        assert result.exit_code == 0, result.output + str(result.exception)
        return result.output

    def a_file(self, name: str = "policy.toml", **changed: Any) -> Path:
        """Write the policy that the hub ships, with what is changed."""
        document = {**write_policy(the_danish_policy()), **changed}
        text = orjson.dumps(document).decode() if name.endswith(".json") else write_toml(document)
        (self.folder / name).write_text(text, "utf-8")
        return self.folder / name

    def audited(self) -> list[tuple[str, str, Any]]:
        with self.store.begin(read_only=True) as unit:
            query = sa.select(audit.c.action, audit.c.actor, audit.c.details).order_by(audit.c.row)
            return [(row.action, row.actor, orjson.loads(row.details)) for row in unit.connection.execute(query)]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    monkeypatch.setenv("HUB_DATABASE_URL", url)
    monkeypatch.setenv("HUB_KEYS__1", base64.b64encode(b"\x01" * 32).decode())
    monkeypatch.setenv("HUB_INDEX_KEY", base64.b64encode(b"\x02" * 32).decode())
    return Desk(a_store(url), tmp_path)


@pytest.fixture
def migrated(desk: Desk) -> Desk:
    desk.says("migrate")
    return desk


def the_draft(said: str) -> str:
    (draft,) = re.findall(r"^Draft ([0-9a-f-]{36}), based on version", said, flags=re.MULTILINE)
    return str(draft)


LEISURE: dict[str, Any] = {"categories": ["goals", "leisure"], "rule": []}


def test_a_municipality_may_begin_with_a_policy_of_its_own(desk: Desk) -> None:
    assert desk.says("migrate", "--policy", desk.a_file(**LEISURE)).count("\n") == 1
    with desk.store.begin(read_only=True) as unit:
        assert unit.policies.in_force().categories == {"goals", "leisure"}


def test_a_first_policy_is_not_put_in_the_place_of_one_that_is_in_force(migrated: Desk) -> None:
    said = " ".join(migrated.says("migrate", "--policy", migrated.a_file(**LEISURE)).split())
    assert "was not used" in said
    assert "hub policy draft" in said
    assert [one["version"] for one in orjson.loads(migrated.says("policy", "list", "--json"))["policies"]] == [1]


def test_a_first_policy_with_faults_is_refused_before_anything_is_changed(desk: Desk) -> None:
    result = desk.hub("migrate", "--policy", desk.a_file(categories=[]))
    assert isinstance(result.exception, InvalidRequest)
    assert not (desk.folder / "hub.db").exists() or not sa.inspect(desk.store.engine).get_table_names()


def test_one_person_drafts_and_another_publishes(migrated: Desk) -> None:
    said = migrated.says("policy", "draft", migrated.a_file(**LEISURE), "--as", "mette")
    assert "- CON-LAB40 (consent)" in said
    assert "~ categories: +leisure -activities" in said
    draft = the_draft(said)
    result = migrated.hub("policy", "publish", draft, "--as", "mette")
    assert isinstance(result.exception, NotAllowed)
    assert migrated.says("policy", "publish", draft, "--as", "ole").startswith("Version 2 is in force")
    newest, first = orjson.loads(migrated.says("policy", "list", "--json"))["policies"]
    assert (newest["version"], newest["drafted_by"], newest["published_by"]) == (2, "mette", "ole")
    assert (first["drafted_by"], first["published_by"]) == (None, "hub migrate")
    cli = f"cli:{getpass.getuser()}"
    known = {"draft": draft, "based_on": 1, "drafted_by": "mette"}
    assert migrated.audited()[1:] == [
        ("policy-drafted", cli, known | {"by": "mette"}),
        ("refused", cli, {"draft": draft, "by": "mette", "code": "not-allowed"}),
        ("policy-published", cli, known | {"by": "ole", "version": 2}),
    ]


def test_the_same_name_is_the_same_person_by_either_door(migrated: Desk) -> None:
    document = write_policy(the_danish_policy())
    by_api = draft_policy(document, migrated.store, Editor("mette", "mette"), correlation_id="c")
    assert isinstance(migrated.hub("policy", "publish", by_api.id, "--as", "mette").exception, NotAllowed)
    by_cli = the_draft(migrated.says("policy", "draft", migrated.a_file(), "--as", "mette"))
    with pytest.raises(NotAllowed):
        publish_draft(UUID(by_cli), migrated.store, Editor("mette", "mette"), correlation_id="c")


@pytest.mark.parametrize("name", ["", "Mette", "cli:mette", "mette møller", "-m"])
def test_a_name_is_written_as_clients_are(migrated: Desk, name: str) -> None:
    assert migrated.hub("policy", "draft", migrated.a_file(), f"--as={name}").exit_code == 2


@pytest.mark.parametrize("name", ["policy.toml", "policy.json"])
def test_what_is_shown_can_be_checked_compared_and_drafted_again(migrated: Desk, name: str) -> None:
    taken = migrated.folder / f"taken.{name}"
    taken.write_text(migrated.says("policy", "show", *(["--json"] if name.endswith("json") else [])), "utf-8")
    assert migrated.says("policy", "check", taken).startswith("It can be used:")
    assert migrated.says("policy", "diff", "1", taken) == "Nothing differs.\n"
    draft = the_draft(migrated.says("policy", "draft", taken, "--as", "mette"))
    assert migrated.says("policy", "diff", "1", draft) == "Nothing differs.\n"


def test_differences_are_told_by_rule_field_and_cell(migrated: Desk) -> None:
    document = write_policy(the_danish_policy())
    changed = [dict(rule) for rule in document["rule"] if rule["id"] != "LAW-P-HOLD"]
    rule = next(one for one in changed if one["id"] == "CON-YOUTH")
    rule |= {"effect": "permit", "categories": ["goals", "health"]}
    file = migrated.a_file(rule=changed, ages={**document["ages"], "own_yes": 15})
    said = migrated.says("policy", "diff", "1", file).splitlines()
    assert said == [
        "- LAW-P-HOLD (prohibit): It is not shown now.",
        "~ CON-YOUTH",
        "    categories: +health -activities -appointments -cases -contacts -statements",
        "    effect: consent → permit",
        "~ ages.own_yes: 16 → 15",
        "Who may be shown what (from → to, as whom; * is everybody that no rule names):",
        *[
            f"    {source} → youth, {role}: {before} → {after}: {categories}"
            for source in ("*", "children")
            for role in ("authority-system", "caseworker")
            for before, after, categories in (
                ("nothing", "permit", "health"),
                ("consent", "nothing", "cases, statements"),
                ("consent", "permit", "goals"),
            )
        ],
    ]
    told = orjson.loads(migrated.says("policy", "diff", "1", file, "--json"))
    assert [one["id"] for one in told["rules_removed"]] == ["LAW-P-HOLD"]


def test_a_draft_is_discarded_for_a_reason_of_the_list(migrated: Desk) -> None:
    draft = the_draft(migrated.says("policy", "draft", migrated.a_file(), "--as", "mette"))
    assert migrated.hub("policy", "discard", draft, "--as", "mette", "--reason", "because").exit_code == 2
    migrated.says("policy", "discard", draft, "--as", "mette", "--reason", "mistaken")
    assert migrated.audited()[-1][2]["reason"] == "mistaken"
    assert isinstance(migrated.hub("policy", "publish", draft, "--as", "ole").exception, Conflict)


def test_a_draft_that_was_begun_on_another_version_is_refused(migrated: Desk) -> None:
    result = migrated.hub("policy", "draft", migrated.a_file(), "--as", "mette", "--based-on", 2)
    assert isinstance(result.exception, Conflict)


def test_what_is_not_there_is_told(migrated: Desk) -> None:
    assert isinstance(migrated.hub("policy", "show", "7").exception, NotFound)
    assert isinstance(migrated.hub("policy", "diff", "1", "7").exception, NotFound)
    assert migrated.hub("policy", "diff", "1", "nowhere.toml").exit_code == 2


def test_every_fault_of_a_file_is_named_without_settings_or_a_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HUB_KEYS__1", raising=False)
    file = tmp_path / "broken.toml"
    file.write_text('purposes = ["one-plan"]\n[[rule]]\nid = "R1"\neffect = "maybe"\n', "utf-8")
    result = CliRunner().invoke(app, ["policy", "check", str(file)])
    assert isinstance(result.exception, InvalidRequest)
    assert {"categories", "rule.R1.effect", "rule.R1.citation"} <= {fault.field for fault in result.exception.faults}
