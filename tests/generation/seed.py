"""Where the dice of generated documents start: elsewhere in each run, and printed, so that a run can be repeated."""

from __future__ import annotations

import os

#: Set by tests/conftest.py before the first test, the same for all test processes of a run.
SEED = int(os.environ["HUB_TEST_SEED"])
