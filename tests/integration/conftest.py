from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.set_up import EMBEDDED, SERVERS, SetUp, a_set_up


@pytest.fixture(params=[EMBEDDED, pytest.param(SERVERS, marks=pytest.mark.servers)])
def set_up(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SetUp]:
    """A hub that is set up, on each of both ways; ``parametrize("set_up", [SERVERS], indirect=True)`` takes one."""
    with a_set_up(request.param, tmp_path) as made:
        yield made
