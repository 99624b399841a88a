"""What befalls a hub that is upgraded: the tables change under load, then its processes, one after the other.

The version before is the last commit before the newest migration, taken from git; it runs on this machine's libraries.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import alembic.command
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from hub.clock import monotonic
from hub.store.transaction import Store
from tests.faults.lab import Lab
from tests.faults.load import under_load
from tests.faults.processes import HUB_COMMAND
from tests.faults.scenario import SERVERS, Scene, scenario
from tests.faults.verdict import Verdict

_ROOT = Path(__file__).parents[2]
_STEPS = Path("hub", "store", "migrations", "versions")
_MESSAGES = 30


@scenario("upgrade", set_ups=(SERVERS,), is_timed=True)
def upgrade(scene: Scene) -> Verdict:
    """``hub migrate`` while the version before serves; then its processes give way one by one; both work together."""
    if scene.is_sample:
        pytest.skip("it takes minutes; make faults runs it")
    with tempfile.TemporaryDirectory(prefix="hub-before-") as folder:
        command = _run_from(_the_version_before(Path(folder)))
        with scene.lab(plans=10, doors=2, workers=2, command=command, tables=_tables_before) as lab:
            with under_load(lab, rest=0.2) as load:  # so that the machine has room for a start too
                begun, ready = monotonic(), list[int]()
                lab.say(_MESSAGES)
                seconds = _migrate(lab)
                lab.say(_MESSAGES)  # the version before, on the tables of the next
                ready.append(lab.ask("operator", "GET", "/readyz").status_code)
                for goes, stays in (("hub-2", "hub"), ("hub", "hub-2")):
                    lab.door = lab.processes.programs[stays].url
                    for name in (goes, goes.replace("hub", "worker")):
                        _replace(lab, name)
                    for door in (stays, goes):
                        lab.door = lab.processes.programs[door].url
                        lab.say(_MESSAGES)
                    ready.append(lab.ask("operator", "GET", "/readyz").status_code)
            scene.asks(set(ready) == {200}, f"What the doors said of themselves: {ready}.")
            failed = sum(one.status not in (200, 201) for one in load.since(begun))
            scene.asks(failed == 0, f"{failed} requests failed.")
            drained = scene.settles(lab)
            return scene.judge(lab, drained_seconds=drained, migrated_seconds=round(seconds, 1))


def _tables_before(store: Store) -> None:
    """Make the tables as the version before has them: all steps but the newest."""
    config = Config()
    config.set_main_option("script_location", str(_ROOT / _STEPS.parent))
    newest = ScriptDirectory.from_config(config).get_revision("head")
    assert newest is not None
    with store.begin() as unit:
        config.attributes["connection"] = unit.connection
        alembic.command.upgrade(config, str(newest.down_revision))


def _migrate(lab: Lab) -> float:
    """Do what an operator does first, by the next version; return how many seconds it took."""
    begun = monotonic()
    environment = {**os.environ, **lab.processes.programs["worker"].environment}
    subprocess.run([*HUB_COMMAND, "migrate"], env=environment, check=True, capture_output=True)
    return monotonic() - begun


def _replace(lab: Lab, name: str) -> None:
    """End a process of the version before, and start one of the next in its place."""
    program = lab.processes.programs[name]
    program.command[:] = [*HUB_COMMAND, program.command[-1]]
    lab.processes.stop(name)
    lab.processes.start(name)


def _run_from(folder: Path) -> tuple[str, ...]:
    """Return how the hub of a folder is run: its code first, and not that of the working directory (-P)."""
    return ("env", f"PYTHONPATH={folder}", sys.executable, "-P", "-m", "hub")


def _the_version_before(folder: Path) -> Path:
    packed = subprocess.run(["git", "archive", _commit_before(), "hub", "contracts"], cwd=_ROOT, capture_output=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)
    return folder


def _commit_before() -> str:
    """Return the last commit before the one that brought the newest migration."""
    newest = ["log", "-1", "--format=%H", "--diff-filter=A", "--", str(_STEPS)]
    found = subprocess.run(["git", *newest], cwd=_ROOT, capture_output=True, text=True)
    if not found.stdout.strip():
        pytest.skip("the history of the repository is not here")
    return f"{found.stdout.strip()}^"
