"""How the tables came to be, step by step (Alembic).

Lives here: the steps, and ``upgrade``, which takes a database from wherever it stands to the newest.
Never here: data of its own; a step that cannot run while the version before it is still serving.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from hub.store.transaction import Store

_HERE = Path(__file__).parent
_MIGRATING = 0x6875625F  # one number for all of a database's migrations: "hub_"


def upgrade(store: Store) -> None:
    """Bring the tables to the newest step; does nothing when they are there. Of two at once, one waits.

    :raises StoreBusy: the database does not answer.
    """
    config = _config()
    with store.begin() as unit:  # on SQLite this alone keeps others out
        if unit.connection.dialect.name == "postgresql":
            _wait_for_others(unit.connection)
        config.attributes["connection"] = unit.connection
        command.upgrade(config, "head")


def _wait_for_others(connection: sa.Connection) -> None:
    """Wait until no other migrates, however long that takes; every later lock is waited for as long as usual."""
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
    connection.exec_driver_sql("SET LOCAL lock_timeout TO DEFAULT")


def is_current(store: Store) -> bool:
    """Tell whether the tables are at the newest step of this version, or at one of a later version's.

    A step that this version does not know is a later one's: the steps are one line, and each is made so that the
    version before can go on. So the older processes stay ready while the newer ones take over, one by one.
    """
    with store.begin(read_only=True) as unit:
        standing = MigrationContext.configure(unit.connection).get_current_revision()
    steps = ScriptDirectory.from_config(_config())
    known = {step.revision for step in steps.walk_revisions()}
    return standing is not None and (standing == steps.get_current_head() or standing not in known)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    return config
