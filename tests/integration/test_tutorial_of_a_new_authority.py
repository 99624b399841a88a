"""The tutorial is walked as it stands: its files are written, its commands typed, and they print what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.walked_page import Shell, environment, steps

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorial" / "a-new-authority.md").read_text("utf-8")
#: What a reader does before, and this test stands on: the hub is installed, and the folder is empty.
BEFORE = """\
git clone https://example.org/one-plan-hub.git
cd one-plan-hub
make demo ARGS=--once
. .venv/bin/activate
mkdir ../housing && cd ../housing
"""


@pytest.mark.slow
@pytest.mark.integration
def test_the_tutorial_brings_a_new_authority_into_the_one_plan(tmp_path: Path) -> None:
    place, site = tmp_path / "housing", tmp_path / "site"
    place.mkdir()
    with Shell(place, environment(site, place)) as shell:
        for step in steps(PAGE):
            if step.file:
                path = place / step.file[0]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(step.file[1], "utf-8")
            for command in step.commands:
                code, printed = shell.types(command.line)
                assert code == 0, f"{command.line}: {printed}"
                assert command.is_met_by(printed), f"{command.line} printed:\n{printed}\nand not:\n{command.says}"
    assert (site / "housing_for_hub" / "adapter.py").is_file(), "it is installed as a package of its own"


def test_nothing_of_the_tutorial_is_typed_and_not_run_but_how_the_hub_is_got() -> None:
    fences = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    files = [step.file for step in steps(PAGE) if step.file]
    assert [text for kind, text in fences if kind == "sh"] == [BEFORE]
    assert len(fences) == 1 + len(files) + sum(1 for step in steps(PAGE) if step.commands)


@pytest.mark.files
def test_the_hub_holds_no_word_of_the_tutorials_authority() -> None:
    assert not [path for path in (ROOT / "hub").rglob("*.py") if "housing_for_hub" in path.read_text("utf-8").lower()]
