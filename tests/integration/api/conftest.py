from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.api.served import Served, served


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One running API for all; each test has people of its own."""
    with served(tmp_path_factory.mktemp("api")) as running:
        yield running
