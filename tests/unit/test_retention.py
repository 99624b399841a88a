"""Of every table, and of every kind that is cleared, it is said what bounds it, how long it is kept and who deletes."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest

import hub.store
from hub.flow.kept import KINDS, Kind
from hub.settings import Settings
from hub.store.tables import metadata

pytestmark = pytest.mark.files

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "retention.md").read_text("utf-8")
KEEP_SETTINGS = sorted(f"HUB_{name.upper()}" for name in Settings.model_fields if name.startswith("keep_"))


def rows_of(section: str) -> dict[str, list[str]]:
    """Return the rows of a section's table by the name in their first cell."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:3] == "| `"]
    assert len({row[0] for row in cells}) == len(cells), "something is told twice"
    return {row[0].strip("`"): row[1:] for row in cells}


def tables() -> set[str]:
    for module in iter_modules(hub.store.__path__):
        if module.name.endswith("tables") or module.name == "unknown_codes":
            import_module(f"hub.store.{module.name}")
    return set(metadata.tables)


def test_of_every_table_it_is_said_how_long_it_is_kept_and_of_no_other() -> None:
    assert rows_of("Table by table").keys() == tables()


def test_no_cell_is_empty() -> None:
    assert all(all(row) and len(row) == 3 for row in rows_of("Table by table").values())
    assert all(all(row) and len(row) == 3 for row in rows_of("How it is cleared").values())


def test_every_kind_that_is_cleared_is_told_and_no_other() -> None:
    assert rows_of("How it is cleared").keys() == {kind.name for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_default_that_is_told_of_a_kind_is_the_default(kind: Kind) -> None:
    needed: dict[str, Any] = {"keys": {1: b"\x01" * 32}, "index_key": b"\x02" * 32}
    days = kind.kept(Settings(**needed)).days
    assert rows_of("How it is cleared")[kind.name][1].startswith("a day" if days == 1 else f"{days} days")


@pytest.mark.parametrize("name", KEEP_SETTINGS)
def test_every_setting_of_retention_stands_beside_what_it_keeps(name: str) -> None:
    assert any(f"`{name}`" in row[2] for row in rows_of("How it is cleared").values())


def test_a_table_that_housekeeping_clears_names_the_kind() -> None:
    named = {word for row in rows_of("Table by table").values() for word in re.findall("`([a-z-]+)`", row[2])}
    assert named == {kind.name for kind in KINDS}
