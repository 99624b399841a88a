"""Programs of the machine that tests of ``deploy/`` run; without one they skip, unless HUB_TEST_REQUIRE_DEPLOY=1."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

DEPLOY = Path(__file__).parents[2] / "deploy"
_BESIDE_PATH = "/usr/sbin:/sbin"


def program(name: str, package: str) -> str:
    """Return where a program is. :param package: of Debian, that has it."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + os.pathsep + _BESIDE_PATH)
    if found is None:
        if os.environ.get("HUB_TEST_REQUIRE_DEPLOY") == "1":
            pytest.fail(f"there is no {name}; install it (apt-get install {package})")
        pytest.skip(
            f"there is no {name}; install it (apt-get install {package}), or HUB_TEST_REQUIRE_DEPLOY=1 to insist"
        )
    return found
