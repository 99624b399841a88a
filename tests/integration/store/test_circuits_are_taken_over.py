"""What an older version knew of recipients is not forgotten when the tables are brought up to date."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from hub.clock import now
from hub.store.circuits import Direction, State
from hub.store.migrations import _config, upgrade
from hub.store.tables import metadata
from tests.integration.databases import EMBEDDED, MUNICIPALITY, OPERATED, a_store, an_empty_database

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("kind", [EMBEDDED, OPERATED])
def test_a_pause_and_a_last_success_outlive_the_step(kind: str, tmp_path: Path) -> None:
    with an_empty_database(kind, tmp_path) as url:
        store, at = a_store(url), now()
        config = _config()
        with store.begin() as unit:
            config.attributes["connection"] = unit.connection
            command.upgrade(config, "0002")
            well = {"municipality": MUNICIPALITY, "failures": 0, "reason": "", "last_success_at": at}
            paused = {"failures": 3, "reason": "recipient-down", "since": at, "open_until": at + timedelta(minutes=1)}
            old = metadata.tables["breakers"]
            unit.connection.execute(sa.insert(old).values(**well, recipient="children"))
            unit.connection.execute(sa.insert(old).values(**well | paused, recipient="social"))
        upgrade(store)
        with store.begin(read_only=True) as unit:
            social, children = (unit.breakers.of(name, Direction.RECIPIENT) for name in ("social", "children"))
        assert (social.state(at), social.failures, social.last_success_at) == (State.OPEN, 3, at)
        assert (children.state(at), children.last_success_at) == (State.CLOSED, at)
        store.close()
