"""Where time is short, a share of the modules runs: another with each seed, the same with the same, and never none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[2]


def chosen(share: str, seed: str) -> dict[str, int]:
    """Collect the tests of the consent layer; return how many of each module there are."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider", "tests/unit/consent"]
    command += ["--share", share]
    environment = {**os.environ, "HUB_TEST_SEED": seed}
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    counts = (line.rpartition(": ") for line in done.stdout.splitlines() if ".py: " in line)
    return {module: int(count) for module, _, count in counts}


def test_a_share_is_of_whole_modules_and_drawn_by_the_seed() -> None:
    whole, some, again, others, one = (
        chosen(share, seed) for share, seed in (("1", "1"), ("0.5", "1"), ("0.5", "1"), ("0.5", "2"), ("0.01", "1"))
    )
    assert len(whole) > 3
    assert len(some) == len(others) == -(-len(whole) // 2)
    assert some.items() <= whole.items()
    assert some == again != others
    assert len(one) == 1
