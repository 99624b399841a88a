"""A process that runs for good keeps its collector from what it has started with."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.integration

_SPARED = """
import gc, weakref
from hub.cli.collecting import spare_what_stays
import hub.store.tables

class Circle:
    def __init__(self):
        self.itself = self

gc.disable()
left, held = weakref.ref(Circle()), Circle()
gc.enable()
stays = weakref.ref(held)
spare_what_stays()
del held
gc.collect()
print(gc.get_freeze_count() > 10_000, left() is None, stays() is not None, gc.get_threshold()[0], gc.isenabled())
"""


def test_what_a_process_has_started_with_is_looked_through_once_and_no_more() -> None:
    told = subprocess.run([sys.executable, "-c", _SPARED], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "True True True 2000 True"
