"""``hub config``: what is set, and where it comes from."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from hub.cli.printing import print_json, table_of
from hub.settings import read_settings
from hub.settings.origins import origins

config = typer.Typer(no_args_is_help=True, help="The settings, as they count.")


@config.callback()
def _config() -> None:
    """Keep ``show`` a word of its own; with one command typer would leave it out."""


@config.command("show")
def config_show(
    origin: Annotated[bool, typer.Option("--origin", help="Say where each comes from.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for a program.")] = False,
) -> None:
    """Show each setting as it counts, secrets masked; with --origin the variable or file that says it."""
    columns = ("setting", "value", "origin") if origin else ("setting", "value")
    every = [{"setting": one.name, "value": one.value, "origin": one.origin} for one in origins(read_settings())]
    rows = [{column: row[column] for column in columns} for row in every]
    if as_json:
        print_json(rows)
        return
    table = table_of(columns, rows, _cell)
    for column in table.columns:
        column.overflow = "fold"  # a path that is cut off leads nowhere
    Console().print(table)


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()
