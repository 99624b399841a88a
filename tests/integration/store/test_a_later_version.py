"""The tables may be newer than the code: a process of the version before goes on while the next takes over."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.store.migrations import is_current, upgrade
from tests.integration.databases import EMBEDDED, OPERATED, a_store, an_empty_database

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("kind", [EMBEDDED, OPERATED])
@pytest.mark.parametrize(("standing", "is_ready"), [("9999", True), ("0001", False)])
def test_tables_of_a_later_version_are_new_enough(kind: str, standing: str, is_ready: bool, tmp_path: Path) -> None:
    with an_empty_database(kind, tmp_path) as url:
        store = a_store(url)
        upgrade(store)
        with store.begin() as unit:
            unit.connection.execute(
                sa.text("UPDATE alembic_version SET version_num = :standing"), {"standing": standing}
            )
        assert is_current(store) is is_ready
        store.close()
