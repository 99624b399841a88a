"""How commands print: JSON for a program, a table for people; and by what name the audit knows who runs them."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
import typer
from rich.table import Table

_ACTOR_LENGTH = 64  # what an audit row holds


def me() -> str:
    """Return who runs the command, as the audit names them: who became root; in an image without users a number."""
    user = os.environ.get("SUDO_USER", "") if os.getuid() == 0 else ""
    try:
        return f"cli:{user or getpass.getuser()}"[:_ACTOR_LENGTH]
    except (KeyError, OSError):  # nobody of this number is known to the system: an image without users
        return f"cli:uid-{os.getuid()}"


def print_json(value: object) -> None:
    """Print a value as JSON, indented."""
    typer.echo(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode())


def or_dash(value: object) -> str:
    """Return a cell; a dash for what is not there."""
    return "-" if value in (None, "") else str(value)


def table_of(columns: Sequence[str], rows: Sequence[Mapping[str, Any]], cell: Callable[[Any], str] = or_dash) -> Table:
    """Return a table with a line for each row."""
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(cell(row[column]) for column in columns))
    return table
