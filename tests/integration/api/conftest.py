from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.api.served import Served, served
from tests.integration.databases import EMBEDDED, a_migrated_postgresql


@pytest.fixture(scope="module")
def embedded_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One running API for all, on SQLite; each test has people of its own."""
    with served(f"sqlite:///{tmp_path_factory.mktemp('api') / 'hub.db'}") as running:
        yield running


@pytest.fixture(scope="module")
def operated_hub() -> Iterator[Served]:
    """The same on PostgreSQL."""
    with a_migrated_postgresql() as url, served(url) as running:
        yield running


@pytest.fixture
def hub(request: pytest.FixtureRequest) -> Served:
    """The API to ask; a test marked ``on_both`` asks that on PostgreSQL too."""
    kind = getattr(request, "param", EMBEDDED)
    running: Served = request.getfixturevalue("embedded_hub" if kind == EMBEDDED else "operated_hub")
    return running
