from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.post_box import Box, a_post_box
from tests.integration.set_up import EMBEDDED, SERVERS, SetUp, a_set_up


@pytest.fixture(params=[EMBEDDED, pytest.param(SERVERS, marks=pytest.mark.servers)])
def set_up(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SetUp]:
    """A hub that is set up, on each of both ways; ``parametrize("set_up", [SERVERS], indirect=True)`` takes one."""
    with a_set_up(request.param, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def running_box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with a_post_box(tmp_path_factory.mktemp("post")) as box:
        yield box


@pytest.fixture
def box(running_box: Box) -> Box:
    """One running post box for all tests of a module: each has keys of its own."""
    running_box.knows(sends_receipts=False)
    running_box.behaves()
    return running_box
