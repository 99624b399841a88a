"""``hub demo break`` and ``mend``: another process breaks a system of a running demo, and the hub gets over it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import httpx
import orjson
import pytest
from typer.testing import CliRunner

from hub.cli.commands import app
from hub.cli.demo_commands import How
from hub.cli.running_demo import announced, state_file
from hub.cli.town import SYSTEMS, SetUp, Town
from hub.clock import new_id
from hub.errors import Unavailable
from hub.sandbox.system import Broken
from tests.patience import wait_for

pytestmark = pytest.mark.integration
MOTHER = {"cpr": "150387-9996", "name": "Mette Test Holm"}
LABEL = "FORTROLIGE_PERSONOPLYSNINGER"


def in_another_process(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hub", "demo", *arguments], capture_output=True, text=True, check=False
    )


def why_not(*arguments: str) -> Unavailable:
    """Return the error in which a command ends; ``hub`` prints it and ends with 1."""
    error = CliRunner().invoke(app, ["demo", *arguments]).exception
    assert isinstance(error, Unavailable)
    return error


@pytest.fixture
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for the file by which a demo is found, with no demo in it."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return state_file()


# --- finding the demo -------------------------------------------------------------------------------------------------


def test_without_a_demo_it_says_so_and_what_to_do(own_place: Path) -> None:
    done = in_another_process("break", "social", "--how", "down")
    assert (done.returncode, done.stdout) == (1, "")
    assert "No demo is running here.\nNext: Start one in another terminal: hub demo" in done.stderr


def test_a_demo_that_was_killed_is_told_as_gone(own_place: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    own_place.write_bytes(orjson.dumps({"pid": gone.pid, "urls": {}}))
    assert "is gone" in str(why_not("mend", "social"))


@pytest.mark.parametrize("written", [b"", b"null", b'{"pid": "x"}', b"\xff"])
def test_a_file_that_no_demo_wrote_is_not_believed(own_place: Path, written: bytes) -> None:
    own_place.write_bytes(written)
    assert why_not("mend", "social").next_step == f"Remove {own_place}."


def test_a_link_in_its_place_is_neither_read_nor_written_through(own_place: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(orjson.dumps({"pid": os.getpid(), "urls": {"social": "http://127.0.0.1:9"}}))
    own_place.symlink_to(elsewhere)
    assert "was not written by one" in str(why_not("mend", "social"))
    before = elsewhere.read_bytes()
    with announced({}):
        assert elsewhere.read_bytes() == before
        assert not own_place.is_symlink()


def test_the_file_is_the_users_own_and_gone_when_the_demo_ends(own_place: Path) -> None:
    with announced({"hub": "http://127.0.0.1:1"}):
        assert own_place.stat().st_mode & 0o777 == 0o600
    assert list(own_place.parent.iterdir()) == []


def test_a_demo_that_ends_leaves_the_file_of_a_later_one(own_place: Path) -> None:
    later = orjson.dumps({"pid": os.getppid(), "urls": {}})
    with announced({}):
        own_place.write_bytes(later)
    assert own_place.read_bytes() == later


def test_a_system_that_is_gone_is_told_as_such(own_place: Path) -> None:
    with announced({"social": "http://127.0.0.1:9"}):
        assert "social does not answer" in str(why_not("mend", "social"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["break", "police", "--how", "down"],
        ["break", "social", "--how", "sideways"],
        ["break", "social"],
        ["mend"],
        ["--once", "mend", "social"],
    ],
)
def test_wrong_usage_ends_with_2(own_place: Path, arguments: list[str]) -> None:
    assert CliRunner().invoke(app, ["demo", *arguments]).exit_code == 2


def test_the_ways_to_break_are_those_that_a_sandbox_knows() -> None:
    assert tuple(How) == get_args(Broken)


# --- breaking and mending ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """A town that is announced as a demo's is, with a plan that all three share all of."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", folder)
        set_up = SetUp(settings={"retry_seconds": 1, "sweep_seconds": 1})
        with Town(Path(folder), set_up) as town, announced({name: one.url for name, one in town.programs.items()}):
            yield town


