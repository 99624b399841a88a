"""What holds for all tests."""

from __future__ import annotations

import os
import random

from hypothesis import HealthCheck, Phase, settings

# How long an example takes is noise on a machine that does other things too; a failing one prints how to run it again.
settings.register_profile("hub", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
# For `make mutation`, which runs the same tests a thousand times: few examples, the same each time, none made simpler.
settings.register_profile(
    "mutation",
    settings.get_profile("hub"),
    max_examples=25,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("hub")

# Chosen once for a run: the test processes that it starts inherit it.
os.environ.setdefault("HUB_TEST_SEED", str(random.SystemRandom().randrange(10**6)))


def pytest_report_header() -> str:
    """Say how to make the same documents again."""
    return f"generated documents: HUB_TEST_SEED={os.environ['HUB_TEST_SEED']}"
