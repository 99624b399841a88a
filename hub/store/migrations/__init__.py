"""How the tables came to be, step by step (Alembic).

Lives here: the steps, and ``upgrade``, which takes a database from wherever it stands to the newest.
Never here: data of its own; a step that cannot run while the version before it is still serving.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from hub.store.transaction import Store

_HERE = Path(__file__).parent


def upgrade(store: Store) -> None:
    """Bring the tables to the newest step; does nothing when they are there."""
    config = _config()
    with store.engine.connect() as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(store: Store) -> bool:
    """Tell whether the tables are at the newest step."""
    with store.begin(read_only=True) as unit:
        standing = MigrationContext.configure(unit.connection).get_current_revision()
    return standing == ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    return config