@pytest.fixture(scope="module")
def plan(town: Town) -> str:
    one_plan = {"kind": "one-plan", "person": MOTHER, "authorities": list(SYSTEMS), "channel": "meeting"}
    plan = str(town.ask("coordinator", "POST", "/consents", one_plan).json()["plan"])
    for source in SYSTEMS:
        sharing = {"kind": "sharing", "plan": plan, "effect": "permit", "sources": [source], "purposes": ["one-plan"]}
        sharing |= {"recipients": [other for other in SYSTEMS if other != source]}
        sharing |= {"categories": ["goals"], "label": LABEL, "channel": "meeting"}
        assert town.ask("coordinator", "POST", "/consents", sharing).status_code == 201
    return plan


def said(*arguments: str) -> str:
    """Run a command of ``hub demo``, and return what it said."""
    result = CliRunner().invoke(app, ["demo", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def tell(town: Town, system: str, **more: Any) -> str:
    """Open a case at a system, and return its goal's title, which nothing else has."""
    title = f"Mål {new_id()}"
    case = {**MOTHER, "title": "Sag", "label": LABEL, "goals": [{"id": "g1", "title": title}], **more}
    town.tell(system, "POST", "/sandbox/cases", case)
    return title


def holds(town: Town, system: str, plan: str, title: str) -> bool:
    held = town.tell(system, "GET", "/sandbox/plans").get(plan, {"elements": {}})["elements"].values()
    return any(element["title"] == title for element in held)


def deeds(town: Town, after: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = town.ask("operator", "GET", f"/ops/activity?after={after}").json()["activity"]
    return found


def newest_row(town: Town) -> int:
    latest = town.ask("operator", "GET", "/ops/activity").json()["activity"]
    return int(latest[-1]["row"]) if latest else 0


#: How the hub sees a recipient that is broken so: what it wrote down, and why.
SEEN = {
    "down": ("not-delivered", "recipient-down"),
    "slow": ("not-delivered", "recipient-down"),
    "garbage": ("not-delivered", "recipient-failed"),
    "refuse": ("dead-letter", "recipient-refused"),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("system", "how"), [("social", "down"), ("employment", "slow"), ("children", "garbage"), ("employment", "refuse")]
)
def test_a_broken_recipient_gets_its_update_once_it_is_mended(town: Town, plan: str, system: str, how: str) -> None:
    sender = next(other for other in SYSTEMS if other != system)
    before = newest_row(town)
    assert f"hub demo mend {system}" in said("break", system, "--how", how)
    title = tell(town, sender)

    def seen() -> set[tuple[str, str]]:
        return {
            (deed["action"], deed.get("code", deed.get("cause", "")))
            for deed in deeds(town, before)
            if deed.get("recipient") == system
        }

    assert SEEN[how] in wait_for(seen, lambda found: SEEN[how] in found)
    assert not holds(town, system, plan, title)
    said("mend", system)
    if how == "refuse":
        for letter in town.ask("operator", "GET", "/ops/dead-letters").json()["dead_letters"]:
            assert town.ask("operator", "POST", f"/ops/dead-letters/{letter['id']}/replay").is_success
    assert wait_for(lambda: holds(town, system, plan, title), bool)


@pytest.mark.parametrize(("system", "how"), [("social", "garbage"), ("employment", "down"), ("employment", "refuse")])
def test_a_broken_source_is_polled_again_once_it_is_mended(town: Town, plan: str, system: str, how: str) -> None:
    def poll() -> Any:
        jobs = town.ask("operator", "GET", "/ops/queues").json()["jobs"]
        return next(job for job in jobs if (job["kind"], job["authority"]) == ("poll", system))["last_result"]

    said("break", system, "--how", how)
    title = tell(town, system, notify=False)
    assert wait_for(poll, lambda result: result == "source-down") == "source-down"
    said("mend", system)

    def is_in_the_plan() -> bool:
        return title in town.ask("coordinator", "GET", f"/plans/{plan}").text

    assert wait_for(is_in_the_plan, bool)


def test_another_process_breaks_a_demo_and_its_staff_go_on(town: Town) -> None:
    done = in_another_process("break", "employment", "--how", "down")
    assert (done.returncode, done.stderr) == (0, "")
    assert town.tell("employment", "GET", "/sandbox/behaviour")["broken"] == "down"
    assert httpx.get(town.url("employment")).status_code == 200
    assert in_another_process("mend", "employment").returncode == 0
    assert town.tell("employment", "GET", "/sandbox/behaviour")["broken"] is None
