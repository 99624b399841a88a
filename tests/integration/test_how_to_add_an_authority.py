"""The how-to is run as it stands: its files are written, its commands are run, and what they print is what it says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.walked_page import Command, environment, steps

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "add-an-authority.md").read_text("utf-8")
FILES = [step.file for step in steps(PAGE) if step.file]
COMMANDS: list[Command] = [command for step in steps(PAGE) for command in step.commands]


def written(folder: Path) -> None:
    for name, text in FILES:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


@pytest.mark.slow
@pytest.mark.integration
def test_the_how_to_builds_a_package_that_conforms_and_joins_a_running_hub(tmp_path: Path) -> None:
    place, site = tmp_path / "package", tmp_path / "site"
    written(place)
    assert [command.line.split()[0] for command in COMMANDS] == ["python", "pip", "hub", "python"]
    for command in COMMANDS:
        done = subprocess.run(
            ["bash", "-c", command.line],
            cwd=place,
            env=environment(site, place),
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, f"{command.line}: {done.stdout}{done.stderr}"
        assert command.is_met_by(done.stdout), f"{command.line} printed:\n{done.stdout}"
    assert {path.name for path in site.iterdir()} >= {"kindergarten_for_hub"}, "it is installed as a package of its own"


def test_the_hub_holds_no_word_of_it() -> None:
    assert not [path for path in (ROOT / "hub").rglob("*.py") if "kindergarten" in path.read_text("utf-8").lower()]


def test_the_page_says_of_each_part_of_the_port_what_it_is_for() -> None:
    port = (ROOT / "hub" / "authority" / "port.py").read_text("utf-8")
    extras = set(re.findall(r"@runtime_checkable\nclass (\w+)\(", port)) - {"Named", "Limited"}
    assert {name for name in extras if f"`{name}`" not in PAGE} == set()
