"""The how-to is run as it stands: its files are written, its commands are run, and what they print is what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "add-an-authority.md").read_text("utf-8")
FILES = re.findall(r"^`([\w./-]+)`\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
CONSOLES = re.findall(r"^```console\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def commands() -> list[tuple[str, str]]:
    """Return each command of the page with what it prints."""
    return [
        (command, said) for block in CONSOLES for command, said in re.findall(r"\$ (.+)\n((?:(?!\$ ).*\n)*)", block)
    ]


def written(folder: Path) -> None:
    for name, text in FILES:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")


def environment(site: Path, folder: Path) -> dict[str, str]:
    """Return the environment of a reader: the hub's programs on the path; pip installs beside, and fetches nothing."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")}
    return ours | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": f"{site}{os.pathsep}{folder}",
        "PIP_TARGET": str(site),
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONIOENCODING": "utf-8",
        "COLUMNS": "120",
    }


def stripped(text: str) -> list[str]:
    return [line.rstrip() for line in text.rstrip().splitlines()]


@pytest.mark.slow
@pytest.mark.integration
def test_the_how_to_builds_a_package_that_conforms_and_joins_a_running_hub(tmp_path: Path) -> None:
    place, site = tmp_path / "package", tmp_path / "site"
    written(place)
    found = commands()
    assert [command.split()[0] for command, _ in found] == ["python", "pip", "hub", "python"]
    for command, said in found:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=place,
            env=environment(site, place),
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        assert stripped(done.stdout) == stripped(said), command
    assert {path.name for path in site.iterdir()} >= {"kindergarten_for_hub"}, "it is installed as a package of its own"


def test_the_hub_holds_no_word_of_it() -> None:
    assert not [path for path in (ROOT / "hub").rglob("*.py") if "kindergarten" in path.read_text("utf-8").lower()]


def test_the_page_says_of_each_part_of_the_port_what_it_is_for() -> None:
    port = (ROOT / "hub" / "authority" / "port.py").read_text("utf-8")
    extras = set(re.findall(r"@runtime_checkable\nclass (\w+)\(", port)) - {"Named", "Limited"}
    assert {name for name in extras if f"`{name}`" not in PAGE} == set()
