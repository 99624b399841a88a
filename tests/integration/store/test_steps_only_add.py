"""Every step of the tables leaves what the version before reads and writes, so that both can run at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import alembic.command
import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

import hub.store.migrations
from tests.integration.databases import a_store

pytestmark = pytest.mark.integration


def described(connection: sa.Connection) -> Mapping[str, Any]:
    """Return tables with their columns, and which columns of theirs must be unlike in every row."""
    found: Any = sa.inspect(connection)
    return {
        table: {
            "columns": {one["name"]: one for one in found.get_columns(table)},
            "unique": {
                tuple(one["column_names"])
                for one in (*found.get_unique_constraints(table), *found.get_indexes(table))
                if one.get("unique", True)
            },
        }
        for table in found.get_table_names()
        if table != "alembic_version"
    }


def test_no_step_takes_anything_away_or_asks_more_of_a_row_than_the_version_before_gives(tmp_path: Path) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(hub.store.migrations.__file__).parent))
    steps = [step.revision for step in reversed(list(ScriptDirectory.from_config(config).walk_revisions()))]
    store, before = a_store(f"sqlite:///{tmp_path / 'hub.db'}"), dict[str, Any]()
    assert len(steps) > 20
    for step in steps:
        with store.begin() as unit:
            config.attributes["connection"] = unit.connection
            alembic.command.upgrade(config, step)
            after = described(unit.connection)
        for table, was in before.items():
            assert table in after, f"{step} takes {table} away"
            columns = after[table]["columns"]
            for name, column in was["columns"].items():
                assert name in columns, f"{step} takes {table}.{name} away"
                assert str(columns[name]["type"]) == str(column["type"]), f"{step} changes {table}.{name}"
                assert columns[name]["nullable"] or not column["nullable"], f"{step} asks for {table}.{name}"
            for name in columns.keys() - was["columns"].keys():
                is_filled = columns[name]["nullable"] or columns[name]["default"] is not None
                assert is_filled, f"{step} adds {table}.{name}, which the version before does not write"
            assert after[table]["unique"] <= was["unique"], f"{step} refuses rows of {table} that were well before"
        before = dict(after)
    store.close()
