"""Two that keep certificates of erasures at once, as a backup and the timer may: the list has what both brought."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.deploy.programs import DEPLOY, program
from tests.integration.set_up import eventually

pytestmark = [pytest.mark.integration, pytest.mark.deploy, pytest.mark.timeout(60)]

#: Stands for mv: tells that it has come so far, and waits to be let go on.
_HELD_UP = '#!/bin/sh\ntouch "$REACHED"\nuntil [ -e "$GATE" ]; do sleep 0.05; done\nexec /bin/mv "$@"\n'


def keeping(folder: Path, certificate: str, **besides: str) -> subprocess.Popen[str]:
    """Start the script, with a hub that has one certificate."""
    hub = folder / f"hub-{certificate}"
    hub.write_text(f"#!/bin/sh\necho {certificate}\n", "utf-8")
    hub.chmod(0o700)
    environment = {**os.environ, "HUB": str(hub), **besides}
    command = [str(DEPLOY / "backup" / "keep-erasures"), str(folder)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def test_whoever_comes_while_another_writes_waits_and_nothing_is_lost(tmp_path: Path) -> None:
    program("flock", "util-linux")
    slow, reached, gate = tmp_path / "slow", tmp_path / "reached", tmp_path / "gate"
    slow.mkdir()
    (slow / "mv").write_text(_HELD_UP, "utf-8")
    (slow / "mv").chmod(0o700)
    path = f"{slow}{os.pathsep}{os.environ['PATH']}"
    with keeping(tmp_path, "older", PATH=path, REACHED=str(reached), GATE=str(gate)) as first:
        try:
            eventually(reached.exists, 20)
            with keeping(tmp_path, "newer") as second:
                with suppress(subprocess.TimeoutExpired):
                    second.wait(1)  # it had ended by then, and the first one's older list came over its own
                gate.touch()
                assert second.wait(20) == 0
            assert first.wait(20) == 0
        finally:
            gate.touch()
    assert (tmp_path / "erased.jsonl").read_text("utf-8").split() == ["newer", "older"]
    assert sorted(one.name for one in tmp_path.glob("erased.*")) == ["erased.jsonl"]
