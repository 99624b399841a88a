from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store.migrations import upgrade
from tests.integration.databases import EMBEDDED, OPERATED, a_migrated_postgresql, a_store, empty
from tests.integration.world import World


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables, to copy: making them takes longer than most stories."""
    path = tmp_path_factory.mktemp("template") / "hub.db"
    store = a_store(f"sqlite:///{path}")
    upgrade(store)
    store.close()
    return path


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with a_migrated_postgresql() as url:
        yield url


@pytest.fixture(params=[EMBEDDED, OPERATED])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with all tables and no rows."""
    if request.param == EMBEDDED:
        template: Path = request.getfixturevalue("template")
        shutil.copy(template, tmp_path / "hub.db")
        return f"sqlite:///{tmp_path / 'hub.db'}"
    server: str = request.getfixturevalue("server")
    store = a_store(server)
    empty(store)
    store.close()
    return server


@pytest.fixture
def world(url: str) -> Iterator[World]:
    store = a_store(url)
    yield World(store).begins()
    store.close()
