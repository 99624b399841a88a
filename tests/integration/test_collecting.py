"""A process that runs for good keeps its collector from what it has started with."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.integration

_SPARED = """
import gc
from hub.cli.collecting import spare_what_stays
import hub.store.tables
known = len(gc.get_objects())
spare_what_stays()
print(gc.get_freeze_count() >= known > 10_000, gc.get_threshold()[0], gc.isenabled())
"""


def test_what_a_process_has_started_with_is_looked_through_no_more_and_what_comes_later_is() -> None:
    told = subprocess.run([sys.executable, "-c", _SPARED], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "True 2000 True"
