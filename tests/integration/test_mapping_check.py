"""``hub mapping check`` tells of every field of every example, without settings, and shows no value unless asked."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from lxml import etree
from typer.testing import CliRunner

from hub.authority import Fate, LedgerEntry, contract_folder
from hub.cli import mapping
from hub.cli.commands import app
from hub.mappings.youth import YouthMapping
from hub.testing.accounting import accounted, silent
from hub.testing.conformance import kit_of
from tests.employment_messages import FETCHED_CASE

pytestmark = pytest.mark.integration

AUTHORITIES = ("children", "employment", "social", "youth")
ACCEPTED = [(name, sheet, path) for name in AUTHORITIES for sheet, path, _ in kit_of(name).examples()]
REFUSED = [(name, path) for name in AUTHORITIES for _, path, _ in kit_of(name).examples(refused=True)]
NORMAL = contract_folder("children/v1") / "examples" / "normal.xml"


def run(*arguments: str | Path, authority: str = "children") -> Any:
    return CliRunner().invoke(app, ["mapping", "check", *map(str, arguments), "--authority", authority])


def told(*arguments: str | Path, authority: str = "children") -> Any:
    return orjson.loads(run(*arguments, "--json", authority=authority).stdout)


@pytest.mark.parametrize(("name", "sheet", "path"), ACCEPTED, ids=lambda each: getattr(each, "stem", ""))
def test_every_field_of_an_example_has_a_fate_and_none_is_silent(name: str, sheet: Any, path: Path) -> None:
    more = ("--header", f"X-Hub-Asked-For: {FETCHED_CASE}") if path.stem == "get-person-case-response" else ()
    said = told(path, *more, authority=name)
    assert said["taken"]
    assert said["contract"] == sheet.contract
    assert said["totals"]["silent"] == 0
    assert sum(said["totals"].values()) == sum(leaf["times"] for leaf in said["leaves"]) > 5
    assert all(leaf["note"] for leaf in said["leaves"])
    assert all("value" not in leaf for leaf in said["leaves"])


@pytest.mark.parametrize(("name", "path"), REFUSED, ids=lambda each: getattr(each, "stem", each))
def test_a_refused_example_ends_with_1_and_says_why(name: str, path: Path) -> None:
    result = run(path, "--json", authority=name)
    said = orjson.loads(result.stdout)
    assert result.exit_code == 1
    assert not said["taken"]
    assert said["sentence"]
    assert said["next"]


def _as_a_program(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    command: Sequence[str] = [sys.executable, "-m", "hub", "mapping", "check", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, env=bare, check=False, timeout=60)


def test_standard_input_is_read_as_a_file_is_without_any_setting() -> None:
    ended = _as_a_program("-", "--authority", "children", stdin=NORMAL.read_bytes())
    assert ended.returncode == 0, ended.stderr
    assert b"0 silent" in ended.stdout


def test_a_refusal_is_told_by_field_and_sentence() -> None:
    ended = _as_a_program("-", "--authority", "children", stdin=NORMAL.read_bytes().replace(b"<SagVersion>", b"<X>", 1))
    assert ended.returncode == 1
    assert b"contract-violation" in ended.stderr
    assert b"Traceback" not in ended.stderr


def test_no_value_is_shown_unless_asked() -> None:
    number = "0505159995"
    assert number in NORMAL.read_text("utf-8")
    assert number[:6] not in run(NORMAL).stdout
    assert number[:6] not in run(NORMAL, "--json").stdout
    assert number[:6] in run(NORMAL, "--values").stdout
    shown = told(NORMAL, "--values")["leaves"]
    assert any(leaf["value"] == number for leaf in shown)


def test_what_a_terminal_would_obey_is_not_shown_as_it_is(tmp_path: Path) -> None:
    course = orjson.loads((contract_folder("youth/v1") / "examples" / "forloeb-minimal.json").read_bytes())
    course["Titel"] = "\u009b2J[red]x"
    file = tmp_path / "course.json"
    file.write_bytes(orjson.dumps(course))
    said = run(file, "--values", authority="youth").stdout
    assert "\u009b" not in said
    assert "[red]x" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("no-such-file", "--authority", "children"),
        (str(NORMAL), "--authority", "nobody"),
        (str(NORMAL), "--authority", "partners"),
        (str(NORMAL), "--authority", "children", "--header", "without a colon"),
        (str(NORMAL),),
        (),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, ["mapping", "check", *arguments])
    assert result.exit_code == 2


def test_a_field_that_the_ledger_does_not_name_is_silent_and_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    class Forgetful(YouthMapping):
        def ledger(self, contract: str) -> Any:
            return [entry for entry in super().ledger(contract) if entry.path != "Titel"]

    monkeypatch.setattr(mapping, "kit_of", lambda name: replace(kit_of(name), words=Forgetful()))
    result = run(contract_folder("youth/v1") / "examples" / "forloeb-normal.json", "--json", authority="youth")
    said = orjson.loads(result.stdout)
    assert result.exit_code == 1
    assert said["totals"]["silent"] == 1
    assert [leaf["path"] for leaf in said["leaves"] if leaf["fate"] == "silent"] == ["Titel"]


def test_text_in_a_list_and_an_attribute_are_leaves_that_nobody_named() -> None:
    tree = etree.fromstring(b'<a b="1"><c>text</c><d/><e/></a>')
    ledger = [LedgerEntry("/a/c/f", Fate.MAPPED, "x"), LedgerEntry("/a/d/f", Fate.MAPPED, "x")]
    assert silent(accounted(tree, ledger)) == ("/a/@b", "/a/c", "/a/e")
