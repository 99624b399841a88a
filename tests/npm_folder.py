"""A folder of npm packages, installed by its lock file: for tests that judge the hub by what others made for node."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

#: What npm says when it did not reach the registry.
UNREACHED = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "ERR_SOCKET_TIMEOUT")


def node_with(folder: Path) -> str:
    """Return node, with what the folder's lock file names installed.

    Skips, or fails where it is required (``HUB_TEST_REQUIRE_NODE=1``), when there is no node or no registry.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        _gone("there is no node with npm; install them (apt-get install nodejs npm)")
    lock = folder / "package-lock.json"
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # another process of the tests may be at it, and npm deletes what is there
        _install(str(npm), lock)
    return str(node)


def _install(npm: str, lock: Path) -> None:
    installed = lock.parent / "node_modules" / ".package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < lock.stat().st_mtime:
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=lock.parent, capture_output=True, text=True, timeout=100)
        if done.returncode and any(word in done.stderr for word in UNREACHED):
            _gone("npm does not reach its registry")
        assert done.returncode == 0, done.stderr


def _gone(why: str) -> None:
    """Skip, or fail where node is required."""
    if os.environ.get("HUB_TEST_REQUIRE_NODE") == "1":
        raise AssertionError(f"HUB_TEST_REQUIRE_NODE=1, and {why}")
    pytest.skip(f"{why}; HUB_TEST_REQUIRE_NODE=1 insists")
